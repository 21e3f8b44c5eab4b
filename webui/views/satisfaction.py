"""满意度: what callers and askers scored, by agent, queue, category and period."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from pyramid.request import Request

from domain.tickets.ticket import OPERATOR
from storage.call_id import BEIJING
from storage.models import Root
from storage.satisfaction import Period, Satisfaction, satisfaction
from webui.resources import OperatorPages, TenantPages
from webui.security.permissions import TENANT
from webui.services.reports import period
from webui.views.declare import view

DAYS = 30


@view(
    context=OperatorPages, name="satisfaction", permission="tickets", request_method="GET",
    renderer="service/satisfaction.html",
)  # fmt: skip
def of_operator(request: Request) -> dict[str, Any]:
    """Show what tenants scored."""
    return _page(request, OPERATOR, "/operator", request.texts("Operator"))


@view(
    context=TenantPages, name="satisfaction", permission=TENANT, request_method="GET",
    renderer="service/satisfaction.html",
)  # fmt: skip
def of_tenant(request: Request) -> dict[str, Any]:
    """Show what callers and customers scored."""
    tenant = request.context
    return _page(request, tenant.id, f"/t/{tenant.id}", tenant.config.name)


def _page(request: Request, desk: str, base: str, where: str) -> dict[str, Any]:
    given, now = request.GET, request.services.now()
    first, last = period(_day(given.get("first", "")), _day(given.get("last", "")), now, DAYS)
    asked = given.get("by", "")
    by = Period(asked) if asked in set(Period) else Period.DAY

    def read(root: Root) -> Satisfaction:
        low = root.tickets.read(desk).settings.value.low_score
        return satisfaction(root, desk, _midnight(first), _midnight(last + timedelta(days=1)), by, low)

    return {
        "made": request.services.read(read), "base": base, "where": where, "by": by, "periods": tuple(Period),
        "first": first.isoformat(), "last": last.isoformat(),
    }  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date) -> float:
    """Return when a day begins in Beijing, POSIX seconds."""
    return datetime.combine(day, time(), BEIJING).timestamp()
