"""The part of the resource tree about 客户服务: tickets of the three roles; see ``webui/resources.py``."""

from __future__ import annotations

from typing import Any, ClassVar

from pyramid.request import Request

from domain.knowledge import Article
from domain.tickets.settings import TicketSettings
from domain.tickets.ticket import OPERATOR, Ticket
from storage.knowledge import Reader, readable
from storage.models import Root
from storage.tickets import TicketGone
from webui.node import Node
from webui.services import tickets


class TicketPages(Node):
    """A list of tickets, with an entry for each: served by a desk, or asked by a tenant."""

    role: ClassVar[str]
    serves: ClassVar[bool] = True
    desk: str
    """Who serves."""
    tenant: str
    """Whose pages they are; empty: the operator's."""
    address: str
    entry: ClassVar[type[TicketPage]]

    def __getitem__(self, name: str) -> TicketPage:
        ticket = self.request.services.read(lambda root: self._find(root, name))
        if ticket is None:
            raise KeyError(name)
        return self.entry(self.request, self, name, ticket)

    def _find(self, root: Root, name: str) -> Ticket | None:
        try:
            return (
                tickets.served(root, self.desk, name)
                if self.serves
                else tickets.asked(root, self.tenant, name)
            )
        except TicketGone:
            return None


class TicketPage(Node):
    """One ticket."""

    __parent__: TicketPages

    def __init__(self, request: Request, parent: Any, name: str, ticket: Ticket) -> None:
        super().__init__(request, parent, name)
        self.ticket = ticket

    @property
    def list(self) -> TicketPages:
        """Return the list it is of."""
        return self.__parent__


class OperatorTicket(TicketPage):
    """``/operator/tickets/TICKET``."""


class OperatorTickets(TicketPages):
    """``/operator/tickets``."""

    entry = OperatorTicket
    role = "operator"
    desk, tenant, address = OPERATOR, "", "/operator/tickets"


class TenantTicket(TicketPage):
    """``/t/ID/tickets/TICKET``."""


class TenantTickets(TicketPages):
    """``/t/ID/tickets``: his customers' tickets."""

    entry = TenantTicket
    role = "tenant"

    def __init__(self, request: Request, parent: Any, name: str) -> None:
        super().__init__(request, parent, name)
        self.desk = self.tenant = parent.id
        self.address = f"/t/{parent.id}/{name}"


class AgentTicket(TicketPage):
    """``/desk/tickets/TICKET``."""


class AgentTickets(TicketPages):
    """``/desk/tickets``: those of the agent's tenant."""

    entry = AgentTicket
    role, address = "agent", "/desk/tickets"

    def __init__(self, request: Request, parent: Any, name: str) -> None:
        super().__init__(request, parent, name)
        self.desk = self.tenant = parent.tenant


class SupportTicket(TicketPage):
    """``/t/ID/support/TICKET``."""


class SupportTickets(TicketPages):
    """``/t/ID/support``: what a tenant asked the operator."""

    entry = SupportTicket
    role, serves = "asker", False
    desk = OPERATOR

    def __init__(self, request: Request, parent: Any, name: str) -> None:
        super().__init__(request, parent, name)
        self.tenant = parent.id
        self.address = f"/t/{parent.id}/{name}"


class ArticlePage(Node):
    """One article."""

    def __init__(self, request: Request, parent: Any, name: str, article: Article) -> None:
        super().__init__(request, parent, name)
        self.article = article

    @property
    def list(self) -> KnowledgePages:
        """Return the base it is read in."""
        pages: KnowledgePages = self.__parent__
        return pages


class KnowledgePages(Node):
    """A knowledge base as its owner's people see it, with an entry for each article."""

    role: ClassVar[str]
    owner: str
    address: str
    entry: ClassVar[type[ArticlePage]]

    @property
    def reader(self) -> Reader:
        """Return who reads here."""
        return Reader(self.owner)

    def __getitem__(self, name: str) -> ArticlePage:
        article = self.request.services.read(lambda root: self._find(root, name))
        if article is None:
            raise KeyError(name)
        return self.entry(self.request, self, name, article)

    def _find(self, root: Root, name: str) -> Article | None:
        return root.knowledge.read(self.owner).find(name) or readable(root, self.reader, name)


class OperatorArticle(ArticlePage):
    """``/operator/knowledge/ARTICLE``."""


class OperatorKnowledge(KnowledgePages):
    """``/operator/knowledge``."""

    entry = OperatorArticle
    role = "operator"
    owner, address = OPERATOR, "/operator/knowledge"


class TenantArticle(ArticlePage):
    """``/t/ID/knowledge/ARTICLE``."""


class TenantKnowledge(KnowledgePages):
    """``/t/ID/knowledge``."""

    entry = TenantArticle
    role = "tenant"

    def __init__(self, request: Request, parent: Any, name: str) -> None:
        super().__init__(request, parent, name)
        self.owner = parent.id
        self.address = f"/t/{parent.id}/{name}"


class AgentArticle(ArticlePage):
    """``/desk/knowledge/ARTICLE``."""


class AgentKnowledge(KnowledgePages):
    """``/desk/knowledge``."""

    entry = AgentArticle
    role, address = "agent", "/desk/knowledge"

    def __init__(self, request: Request, parent: Any, name: str) -> None:
        super().__init__(request, parent, name)
        self.owner = parent.tenant


class PublicDesk(Node):
    """``/help`` and ``/help/TENANT``: the public page (线上客服) of a desk that has one."""

    PAGES: ClassVar = frozenset(
        {"found", "suggest", "article", "vote", "file", "ask", "ticket", "attachment"}
    )
    """Its views: a tenant of such a name has no public page."""
    desk: str
    title: str
    address: str
    settings: TicketSettings

    @classmethod
    def of_operator(cls, request: Request, parent: Any, name: str) -> PublicDesk:
        """Return the operator's, whether it is open or not."""
        made = cls(request, parent, name)
        made.desk, made.address = OPERATOR, "/help"
        made.settings = request.services.read(lambda root: root.tickets.read(OPERATOR).settings.value)
        made.title = made.settings.title
        return made

    def __getitem__(self, name: str) -> PublicDesk:
        if self.desk != OPERATOR or name in self.PAGES:
            raise KeyError(name)

        def read(root: Root) -> tuple[TicketSettings, str] | None:
            model = root.tenants.get(name)
            settings = root.tickets.read(name).settings.value
            return None if model is None else (settings, model.config.value.name)

        found = self.request.services.read(read)
        if found is None or not found[0].page:
            raise KeyError(name)
        made = PublicDesk(self.request, self, name)
        made.desk, made.address = name, f"/help/{name}"
        made.settings, company = found
        made.title = made.settings.title or company
        return made
