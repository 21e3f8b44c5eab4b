"""A tenant's first page, and his account."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from storage.models import Root
from storage.money.runway import runway_of
from storage.records.query import Filter, search
from webui.resources import TenantPages
from webui.security.permissions import TENANT
from webui.services import accounts, calls, tenants, tickets
from webui.views.declare import view

DAYS = 14


@view(context=TenantPages, permission=TENANT, request_method="GET", renderer="tenant/home.html")
def home(request: Request) -> dict[str, Any]:
    """Show today: calls, missed ones, money."""
    tenant, services = request.context, request.services
    now = services.now()

    def read(root: Root) -> dict[str, Any]:
        account = root.money.accounts.get(tenant.id)
        days = calls.days_totals(root, tenant.id, now, DAYS)
        held = root.tenants[tenant.id]
        return {
            "today": days[-1][1],
            "missed": calls.missed_of(days[-1][1]),
            "bars": [
                {"day": f"{day[4:6]}-{day[6:]}", "answered": totals.all.answered, "all": totals.all.calls}
                for day, totals in days
            ],
            "balance": None if account is None else account.balance_li,
            "runway": runway_of(root, tenant.id, now),
            "recent": list(search(root, Filter(tenant=tenant.id), 8)),
            "acted": tenants.acted_as(root, tenant.id, now),
            "asked": accounts.assistance_of(root, tenant.id),
            "tickets": tickets.counts(root, tenant.id, now),
            "plans": [number.value for number in held.numbers.values()],
        }

    return {"tenant": tenant, **services.read(read)}


@view(context=TenantPages, name="live", permission=TENANT, request_method="GET", renderer="tenant/live.html")
def live(request: Request) -> dict[str, Any]:
    """Show the calls that are up; they come by the stream."""
    return {"tenant": request.context}
