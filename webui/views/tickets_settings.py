"""工单设置: categories, working hours, when answers are due, who is told, the public page."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.tickets.settings import TicketSettings
from domain.tickets.ticket import OPERATOR
from webui.presenters.says import say
from webui.resources_service import OperatorTickets, TenantTickets
from webui.security.permissions import TENANT
from webui.services import ticket_settings
from webui.views.bound import entry_of
from webui.views.tickets import for_each, frame_of

PLACES = ((OperatorTickets, "settings"), (TenantTickets, TENANT))


@for_each(PLACES, name="settings", request_method="GET", renderer="service/ticket_settings.html")
def shown(request: Request) -> dict[str, Any]:
    """Show them."""
    return _page(request, _typed(_held(request)), {})


def _held(request: Request) -> TicketSettings:
    desk = request.context.desk
    found: TicketSettings = request.services.read(lambda root: root.tickets.read(desk).settings.value)
    return found


def _typed(held: TicketSettings) -> dict[str, Any]:
    hours = {
        name: f"{getattr(held, f'{name}_minutes') / 60:g}"
        for name in ("urgent", "high", "normal", "low", "remind", "close")
    }
    lines = {name: "\n".join(getattr(held, name)) for name in ("categories", "hours", "mobiles", "emails")}
    plain = {
        name: getattr(held, name) for name in ("reopen_days", "low_score", "title", "welcome", "address")
    }
    return {**hours, **lines, **plain, "page": held.page}


def _page(request: Request, typed: dict[str, Any], errors: dict[str, str]) -> dict[str, Any]:
    pages = request.context
    public = f"/help/{pages.desk}" if pages.desk else "/help"
    return {
        "pages": pages, "typed": typed, "errors": errors, "operator": pages.desk == OPERATOR,
        "public": public, **frame_of(request),
    }  # fmt: skip


@for_each(PLACES, name="settings", request_method="POST", renderer="service/ticket_settings.html")
def save(request: Request) -> Response | dict[str, Any]:
    """Store them."""
    pages, given = request.context, request.POST
    made, errors = ticket_settings.read_form(
        given, _held(request), request.texts, operator=pages.desk == OPERATOR
    )
    if errors:
        request.response.status = 422
        return _page(request, {**given, "page": "page" in given}, errors)
    entry = entry_of(request, "ticket-settings-changed", pages.desk or "operator", pages.tenant)
    ticket_settings.keep(request.services, pages.desk, made, entry)
    return say(request, HTTPSeeOther(f"{pages.address}/settings"), request.texts("Saved."))
