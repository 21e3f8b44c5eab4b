"""日历 of the box: what holds in a year, days entered and taken back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal

import msgspec

from domain.days.calendar import Calendar, DayKind
from webui.api.access import Caller
from webui.api.asked import NoQuery, body, query
from webui.api.configuration import refused_by, stored
from webui.api.problems import ApiProblem, Fault
from webui.services import calendar as days
from webui.services.provisioning import Refused

_YEAR: Final = re.compile(r"20[0-9]{2}", re.ASCII)
_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_KINDS: Final = {DayKind.HOLIDAY: "holiday", DayKind.MAKE_UP: "workday"}
"""Days that are not as their weekday says."""


class RowWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days in a row."""

    days: Annotated[str, msgspec.Meta(pattern=rf"^{_DAY}(\.\.{_DAY})?\Z")]
    kind: Literal["holiday", "workday"]
    name: Annotated[str, msgspec.Meta(max_length=20)] = ""


class DaysWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is entered."""

    items: Annotated[list[RowWish], msgspec.Meta(min_length=1, max_length=100)]


class SpanQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which days, both ends included."""

    first: date
    last: date


def year(caller: Caller) -> Mapping[str, Any]:
    """Return the days of a year that are not as their weekday says."""
    query(caller, NoQuery)
    asked = caller.part("year")
    if _YEAR.fullmatch(asked) is None:
        raise ApiProblem(404)
    table = caller.services.read(lambda root: root.box.value.calendar)
    calendar = Calendar(table)
    return {
        "year": int(asked),
        "known": days.how_known(calendar, int(asked)) or "unknown",
        "days": [
            {"day": each.iso, "kind": _KINDS[each.kind], "name": each.name}
            for _, _, month in days.months_of(calendar, int(asked))
            for each in month
            if each.kind in _KINDS
        ],
        "entered": [each._asdict() for each in days.spans_of(table) if each.first[:4] == asked],
    }  # fmt: skip


def enter(caller: Caller) -> Mapping[str, Any]:
    """Enter days, over what stood there."""
    query(caller, NoQuery)
    rows = [days.Row(each.days, each.kind, each.name.strip()) for each in body(caller, DaysWish).items]
    entry = caller.entry("calendar-entered", " ".join(each.days for each in rows)[:200])
    try:
        return stored(days.enter(caller.services, rows, entry))
    except days.WrongDays as wrong:
        zh, en = "日期无效，或超过 60 天", "no such day, or more than 60 in a row"
        text = zh if caller.language == "zh" else en
        raise ApiProblem(422, errors=(Fault(f"items[{wrong.row - 1}].days", text),)) from wrong
    except Refused as refused:
        raise refused_by(caller, refused) from refused


def remove(caller: Caller) -> Mapping[str, Any]:
    """Let days be again what was published."""
    asked = query(caller, SpanQuery)
    first, last = asked.first.isoformat(), asked.last.isoformat()
    entry = caller.entry("calendar-removed", f"{first}..{last}")
    return stored(days.remove(caller.services, first, last, entry))
