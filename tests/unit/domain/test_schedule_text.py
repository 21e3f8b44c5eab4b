"""Schedules as people write them (docs/provisioning.md)."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.days.calendar import BEIJING, Calendar
from domain.days.schedule import EVERY_DAY, Band, DayName, DayRule, Hours, Schedule, is_open
from domain.days.schedule_text import ScheduleError, parse_schedule, schedule_lines

MEANING = [
    ("mon-fri 09:00-12:00, 13:30-18:00", "mon-fri 09:00-12:00, 13:30-18:00"),
    ("mon, wed 9:00-12:00", "mon,wed 09:00-12:00"),
    ("fri-mon 22:00-06:00", "fri,sat,sun,mon 22:00-06:00"),
    ("mon-sun 00:00-23:59", "daily 00:00-23:59"),
    ("workday 18:00-00:00", "workdays 18:00-24:00"),
    ("holidays closed", "holidays closed"),
    ("Make-up 10:00-16:00", "make-up 10:00-16:00"),
    ("2026-10-01..2026-10-07 closed", "2026-10-01..2026-10-07 closed"),
    ("2026-10-01, 2026-10-03 10:00 - 11:00", "2026-10-01 10:00-11:00|2026-10-03 10:00-11:00"),
    ("sat,holidays 10:00-12:00", "sat 10:00-12:00|holidays 10:00-12:00"),
    ("also holidays 08:00-09:00", "also holidays 08:00-09:00"),
    ("sun closed", "sun closed"),
    ("周一至周五 09:00-18:00", "mon-fri 09:00-18:00"),
    ("工作日 09:00-12:00，13:00-18:00", "workdays 09:00-12:00, 13:00-18:00"),
    ("节假日 关闭", "holidays closed"),
    ("周一到周五 08:30-12:00 13:30-18:00", "mon-fri 08:30-12:00, 13:30-18:00"),
    ("周一至周五 9:00-18:00；周六 9点到12点半", "mon-fri 09:00-18:00|sat 09:00-12:30"),
    ("星期一、星期三 ９：００－１８：００", "mon,wed 09:00-18:00"),
    ("周天 全天", "sun 00:00-24:00"),
    ("调休上班 09:00~17:00", "make-up 09:00-17:00"),
    ("法定节假日 休息", "holidays closed"),
]


@pytest.mark.parametrize(("written", "shown"), MEANING)
def test_what_is_written_is_shown_in_one_way(written, shown):
    """Plurals, Chinese names, spaces: the export writes one form, and reading that changes nothing."""
    schedule = parse_schedule([written])
    assert schedule_lines(schedule) == shown.split("|")
    assert parse_schedule(schedule_lines(schedule)) == schedule


def test_lines_become_bands_and_rules():
    """Dates first, then holidays and worked weekends, then other closed days, however they were ordered."""
    schedule = parse_schedule(
        ["sun closed", "holidays 10:00-12:00", "daily 09:00-18:00", "2026-10-02 closed", "make-up closed"]
    )
    assert schedule == Schedule(
        (Band(EVERY_DAY, 540, 1080),),
        (
            DayRule("2026-10-02"),
            DayRule(days=(DayName.HOLIDAY,), hours=(Hours(600, 720),)),
            DayRule(days=(DayName.MAKE_UP,)),
            DayRule(days=(DayName.SUN,)),
        ),
    )


@pytest.mark.parametrize(
    ("lines", "moment", "on"),
    [
        (["mon-fri 09:00-18:00"], "2026-10-01 10:00", True),
        (["mon-fri 09:00-18:00", "holidays closed"], "2026-10-01 10:00", False),
        (["workdays 09:00-18:00"], "2026-10-10 10:00", True),
        (["workdays 09:00-18:00", "make-up closed"], "2026-10-10 10:00", False),
        (["daily 09:00-18:00", "also holidays 20:00-22:00"], "2026-10-01 21:00", True),
        (["daily 09:00-18:00", "also holidays 20:00-22:00"], "2026-10-01 10:00", True),
        ([], "2026-10-01 10:00", False),
    ],
)
def test_what_lines_mean_in_national_day_week(lines, moment, on):
    """Weekdays mean weekdays; workdays follow the calendar."""
    at = datetime.fromisoformat(moment).replace(tzinfo=BEIJING)
    assert is_open(parse_schedule(lines), at, Calendar()) is on


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "DAYS HOURS"),
        ("mon", "DAYS HOURS"),
        ("also", "DAYS HOURS"),
        ("09:00-18:00", "DAYS HOURS"),
        ("foo 09:00-18:00", "is no day"),
        ("mon-holidays 09:00-18:00", "is no day"),
        ("mon, 09:00-18:00", "DAYS HOURS"),
        ("mon 9-18", "are no hours"),
        ("mon 24:00-25:00", "are no hours"),
        ("mon 09:60-10:00", "are no hours"),
        ("mon 09:00-09:00", "are no hours"),
        ("mon 00:00-00:00, ", "are no hours"),
        ("2026-02-30 closed", "there is no day"),
        ("2026-10-07..2026-10-01 closed", "is before"),
    ],
)
def test_what_is_wrong_is_said_in_both_languages(line, says):
    """Each error names what was written and what to write."""
    with pytest.raises(ScheduleError) as caught:
        parse_schedule([line])
    assert says in caught.value.en
    assert caught.value.zh


@given(st.lists(st.text("mon-fri, holidays0123456789:.周一至", max_size=30), max_size=3))
def test_any_text_is_a_schedule_or_an_error(lines):
    """Nothing else is raised, and what is read survives being shown."""
    try:
        schedule = parse_schedule(lines)
    except ScheduleError:
        return
    assert parse_schedule(schedule_lines(schedule)) == schedule
