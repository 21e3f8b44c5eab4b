"""Working days of China with 调休: as published, the box's table over that, a tenant's own days over both.

What the State Council published is in the package ``chinesecalendar``. A year that neither it nor the table
knows counts as plain weekdays and weekends, and every day of it says so (``known`` is False).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from functools import cache
from typing import Final

import chinese_calendar
import msgspec

BEIJING: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had one time zone and no summer time since 1992."""
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAYS_KEPT: Final = 1000
"""Days a calendar remembers; a simulation of centuries cannot make it large."""


class DayKind(StrEnum):
    """What a day is."""

    WORKDAY = "workday"
    MAKE_UP = "make-up"
    """A Saturday or Sunday that is worked (调休上班)."""
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    """A public holiday with the days off around it (放假)."""

    @property
    def works(self) -> bool:
        """Whether people work."""
        return self in (DayKind.WORKDAY, DayKind.MAKE_UP)


class Entered(StrEnum):
    """What somebody entered for a day."""

    WORKDAY = "workday"
    HOLIDAY = "holiday"


class EnteredDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day of the box's table, or a tenant's own; it stands under its date, ``2027-01-01``."""

    kind: Entered
    name: str = ""


class Day(msgspec.Struct, frozen=True):
    """What the calendar says of a day."""

    date: date
    iso: str
    """``2026-10-01``."""
    kind: DayKind
    name: str
    """The holiday in Chinese, also of the days worked for it; empty for an ordinary day."""
    known: bool
    """False: nobody knows this year's holidays, the day is what its weekday says."""
    marks: frozenset[str]
    """By which names a schedule may mean it: its weekday, ``workday`` or ``day-off``, and its kind."""


class LocalMoment(msgspec.Struct, frozen=True):
    """A moment as the clock on a wall in China shows it, with the days that matter then."""

    at: datetime
    minute: float
    """Minutes since midnight, below 1440."""
    today: Day
    yesterday: Day
    """Its night shift may still be on."""


def local(moment: float | datetime) -> datetime:
    """Return a moment in Beijing time; POSIX seconds or an aware datetime, ValueError for a naive one."""
    if not isinstance(moment, datetime):
        return datetime.fromtimestamp(moment, UTC).astimezone(BEIJING)
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(BEIJING)


class Calendar:
    """The days of the box, or of one tenant. Immutable but for what it remembers."""

    def __init__(
        self, box: Mapping[str, EnteredDay] | None = None, tenant: Mapping[str, EnteredDay] | None = None
    ) -> None:
        """Both tables are keyed by dates as ``2027-01-01``; a tenant's days win."""
        self._box = dict(box or {})
        self._tenant = dict(tenant or {})
        self._days: dict[date, Day] = {}

    def with_days(self, tenant: Mapping[str, EnteredDay]) -> Calendar:
        """Return the calendar of a tenant with days of his own."""
        return Calendar(self._box, tenant) if tenant else self

    def day(self, day: date) -> Day:
        """Return what a day is."""
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= DAYS_KEPT:
                self._days.clear()
            found = self._days[day] = self._find(day)
        return found

    def at(self, moment: float | datetime) -> LocalMoment:
        """Return a moment (POSIX seconds or aware) with its day and the one before."""
        at = local(moment)
        today = at.date()
        minute = at.hour * 60 + at.minute + at.second / 60
        yesterday = today - timedelta(1) if today > date.min else today
        return LocalMoment(at, minute, self.day(today), self.day(yesterday))

    def knows(self, year: int) -> bool:
        """Tell whether a year's holidays are published or entered.

        Arrangements are entered whole: a year whose 1 January and 1 October are in the table counts.
        """
        return year in published_years() or all(f"{year:04}-{day}" in self._box for day in ("01-01", "10-01"))

    def _find(self, day: date) -> Day:
        weekend = day.weekday() >= 5
        key = day.isoformat()
        entered = self._tenant.get(key) or self._box.get(key)
        if entered is not None:
            if entered.kind is Entered.HOLIDAY:
                return _day(day, DayKind.HOLIDAY, entered.name, known=True)
            return _day(day, DayKind.MAKE_UP if weekend else DayKind.WORKDAY, entered.name, known=True)
        if day.year in published_years():
            return _published(day)
        return _day(day, DayKind.WEEKEND if weekend else DayKind.WORKDAY, "", known=self.knows(day.year))


@cache
def published_years() -> range:
    """Return the years whose arrangements the installed package holds."""
    days = chinese_calendar.constants.holidays
    return range(min(days).year, max(days).year + 1)


def _published(day: date) -> Day:
    off, english = chinese_calendar.get_holiday_detail(day)
    name = chinese_calendar.Holiday(english).chinese if english else ""
    if off:
        return _day(day, DayKind.HOLIDAY if english else DayKind.WEEKEND, name, known=True)
    return _day(day, DayKind.MAKE_UP if day.weekday() >= 5 else DayKind.WORKDAY, name, known=True)


def _day(day: date, kind: DayKind, name: str, *, known: bool) -> Day:
    marks = {WEEKDAYS[day.weekday()], kind.value, "workday" if kind.works else "day-off"}
    return Day(day, day.isoformat(), kind, name, known, frozenset(marks))
