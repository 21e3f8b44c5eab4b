"""满意度: what callers and askers scored, by agent, queue, category and period."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from domain.tickets.ticket import OPERATOR
from storage.export_scores import write_scores
from storage.satisfaction import Period
from webui.resources import OperatorPages, TenantPages
from webui.security.permissions import TENANT
from webui.services.reports import Scores, read_day, scores
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.downloads import content_of, download


@view(
    context=OperatorPages, name="satisfaction", permission="tickets", request_method="GET",
    renderer="service/satisfaction.html",
)  # fmt: skip
@view(
    context=TenantPages, name="satisfaction", permission=TENANT, request_method="GET",
    renderer="service/satisfaction.html",
)  # fmt: skip
def page(request: Request) -> dict[str, Any]:
    """Show what a tenant's callers and customers scored, or what tenants did."""
    desk, where = _desk(request)
    found = _scores(request, desk)
    return {
        "made": found.made, "base": f"/t/{desk}" if desk else "/operator", "where": where, "by": found.by,
        "periods": tuple(Period), "first": found.first.isoformat(), "last": found.last.isoformat(),
    }  # fmt: skip


@view(context=OperatorPages, name="satisfaction-excel", permission="tickets", request_method="GET")
@view(context=TenantPages, name="satisfaction-excel", permission=TENANT, request_method="GET")
def excel(request: Request) -> Response:
    """Send the same as Excel; noted in the audit log."""
    desk, where = _desk(request)
    found = _scores(request, desk)
    days, language = (found.first, found.last), request.texts.language
    content = content_of(lambda path: write_scores(path, found.made, where, days, language))
    request.services.audit(entry_of(request, "satisfaction-exported", f"{found.first} {found.last}", desk))
    return download(content, "satisfaction.xlsx")


def _desk(request: Request) -> tuple[str, str]:
    """Return whose desk it is, and his name."""
    context = request.context
    if isinstance(context, TenantPages):
        return context.id, context.config.name
    return OPERATOR, request.texts("Operator")


def _scores(request: Request, desk: str) -> Scores:
    given = request.GET
    by = Period(given["by"]) if given.get("by") in set(Period) else Period.DAY
    return scores(
        request.services, desk, read_day(given.get("first", "")), read_day(given.get("last", "")), by
    )
