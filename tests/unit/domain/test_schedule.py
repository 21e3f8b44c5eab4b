"""When bound numbers, branches and queues are on (features.md 2, 3)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.days.calendar import BEIJING, Calendar, Entered, EnteredDay
from domain.days.schedule import (
    ALWAYS,
    EVERY_DAY,
    Band,
    DayName,
    DayRule,
    Hours,
    Schedule,
    is_open,
    is_open_at,
    next_change,
    preview,
)

CALENDAR = Calendar()
OFFICE = Schedule(
    (Band((DayName.WORKDAY,), 9 * 60, 12 * 60), Band((DayName.WORKDAY,), 13 * 60 + 30, 18 * 60))
)
NIGHT = Schedule((Band((DayName.FRI, DayName.SAT), 22 * 60, 6 * 60),))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


WHEN = [
    (OFFICE, "2026-10-09 08:59:59", False),
    (OFFICE, "2026-10-09 09:00", True),
    (OFFICE, "2026-10-09 11:59:59", True),
    (OFFICE, "2026-10-09 12:00", False),
    (OFFICE, "2026-10-09 13:30", True),
    (OFFICE, "2026-10-10 09:30", True),  # a Saturday worked by 调休
    (OFFICE, "2026-10-11 09:30", False),
    (OFFICE, "2026-10-01 09:30", False),  # a Thursday, National Day
    (NIGHT, "2026-10-09 21:59", False),
    (NIGHT, "2026-10-09 22:00", True),
    (NIGHT, "2026-10-10 05:59", True),
    (NIGHT, "2026-10-10 06:00", False),
    (NIGHT, "2026-10-11 00:00", True),
    (NIGHT, "2026-10-12 00:00", False),
    (ALWAYS, "2026-10-01 00:00", True),
    (ALWAYS, "2026-10-01 23:59:59.999999", True),
    (Schedule(), "2026-10-09 10:00", False),
    (Schedule((Band(EVERY_DAY, 0, 23 * 60 + 59),)), "2026-10-09 23:59:30", True),
    (Schedule((Band((DayName.MON,), 0, 1440),)), "2026-10-12 23:59:59", True),
    (Schedule((Band((DayName.MON,), 0, 1440),)), "2026-10-13 00:00", False),
    (Schedule((Band((DayName.HOLIDAY,), 600, 720),)), "2026-10-03 10:00", True),
    (Schedule((Band((DayName.HOLIDAY,), 600, 720),)), "2026-10-11 10:00", False),
    (Schedule((Band((DayName.DAY_OFF,), 600, 720),)), "2026-10-11 10:00", True),
    (Schedule((Band((DayName.MAKE_UP,), 600, 720),)), "2026-10-10 10:00", True),
    (Schedule((Band((DayName.WEEKEND,), 600, 720),)), "2026-10-03 10:00", False),
]


@pytest.mark.parametrize(("schedule", "moment", "on"), WHEN)
def test_on_or_off_to_the_second(schedule, moment, on):
    """Hours begin with their first second and end before their last minute; 23:59 is the day's end."""
    assert is_open(schedule, at(moment), CALENDAR) is on
    with_rules = Schedule(schedule.bands, (DayRule("1999-01-01"),))
    assert is_open(with_rules, at(moment), CALENDAR) is on


RULED = Schedule(
    (Band(EVERY_DAY, 9 * 60, 18 * 60),),
    (
        DayRule("2026-10-02", hours=(Hours(600, 660),)),
        DayRule("2026-12-30", "2026-12-31"),
        DayRule(days=(DayName.HOLIDAY,)),
    ),
)


@pytest.mark.parametrize(
    ("moment", "on"),
    [
        ("2026-10-01 10:00", False),
        ("2026-10-02 10:00", True),
        ("2026-10-02 11:00", False),
        ("2026-10-08 11:00", True),
        ("2026-12-29 11:00", True),
        ("2026-12-30 11:00", False),
        ("2026-12-31 11:00", False),
    ],
)
def test_a_rule_takes_the_place_of_the_weekly_hours(moment, on):
    """Closed on holidays but for one day with hours of its own; the first rule that fits holds."""
    assert is_open(RULED, at(moment), CALENDAR) is on


def test_the_night_before_a_holiday_ends_when_it_ends():
    """A shift belongs to the day it begins on."""
    schedule = Schedule((Band(EVERY_DAY, 22 * 60, 6 * 60),), (DayRule(days=(DayName.HOLIDAY,)),))
    assert is_open(schedule, at("2026-10-01 05:00"), CALENDAR)
    assert not is_open(schedule, at("2026-10-02 05:00"), CALENDAR)
    assert not is_open(schedule, at("2026-10-07 23:00"), CALENDAR)


def test_preview_across_national_day_week():
    """Fourteen days: three workdays, seven off, two workdays, a worked Saturday, a Sunday."""
    days = preview(OFFICE, date(2026, 9, 28), CALENDAR)
    assert [bool(each.open) for each in days] == [True] * 3 + [False] * 7 + [True] * 3 + [False]
    assert days[0].open == (Hours(540, 720), Hours(810, 1080))
    assert [each.day.name for each in days[2:5]] == ["", "国庆节", "国庆节"]
    assert all(each.day.known for each in days)


def test_preview_shows_the_end_of_the_night_on_the_day_it_falls():
    """22:00-06:00 is two pieces."""
    friday, saturday, sunday, monday = preview(NIGHT, date(2026, 10, 9), CALENDAR, 4)
    assert friday.open == (Hours(1320, 1440),)
    assert saturday.open == (Hours(0, 360), Hours(1320, 1440))
    assert sunday.open == (Hours(0, 360),)
    assert monday.open == ()


def test_preview_joins_hours_that_touch():
    """Two bands that meet are one."""
    schedule = Schedule((Band(EVERY_DAY, 540, 720), Band(EVERY_DAY, 700, 800), Band(EVERY_DAY, 800, 900)))
    assert preview(schedule, date(2026, 10, 9), CALENDAR, 1)[0].open == (Hours(540, 900),)


NEXT = [
    (OFFICE, "2026-09-30 20:00", "2026-10-08 09:00"),
    (OFFICE, "2026-10-09 18:00", "2026-10-10 09:00"),
    (OFFICE, "2026-10-09 10:00", "2026-10-09 12:00"),
    (NIGHT, "2026-10-09 23:00", "2026-10-10 06:00"),
    (NIGHT, "2026-10-12 12:00", "2026-10-16 22:00"),
    (Schedule((Band((DayName.SAT, DayName.SUN), 0, 1440),)), "2026-10-10 12:00", "2026-10-12 00:00"),
    (ALWAYS, "2026-10-09 10:00", None),
    (Schedule(), "2026-10-09 10:00", None),
]  # fmt: skip


@pytest.mark.parametrize(("schedule", "moment", "change"), NEXT)
def test_the_next_change(schedule, moment, change):
    """When it opens after National Day week, when the night ends, never for what is always on."""
    assert next_change(schedule, at(moment), CALENDAR) == (change and at(change))


def test_a_tenants_day_off_closes_it():
    """The calendar of the tenant decides what a workday is."""
    theirs = CALENDAR.with_days({"2026-10-09": EnteredDay(Entered.HOLIDAY, "搬迁")})
    assert not is_open(OFFICE, at("2026-10-09 10:00"), theirs)


@pytest.mark.parametrize(("start", "end"), [(-1, 60), (1440, 60), (0, 1441), (60, 60), (5, 0)])
def test_no_hours_of_a_day(start, end):
    """Wrong minutes cannot be made, nor read from a file."""
    with pytest.raises(ValueError, match="no hours"):
        Hours(start, end)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode({"days": ["mon"], "start": start, "end": end}), type=Band)


def test_a_schedule_survives_its_file():
    """As snapshots keep it."""
    assert msgspec.json.decode(msgspec.json.encode(RULED), type=Schedule) == RULED


minutes = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda pair: pair[0] != pair[1])
names = st.lists(st.sampled_from(DayName), min_size=1, max_size=3).map(tuple)
bands = st.builds(lambda days, pair: Band(days, *pair), names, minutes)
rules = st.builds(
    lambda days, hours: DayRule(days=days, hours=tuple(Hours(*pair) for pair in hours)),
    names, st.lists(minutes, max_size=2),
)  # fmt: skip
schedules = st.builds(
    lambda bands, rules: Schedule(tuple(bands), tuple(rules)),
    st.lists(bands, max_size=4), st.lists(rules, max_size=2),
)  # fmt: skip
moments = st.integers(0, 14 * 1440 - 1).map(lambda ahead: at("2026-09-27 00:00") + timedelta(minutes=ahead))


@given(schedules, moments)
def test_preview_and_the_moment_agree(schedule, moment):
    """What the preview shows as open is open when a call comes."""
    (day,) = preview(schedule, moment.date(), CALENDAR, 1)
    minute = moment.hour * 60 + moment.minute
    shown = any(hours.start <= minute < hours.end for hours in day.open)
    assert is_open(schedule, moment, CALENDAR) is shown


@given(schedules, moments)
def test_nothing_changes_before_the_next_change(schedule, moment):
    """Until then it stays as it is, and then it is the other way."""
    on = is_open(schedule, moment, CALENDAR)
    change = next_change(schedule, moment, CALENDAR)
    until = change or moment + timedelta(days=2)
    between = min(until - timedelta(minutes=1), moment + timedelta(hours=30))
    while between > moment:
        assert is_open_at(schedule, CALENDAR.at(between)) is on
        between -= timedelta(minutes=97)
    if change is not None:
        assert is_open(schedule, change, CALENDAR) is not on
