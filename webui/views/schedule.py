"""A schedule while it is typed: what it means on the next days."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from domain.days.schedule_text import ScheduleError, parse_schedule
from webui.presenters.schedule import calendar_days, told_now
from webui.resources import TenantPages
from webui.security.permissions import TENANT
from webui.services.schedules import lines_of, outlook
from webui.views.declare import view

MOST_TYPED = 4000
FIELDS = ("schedule", "hours", "when")
"""By whichever name the field stands in its form."""


@view(
    context=TenantPages,
    name="schedule",
    permission=TENANT,
    request_method="GET",
    renderer="tenant/schedule_preview.html",
)
def typed(request: Request) -> dict[str, Any]:
    """Draw the next days, or say what is wrong."""
    _, services, tenant = request.texts, request.services, request.context.id
    text = next((request.GET[name] for name in FIELDS if name in request.GET), "")[:MOST_TYPED]
    try:
        schedule = parse_schedule(lines_of(text)) if lines_of(text) else None
    except ScheduleError as error:
        return {"error": _.either(error.zh, error.en), "days": [], "now": ""}
    ahead = services.read(lambda root: outlook(root, tenant, schedule, services.now()))
    return {"error": "", "days": calendar_days(ahead.days, _), "now": told_now(ahead.open, ahead.change, _)}
