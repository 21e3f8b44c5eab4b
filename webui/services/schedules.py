"""What a schedule means on the next days, by the tenant's calendar."""

from __future__ import annotations

from domain.days.calendar import Calendar, local
from domain.days.schedule import ALWAYS, DayPreview, Schedule, preview
from storage.models import Root

DAYS = 14


def calendar_of(root: Root, tenant: str) -> Calendar:
    """Return the calendar that the tenant's calls go by."""
    return Calendar(root.box.value.calendar, root.tenants[tenant].config.value.days)


def next_days(root: Root, tenant: str, schedule: Schedule | None, now: float) -> tuple[DayPreview, ...]:
    """Return the next 14 days; without a schedule everything is open."""
    return preview(schedule or ALWAYS, local(now).date(), calendar_of(root, tenant), DAYS)


def lines_of(text: str) -> list[str]:
    """Return the lines that somebody typed."""
    return [line.strip() for line in text.splitlines() if line.strip()]
