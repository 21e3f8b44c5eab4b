"""Working days of China (features.md 16)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.days.calendar import Calendar, DayKind, Entered, EnteredDay, local, published_years

SHIPPED = [
    ("2026-09-20", DayKind.MAKE_UP, "国庆节"),
    ("2026-09-30", DayKind.WORKDAY, ""),
    ("2026-10-01", DayKind.HOLIDAY, "国庆节"),
    ("2026-10-03", DayKind.HOLIDAY, "国庆节"),
    ("2026-10-07", DayKind.HOLIDAY, "国庆节"),
    ("2026-10-08", DayKind.WORKDAY, ""),
    ("2026-10-10", DayKind.MAKE_UP, "国庆节"),
    ("2026-10-11", DayKind.WEEKEND, ""),
    ("2026-01-01", DayKind.HOLIDAY, "元旦"),
    ("2026-02-14", DayKind.MAKE_UP, "春节"),
]


@pytest.mark.parametrize(("day", "kind", "name"), SHIPPED)
def test_published_arrangements_hold(day, kind, name):
    """2026-10-10 is a Saturday that is worked, National Day week is off, weekends in it included."""
    found = Calendar().day(date.fromisoformat(day))
    assert (found.kind, found.name, found.known) == (kind, name, True)
    assert ("workday" in found.marks) == kind.works
    assert ("day-off" in found.marks) != kind.works


def test_a_year_nobody_published_falls_back_to_weekdays_and_says_so():
    """2027 is not published yet: 1 January is a Friday like others, and known is False."""
    after = published_years()[-1] + 1
    new_year = date(after, 1, 1)
    found = Calendar().day(new_year)
    assert found.kind is (DayKind.WEEKEND if new_year.weekday() > 4 else DayKind.WORKDAY)
    assert not found.known
    assert not Calendar().knows(after)


def test_the_boxs_table_fills_a_year_and_overrides_another():
    """The operator enters next year's arrangement, and corrects a published day."""
    box = {
        "2027-01-01": EnteredDay(Entered.HOLIDAY, "元旦"),
        "2027-02-06": EnteredDay(Entered.WORKDAY, "春节"),
        "2026-10-08": EnteredDay(Entered.HOLIDAY, "司庆"),
    }
    calendar = Calendar(box)
    assert calendar.day(date(2027, 1, 1)).kind is DayKind.HOLIDAY
    assert calendar.day(date(2027, 2, 6)).kind is DayKind.MAKE_UP
    assert calendar.day(date(2026, 10, 8)).name == "司庆"
    assert calendar.day(date(2027, 1, 1)).known
    assert not calendar.day(date(2027, 3, 1)).known


def test_a_year_is_entered_when_its_first_and_its_national_day_are():
    """Half a year in the table does not end the alarm."""
    half = {"2027-01-01": EnteredDay(Entered.HOLIDAY, "元旦")}
    whole = {**half, "2027-10-01": EnteredDay(Entered.HOLIDAY, "国庆节")}
    assert not Calendar(half).knows(2027)
    assert Calendar(whole).knows(2027)
    assert Calendar(whole).day(date(2027, 3, 1)).known


def test_a_tenants_own_day_wins_over_the_box():
    """A tenant works through a holiday; the others do not."""
    box = Calendar({"2026-12-31": EnteredDay(Entered.HOLIDAY, "盘点")})
    theirs = box.with_days({"2026-12-31": EnteredDay(Entered.WORKDAY)})
    assert box.day(date(2026, 12, 31)).kind is DayKind.HOLIDAY
    assert theirs.day(date(2026, 12, 31)).kind is DayKind.WORKDAY
    assert theirs.day(date(2026, 10, 1)).kind is DayKind.HOLIDAY
    assert box.with_days({}) is box


def test_moments_are_read_in_beijing_time():
    """16:30 UTC is half past midnight of the next day in China."""
    at = Calendar().at(datetime(2026, 10, 9, 16, 30, tzinfo=UTC))
    assert at.today.date == date(2026, 10, 10)
    assert at.yesterday.date == date(2026, 10, 9)
    assert at.minute == 30
    assert local(at.at.timestamp()) == at.at


def test_a_time_without_zone_is_our_mistake():
    """Nobody knows what it means."""
    with pytest.raises(ValueError, match="time zone"):
        Calendar().at(datetime(2026, 10, 9))


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_every_day_has_one_kind_that_fits_its_weekday(day):
    """Make-up days and weekends are Saturdays or Sundays; no date raises."""
    found = Calendar().day(day)
    if found.kind in (DayKind.MAKE_UP, DayKind.WEEKEND):
        assert day.weekday() > 4
    if found.kind is DayKind.WORKDAY:
        assert day.weekday() < 5
    assert len(found.marks & {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}) == 1


def test_a_simulation_of_centuries_stays_small():
    """What a calendar remembers is bounded."""
    calendar = Calendar()
    for ahead in range(5000):
        calendar.day(date(2020, 1, 1) + timedelta(ahead))
    assert len(calendar._days) <= 1000
