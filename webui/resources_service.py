"""The part of the resource tree about 客户服务: tickets of the three roles; see ``webui/resources.py``."""

from __future__ import annotations

from typing import Any, ClassVar

from pyramid.request import Request

from domain.tickets.ticket import OPERATOR, Ticket
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
