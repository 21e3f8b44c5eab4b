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


class DeskPages(Node):
    """Pages of what a desk has."""

    role: ClassVar[str]
    desk: str
    """Who serves, or whose base it is."""
    address: str


class OfTenant(DeskPages):
    """``/t/ID/...``: those of the tenant himself."""

    role = "tenant"

    def __init__(self, request: Request, parent: Any, name: str) -> None:
        super().__init__(request, parent, name)
        self.desk, self.address = parent.id, f"/t/{parent.id}/{name}"


class OfAgent(DeskPages):
    """``/desk/...``: those of the agent's tenant."""

    role = "agent"

    def __init__(self, request: Request, parent: Any, name: str) -> None:
        super().__init__(request, parent, name)
        self.desk, self.address = parent.tenant, f"/desk/{name}"


class TicketPages(DeskPages):
    """A list of tickets, with an entry for each: served by a desk, or asked by a tenant."""

    serves: ClassVar[bool] = True
    entry: ClassVar[type[TicketPage]]

    @property
    def tenant(self) -> str:
        """Return whose pages they are; empty: the operator's."""
        return self.desk

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
    role, desk, address = "operator", OPERATOR, "/operator/tickets"


class TenantTicket(TicketPage):
    """``/t/ID/tickets/TICKET``."""


class TenantTickets(OfTenant, TicketPages):
    """``/t/ID/tickets``: his customers' tickets."""

    entry = TenantTicket


class AgentTicket(TicketPage):
    """``/desk/tickets/TICKET``."""


class AgentTickets(OfAgent, TicketPages):
    """``/desk/tickets``."""

    entry = AgentTicket


class SupportTicket(TicketPage):
    """``/t/ID/support/TICKET``."""


class SupportTickets(TicketPages):
    """``/t/ID/support``: what a tenant asked the operator."""

    entry = SupportTicket
    role, serves, desk = "asker", False, OPERATOR

    def __init__(self, request: Request, parent: Any, name: str) -> None:
        super().__init__(request, parent, name)
        self.address = f"/t/{parent.id}/{name}"

    @property
    def tenant(self) -> str:
        """Return who asked."""
        asker: str = self.__parent__.id
        return asker


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


class KnowledgePages(DeskPages):
    """A knowledge base as its owner's people see it, with an entry for each article."""

    entry: ClassVar[type[ArticlePage]]

    @property
    def reader(self) -> Reader:
        """Return who reads here."""
        return Reader(self.desk)

    def __getitem__(self, name: str) -> ArticlePage:
        article = self.request.services.read(lambda root: self._find(root, name))
        if article is None:
            raise KeyError(name)
        return self.entry(self.request, self, name, article)

    def _find(self, root: Root, name: str) -> Article | None:
        return root.knowledge.read(self.desk).find(name) or readable(root, self.reader, name)


class OperatorArticle(ArticlePage):
    """``/operator/knowledge/ARTICLE``."""


class OperatorKnowledge(KnowledgePages):
    """``/operator/knowledge``."""

    entry = OperatorArticle
    role, desk, address = "operator", OPERATOR, "/operator/knowledge"


class TenantArticle(ArticlePage):
    """``/t/ID/knowledge/ARTICLE``."""


class TenantKnowledge(OfTenant, KnowledgePages):
    """``/t/ID/knowledge``."""

    entry = TenantArticle


class AgentArticle(ArticlePage):
    """``/desk/knowledge/ARTICLE``."""


class AgentKnowledge(OfAgent, KnowledgePages):
    """``/desk/knowledge``."""

    entry = AgentArticle


class PublicDesk(Node):
    """``/help`` and ``/help/TENANT``: the public page (线上客服) of a desk that has one."""

    PAGES: ClassVar = frozenset(
        {"found", "suggest", "article", "vote", "file", "ask", "ticket", "attachment", "rate"}
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
