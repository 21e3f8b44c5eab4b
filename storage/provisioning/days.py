"""Checks of what is said of days and places: tables of holidays and workdays, schedules, area codes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import msgspec

from domain.days.calendar import Entered
from domain.days.schedule_text import MOST_LINES, ScheduleError, parse_schedule
from domain.places.places import shipped_places
from domain.places.regions import shipped_regions
from storage.provisioning.checks import INVALID, Reading, list_of, scalar_text, text
from storage.provisioning.tree import Mapping, Node, Scalar

LONGEST_SPAN: Final = 60
"""Days; the longest holiday has ten."""
_KINDS: Final = {
    "holiday": Entered.HOLIDAY,
    "放假": Entered.HOLIDAY,
    "workday": Entered.WORKDAY,
    "上班": Entered.WORKDAY,
}


def entered_days(node: Node, path: str, reading: Reading) -> Any:
    """A table of days: ``2027-02-05..2027-02-11: holiday 春节``, ``2027-02-20: workday 春节``."""
    if not isinstance(node, Mapping):
        return reading.wrong(node, path, "mapping")
    table: dict[str, Any] = {}
    before = len(reading.problems)
    for key, value in node.items.items():
        place = f"{path}.{key}"
        days = _days(Scalar(key, node.lines[key], True), place, reading)
        entered = _entered(value, place, reading)
        for day in days:
            if day in table:
                reading.wrong(Scalar(key, node.lines[key], True), place, "repeated", value=day)
            table[day] = entered
    return INVALID if len(reading.problems) > before else table


def schedule(node: Node, path: str, reading: Reading) -> Any:
    """Lines of a schedule, or one line; see ``domain/days/schedule_text.py``."""
    lines = list_of(text(), unique=False, most=MOST_LINES)(node, path, reading)
    if lines is INVALID:
        return INVALID
    try:
        return msgspec.to_builtins(parse_schedule(lines))
    except ScheduleError as error:
        return reading.wrong(node, path, "schedule", en=error.en, zh=error.zh)


def area_code(node: Node, path: str, reading: Reading) -> Any:
    """An area code that is in use."""
    value = scalar_text(node, path, reading)
    if value is not INVALID and shipped_places().in_use(value) != value:
        heir = shipped_places().in_use(value) or "010"
        return reading.wrong(node, path, "area-code", value=value, near=heir)
    return value


def province(node: Node, path: str, reading: Reading) -> Any:
    """A province as places name it."""
    value = scalar_text(node, path, reading)
    if value is not INVALID and value not in shipped_regions():
        return reading.wrong(node, path, "choice", value=value, choices=", ".join(shipped_regions()))
    return value


def days_of(text: str) -> list[str]:
    """Return the days of ``2027-02-05`` or ``2027-02-05..2027-02-11``; none for a span that cannot be.

    Raises ValueError for what is no day.
    """
    first, dots, last = text.partition("..")
    begin = date.fromisoformat(first.strip())
    end = date.fromisoformat(last.strip()) if dots else begin
    count = (end - begin).days + 1
    if not 1 <= count <= LONGEST_SPAN:
        return []
    return [(begin + timedelta(ahead)).isoformat() for ahead in range(count)]


def _days(node: Scalar, path: str, reading: Reading) -> list[str]:
    try:
        found = days_of(node.text)
    except ValueError:
        reading.wrong(node, path, "days", value=node.text)
        return []
    if not found:
        reading.wrong(node, path, "days-span", value=node.text, most=LONGEST_SPAN)
    return found


def _entered(node: Node, path: str, reading: Reading) -> Any:
    value = scalar_text(node, path, reading)
    if value is INVALID:
        return INVALID
    word, _, name = value.partition(" ")
    if word not in _KINDS or len(name) > 40 or not name.isprintable():
        return reading.wrong(node, path, "entered-day", value=value)
    return {"kind": _KINDS[word].value, "name": name.strip()}
