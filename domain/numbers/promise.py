"""The promise to activate within so many working days (7个工作日内开通), and who is waiting too long."""

from __future__ import annotations

from datetime import date, timedelta

from domain.days.calendar import Calendar


def due_day(received: date, working_days: int, calendar: Calendar) -> date:
    """Return the last day of the promise: the day of receipt is not counted, days off are not either.

    In years that the calendar does not know, weekdays count as worked.
    """
    day = received
    while working_days:
        day += timedelta(1)
        working_days -= calendar.day(day).kind.works
    return day


def working_days_left(today: date, due: date, calendar: Calendar) -> int:
    """Return how many working days are left, today not counted; negative: so many too late."""
    if due >= today:
        return sum(calendar.day(day).kind.works for day in _days(today, due))
    return -sum(calendar.day(day).kind.works for day in _days(due, today))


def _days(after: date, to: date) -> list[date]:
    return [after + timedelta(number) for number in range(1, (to - after).days + 1)]
