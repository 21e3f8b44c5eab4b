"""When something is on: hours by weekday and kind of day, and rules for single days (时段). Pure.

Times are minutes since midnight in China. A band may cross midnight and then belongs to the day it begins
on: the night shift before a holiday ends when it ends. The text form is in ``domain/days/schedule_text.py``.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from domain.days.calendar import BEIJING, Calendar, Day, LocalMoment, local

MIDNIGHT: Final = 24 * 60
LAST_MINUTE: Final = MIDNIGHT - 1
"""23:59, as the end of a day is commonly written; it means 24:00."""
HORIZON_DAYS: Final = 400
"""How far ahead a change is looked for: further than the longest year with its holidays."""


class DayName(StrEnum):
    """By which name a schedule means days; ``domain.days.calendar.Day.marks`` says which a day has."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"
    WORKDAY = "workday"
    """Every day people work, by 调休 too."""
    DAY_OFF = "day-off"
    """Weekends and public holidays."""
    WEEKEND = "weekend"
    """Weekends that are neither worked nor part of a public holiday."""
    HOLIDAY = "holiday"
    """Public holidays with the days off around them."""
    MAKE_UP = "make-up"
    """Saturdays and Sundays that are worked."""


EVERY_DAY: Final = tuple(DayName)[:7]


def _check_hours(start: int, end: int) -> None:
    if not (0 <= start < MIDNIGHT and 0 < end <= MIDNIGHT and start != end):
        raise ValueError(f"no hours of a day: minute {start} to {end}")


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From a minute of the day up to another; an end that is not after the start is on the next day."""

    start: int
    """0 to 1439."""
    end: int
    """1 to 1440; 1439 means 1440."""

    def __post_init__(self) -> None:
        _check_hours(self.start, self.end)


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hours on the days that bear one of these names."""

    days: tuple[DayName, ...]
    start: int
    end: int

    def __post_init__(self) -> None:
        _check_hours(self.start, self.end)


class DayRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds instead of the bands: from ``first`` to ``last`` (dates), or on days of these names."""

    first: str = ""
    """``2026-10-01``; empty: ``days`` counts."""
    last: str = ""
    """The last day; empty: ``first``."""
    days: tuple[DayName, ...] = ()
    hours: tuple[Hours, ...] = ()
    """Empty: closed all day."""

    def takes(self, day: Day) -> bool:
        """Tell whether this is the rule of a day."""
        if self.first:
            return self.first <= day.iso <= (self.last or self.first)
        return not day.marks.isdisjoint(self.days)


Hourly = tuple[Hours, ...] | tuple[Band, ...]


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bands, and rules that take their place; of several rules for a day the first holds."""

    bands: tuple[Band, ...] = ()
    """None: never on. Who has no schedule at all has None in its place, not this."""
    rules: tuple[DayRule, ...] = ()


ALWAYS: Final = Schedule((Band(EVERY_DAY, 0, MIDNIGHT),))


class DayPreview(msgspec.Struct, frozen=True):
    """One day of a preview."""

    day: Day
    open: tuple[Hours, ...]
    """Within this day, in order, joined where they touch; empty: closed. The end of a night that began the
    day before is here too."""


def is_open(schedule: Schedule, moment: float | datetime, calendar: Calendar) -> bool:
    """Tell whether a schedule is on at a moment (POSIX seconds or aware datetime)."""
    return is_open_at(schedule, calendar.at(moment))


def is_open_at(schedule: Schedule, at: LocalMoment) -> bool:
    """Tell the same of a moment whose days are at hand; for who asks many schedules at one moment."""
    if schedule.rules and (_rule_of(schedule, at.today) or _rule_of(schedule, at.yesterday)):
        return _covers(_hours_of(schedule, at.today), at.minute, _hours_of(schedule, at.yesterday))
    minute = at.minute
    for band in schedule.bands:
        start, end = band.start, band.end
        if minute >= start:
            if (minute < end or end <= start or end == LAST_MINUTE) and not at.today.marks.isdisjoint(
                band.days
            ):
                return True
        elif minute < end <= start and not at.yesterday.marks.isdisjoint(band.days):
            return True
    return False


def next_change(schedule: Schedule, moment: float | datetime, calendar: Calendar) -> datetime | None:
    """Return when a schedule goes on or off next, in Beijing time; None: not within 400 days."""
    at = local(moment)
    now_on = is_open(schedule, at, calendar)
    for ahead in range(HORIZON_DAYS):
        day = at.date() + timedelta(ahead)
        for minute in _edges(schedule, day, calendar):
            edge = datetime.combine(day, time(), BEIJING) + timedelta(minutes=minute)
            if edge > at and is_open(schedule, edge, calendar) != now_on:
                return edge
    return None


def preview(schedule: Schedule, first: date, calendar: Calendar, days: int = 14) -> tuple[DayPreview, ...]:
    """Return what a schedule is on the next days, and what kind of days they are."""
    dates = (first + timedelta(ahead) for ahead in range(days))
    return tuple(DayPreview(calendar.day(each), _open_on(schedule, each, calendar)) for each in dates)


def _covers(today: Hourly, minute: float, yesterday: Hourly) -> bool:
    for each in today:
        if minute >= each.start and (minute < each.end or each.end <= each.start or each.end == LAST_MINUTE):
            return True
    return any(each.end <= each.start and minute < each.end for each in yesterday)


def _rule_of(schedule: Schedule, day: Day) -> DayRule | None:
    for rule in schedule.rules:
        if rule.takes(day):
            return rule
    return None


def _hours_of(schedule: Schedule, day: Day) -> Hourly:
    """Return the hours that begin on a day."""
    rule = _rule_of(schedule, day)
    if rule is not None:
        return rule.hours
    return tuple(band for band in schedule.bands if not day.marks.isdisjoint(band.days))


def _open_on(schedule: Schedule, day: date, calendar: Calendar) -> tuple[Hours, ...]:
    found = [
        (each.start, MIDNIGHT if each.end <= each.start or each.end == LAST_MINUTE else each.end)
        for each in _hours_of(schedule, calendar.day(day))
    ]
    before = _hours_of(schedule, calendar.day(day - timedelta(1)))
    found += [(0, each.end) for each in before if each.end <= each.start]
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(Hours(start, end) for start, end in joined)


def _edges(schedule: Schedule, day: date, calendar: Calendar) -> list[int]:
    """Return the minutes of a day at which something begins or ends; those at 24:00 are the next day's 0."""
    edges = {0}
    for each in _open_on(schedule, day, calendar):
        edges.update((each.start, each.end))
    return sorted(edges)
