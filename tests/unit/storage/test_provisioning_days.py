"""Days, schedules and regions in provisioning files."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from domain.days.calendar import Entered, EnteredDay
from domain.days.schedule import Schedule
from domain.days.schedule_text import parse_schedule
from storage.connection import MainDatabase, open_main_in_memory
from storage.provisioning import days as checks
from storage.provisioning import (
    export_database,
    read_configuration,
)
from storage.provisioning.checks import INVALID, Reading
from storage.provisioning.reading import read_wishes
from storage.provisioning.tree import Node, read_tree
from storage.serving.snapshots import build
from tests.unit.storage.provision import NoPrompts, apply

YEAR = """\
box:
  calendar:
    2027-01-01..2027-01-03: holiday 元旦
    2027-02-20: workday 春节
    2027-10-01: 放假 国庆节
  region_groups: {内蒙古: 东北}
tenants:
  acme:
    days:
      2026-12-31: holiday 盘点
"""


@pytest.fixture
def database() -> MainDatabase:
    return open_main_in_memory()


def faults(text: str, language: str = "en") -> list[str]:
    problems = read_wishes(text.encode(), "box.yaml", Path("."), NoPrompts()).faults
    return [problem.text(language) for problem in problems]


def test_next_years_holidays_reach_the_snapshots(database: MainDatabase) -> None:
    """The operator enters what the State Council announced; calls are served by it."""
    told = apply(database, YEAR)
    assert "2027-01-02: holiday 元旦" in told[0]
    snapshots = database.read(build)
    assert snapshots.box.calendar["2027-01-03"] == EnteredDay(Entered.HOLIDAY, "元旦")
    assert snapshots.box.calendar["2027-02-20"] == EnteredDay(Entered.WORKDAY, "春节")
    assert len(snapshots.box.calendar) == 5
    assert snapshots.box.region_groups == {"内蒙古": "东北"}
    assert snapshots.tenants[0].days == {"2026-12-31": EnteredDay(Entered.HOLIDAY, "盘点")}


def test_an_export_of_days_can_be_applied(database: MainDatabase) -> None:
    """What was exported changes nothing."""
    apply(database, YEAR)
    text = export_database(database)
    assert '"2027-02-20": "workday 春节"' in text
    assert apply(database, text) == []
    other = open_main_in_memory()
    apply(other, text)
    assert other.read(read_configuration) == database.read(read_configuration)


def test_wrong_days_are_told_with_line_and_remedy() -> None:
    """Nothing is guessed of a date or a word."""
    told = faults(
        """\
box:
  calendar:
    2027-02-30: holiday
    2027-01-05..2027-01-01: holiday
    2027-01-01..2027-06-01: holiday
    2027-03-01: maybe
    2027-04-01..2027-04-03: holiday 清明
    2027-04-03: workday
    2027-05-01: {kind: holiday}
  region_groups: {广东省: 华南}
"""
    )
    assert [line.split(": ")[0] for line in told] == [f"box.yaml:{line}" for line in (3, 4, 5, 6, 8, 9, 10)]
    assert "no day such as 2027-01-01" in told[0]
    assert "no days in order" in told[1]
    assert "neither holiday nor workday" in told[3]
    assert "stands twice" in told[4]
    assert all("广东" in line for line in faults("box: {region_groups: {广东省: 华南}}", "zh"))


def test_an_area_code_of_a_trunk_is_one_in_use() -> None:
    """0413 was merged into 024; the message says so."""
    assert faults("trunks: {a: {caller_area_code: 010, sources: [192.0.2.1], target: 192.0.2.1}}") == []
    (told,) = faults("trunks: {a: {caller_area_code: 0413}}")
    assert "no area code in use, such as 024" in told


def check_schedule(text: str) -> tuple[object, list[str]]:
    reading = Reading("box.yaml", Path("."), NoPrompts())
    node: Node = read_tree(text.encode())
    found = checks.schedule(node, "schedule", reading)
    return found, [problem.text("zh") for problem in reading.problems]


def test_a_schedule_is_lines_or_one_line() -> None:
    """What other parts of a file embed."""
    lines = ["workdays 09:00-18:00", "holidays closed"]
    found, problems = check_schedule("[workdays 09:00-18:00, holidays closed]")
    assert problems == []
    assert msgspec.convert(found, Schedule) == parse_schedule(lines)
    found, problems = check_schedule("daily 22:00-06:00")
    assert msgspec.convert(found, Schedule) == parse_schedule(["daily 22:00-06:00"])


def test_a_wrong_schedule_says_what_to_write() -> None:
    """In the language of who reads it."""
    found, problems = check_schedule("[workdays 09:00-18:00, someday closed]")
    assert found is INVALID
    assert "不是日期" in problems[0]
