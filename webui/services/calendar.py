"""日历 of the box in the browser: the days entered, what holds in a year, and which years are known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from domain.days.calendar import Calendar, Day, EnteredDay, published_years
from storage.models import Root
from storage.models.web import AuditEntry
from storage.provisioning.days import days_of
from webui.services.box import BoxServices
from webui.services.provisioning import Done, wish

MOST_TYPED: Final = 8000
YEARS: Final = range(2000, 2101)
_LINE: Final = re.compile(r"([0-9.\s-]+?)[\s:：]+(holiday|workday|放假|上班)(?:\s+(.*))?")


class Span(NamedTuple):
    """Days in a row that were entered alike."""

    first: str
    last: str
    kind: str
    """``holiday`` or ``workday``."""
    name: str
    days: int


class Row(NamedTuple):
    """What somebody types: days, what they are, what they are called."""

    days: str
    """``2027-02-05`` or ``2027-02-05..2027-02-11``."""
    kind: str
    name: str


class WrongDays(ValueError):
    """A row that cannot be: ``row`` counts from 1."""

    def __init__(self, row: int, text: str) -> None:
        super().__init__(text)
        self.row = row
        self.text = text


def spans_of(table: Mapping[str, EnteredDay]) -> list[Span]:
    """Return what was entered, days in a row together."""
    found: list[Span] = []
    for day in sorted(table):
        each = table[day]
        last = found[-1] if found else None
        follows = last is not None and date.fromisoformat(last.last) + timedelta(1) == date.fromisoformat(day)
        if last is not None and follows and (last.kind, last.name) == (each.kind.value, each.name):
            found[-1] = last._replace(last=day, days=last.days + 1)
        else:
            found.append(Span(day, day, each.kind.value, each.name, 1))
    return found


def months_of(calendar: Calendar, year: int) -> list[tuple[int, int, list[Day]]]:
    """Return the months of a year: number, weekday of the first (Monday is 0), days."""
    months = []
    for month in range(1, 13):
        first = date(year, month, 1)
        after = date(year + month // 12, month % 12 + 1, 1)
        days = [calendar.day(first + timedelta(ahead)) for ahead in range((after - first).days)]
        months.append((month, first.weekday(), days))
    return months


def how_known(calendar: Calendar, year: int) -> str:
    """Return ``published``, ``entered`` or, empty, that nobody knows its holidays."""
    if year in published_years():
        return "published"
    return "entered" if calendar.knows(year) else ""


def read_lines(text: str) -> list[Row]:
    """Read ``2027-02-05..2027-02-11 放假 春节`` a line; raises WrongDays."""
    rows = []
    for number, line in enumerate(text[:MOST_TYPED].splitlines(), 1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise WrongDays(number, line.strip())
        rows.append(Row(found[1].strip(), found[2], (found[3] or "").strip()))
    return rows


def enter(services: BoxServices, rows: Iterable[Row], entry: AuditEntry) -> Done:
    """Enter days, over what stood there; raises WrongDays, Refused, StoreDown."""
    wanted: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        try:
            days = days_of(row.days)
        except ValueError:
            days = []
        if not days:
            raise WrongDays(number, row.days)
        wanted |= dict.fromkeys(days, f"{row.kind} {row.name}".strip())
    return wish(services, lambda root: _document({**_held(root), **wanted}), entry)


def remove(services: BoxServices, first: str, last: str, entry: AuditEntry) -> Done:
    """Let days be again what was published; raises StoreDown."""

    def document(root: Root) -> dict[str, Any]:
        return _document({day: text for day, text in _held(root).items() if not first <= day <= last})

    return wish(services, document, entry)


def _held(root: Root) -> dict[str, str]:
    table = root.box.value.calendar
    return {day: f"{each.kind.value} {each.name}".strip() for day, each in table.items()}


def _document(table: dict[str, str]) -> dict[str, Any]:
    return {"box": {"calendar": dict(sorted(table.items()))}}
