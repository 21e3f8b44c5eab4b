"""Nobody is surprised by a year without holidays."""

from __future__ import annotations

from datetime import datetime

import pytest

from b2bua.alarms import AlarmBoard, Severity
from b2bua.process.calendar import CalendarWatch
from domain.days.calendar import BEIJING, Calendar, Entered, EnteredDay, published_years

LAST = published_years()[-1]
ENTERED = {
    f"{LAST + 1}-01-01": EnteredDay(Entered.HOLIDAY, "元旦"),
    f"{LAST + 1}-10-01": EnteredDay(Entered.HOLIDAY, "国庆节"),
}


class Desk:
    """An alarm board and a watch at a moment that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(LAST, 11, 30, 23, 59, tzinfo=BEIJING)
        self.calendar = Calendar()
        self.alarms = AlarmBoard(lambda: 0.0, lambda content: None)
        self.watch = CalendarWatch(self.alarms, lambda: self.now.timestamp(), lambda: self.calendar)

    def told(self) -> list[str]:
        self.watch.check()
        return [alarm.key for alarm in self.alarms.up()]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_next_year_is_asked_for_from_december_on(desk: Desk) -> None:
    """In November the announcement may still be to come."""
    assert desk.told() == []
    desk.now = datetime(LAST, 12, 1, 0, 0, tzinfo=BEIJING)
    assert desk.told() == ["calendar"]
    (alarm,) = desk.alarms.up()
    assert alarm.severity is Severity.WARNING
    assert str(LAST + 1) in alarm.en
    assert str(LAST + 1) in alarm.zh


def test_the_alarm_ends_when_the_year_is_entered(desk: Desk) -> None:
    """The operator applies box.calendar."""
    desk.now = datetime(LAST, 12, 24, tzinfo=BEIJING)
    assert desk.told() == ["calendar"]
    desk.calendar = Calendar(ENTERED)
    assert desk.told() == []


def test_a_year_that_began_unknown_is_told(desk: Desk) -> None:
    """The box was off in December."""
    desk.now = datetime(LAST + 1, 3, 1, tzinfo=BEIJING)
    assert desk.told() == ["calendar"]
    desk.calendar = Calendar(ENTERED)
    assert desk.told() == []
    desk.now = datetime(LAST + 1, 12, 1, tzinfo=BEIJING)
    assert desk.told() == ["calendar"]
    assert str(LAST + 2) in desk.alarms.up()[0].en
