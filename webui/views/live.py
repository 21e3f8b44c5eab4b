"""Tickets for live pages: whoever may see a page may see what moves on it."""

from __future__ import annotations

from urllib.parse import urlencode

from pyramid.request import Request

from webui.resources import OperatorPages, TenantPages
from webui.security.permissions import TENANT
from webui.services.stream_tickets import Ticket, make_ticket
from webui.views.declare import view


@view(context=OperatorPages, name="ticket", permission="watch", request_method="GET", renderer="json")
def of_box(request: Request) -> dict[str, str]:
    """Open what operators see: every call."""
    return opens(request, "box-masked" if request.hides_callers else "box")


@view(context=TenantPages, name="ticket", permission=TENANT, request_method="GET", renderer="json")
def of_tenant(request: Request) -> dict[str, str]:
    """Open what a tenant sees: his calls, queues and agents."""
    return opens(request, f"tenant{'-masked' if request.hides_callers else ''}:{request.context.id}")


def opens(request: Request, topic: str) -> dict[str, str]:
    """Return where a topic is streamed, for this session and a minute."""
    services = request.services
    ticket = make_ticket(services.secret, Ticket(request.identity.session, topic), services.now())
    return {"url": "/live?" + urlencode({"ticket": ticket})}
