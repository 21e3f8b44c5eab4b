"""What a schedule means on the next days, by the tenant's calendar."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from domain.days.calendar import Calendar, local
from domain.days.schedule import ALWAYS, DayPreview, Schedule, is_open, next_change, preview
from storage.models import Root

DAYS = 14


class Outlook(NamedTuple):
    """What a schedule is now, when that changes (None: not within 400 days), and its next days."""

    open: bool
    change: datetime | None
    days: tuple[DayPreview, ...]


def calendar_of(root: Root, tenant: str) -> Calendar:
    """Return the calendar that the tenant's calls go by."""
    return Calendar(root.box.value.calendar, root.tenants[tenant].config.value.days)


def outlook(root: Root, tenant: str, schedule: Schedule | None, now: float) -> Outlook:
    """Return now and the next 14 days; without a schedule everything is open."""
    schedule, calendar = schedule or ALWAYS, calendar_of(root, tenant)
    return Outlook(
        is_open(schedule, now, calendar),
        next_change(schedule, now, calendar),
        preview(schedule, local(now).date(), calendar, DAYS),
    )


def lines_of(text: str) -> list[str]:
    """Return the lines that somebody typed."""
    return [line.strip() for line in text.splitlines() if line.strip()]
