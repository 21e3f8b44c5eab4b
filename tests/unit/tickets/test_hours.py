"""Working time: an answer is due when so much of the desk's hours has passed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.days.calendar import BEIJING, Calendar
from domain.days.schedule import Schedule, is_open
from domain.days.schedule_text import parse_schedule
from domain.tickets.hours import after_working

NINE_TO_SIX = parse_schedule(["workdays 09:00-18:00"])
CALENDAR = Calendar()


def at(text: str) -> float:
    """Return a moment in Beijing."""
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING).timestamp()


@pytest.mark.parametrize(
    ("asked", "minutes", "due"),
    [
        ("2026-11-23T10:00", 60, "2026-11-23T11:00"),
        ("2026-11-23T17:30", 60, "2026-11-24T09:30"),
        ("2026-11-23T20:00", 60, "2026-11-24T10:00"),
        ("2026-11-20T17:00", 120, "2026-11-23T10:00"),
        ("2026-09-30T17:00", 120, "2026-10-08T10:00"),
        ("2026-10-09T17:00", 120, "2026-10-10T10:00"),
    ],
    ids=[
        "within",
        "overnight",
        "after hours",
        "over a weekend",
        "over the holidays",
        "into a make-up Saturday",
    ],
)
def test_only_working_hours_count(asked: str, minutes: int, due: str) -> None:
    """Nights, weekends and holidays do not; worked Saturdays do."""
    assert after_working(NINE_TO_SIX, CALENDAR, at(asked), minutes) == at(due)


def test_without_hours_every_minute_counts() -> None:
    """A schedule that is never on must not let a question wait for ever."""
    assert after_working(Schedule(), CALENDAR, 1000.0, 10) == 1600.0


@given(st.integers(0, 60 * 24 * 400), st.integers(1, 3000))
def test_the_working_minutes_between_are_those_asked_for(start: int, minutes: int) -> None:
    """Counted one by one, as a clock on the wall would."""
    begin = datetime(2026, 1, 1, tzinfo=BEIJING) + timedelta(minutes=start)
    due = after_working(NINE_TO_SIX, CALENDAR, begin.timestamp(), minutes)
    end = datetime.fromtimestamp(due, BEIJING)
    days = (begin.date() + timedelta(n) for n in range((end.date() - begin.date()).days + 1))
    worked = 0.0
    for day in days:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=BEIJING)
        if is_open(NINE_TO_SIX, noon, CALENDAR):
            first, last = max(begin, noon.replace(hour=9)), min(end, noon.replace(hour=18))
            worked += max(0.0, (last - first).total_seconds() / 60)
    assert worked == minutes
