"""Read tables of area codes and of mobile segments (docs/places.md tells their form)."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Final, NamedTuple, TypeVar

import msgspec

from domain.places.place import CARRIERS, AreaCode, Place

AREA_CODE_COLUMNS: Final = ("area_code", "province", "cities", "merged_into")
SEGMENT_COLUMNS: Final = ("segment", "area_code", "province", "city", "carrier")
MOST_PROBLEMS: Final = 1000
"""Told at a time; a file of the wrong kind has one for each line."""
MOST_CHARACTERS: Final = 40

_Row = TypeVar("_Row")

_DATE = re.compile(r"#\s*date\s*[:：]\s*([0-9]{4}-[0-9]{2}-[0-9]{2})\s*")
_AREA_CODE = re.compile(r"010|02[0-9]|0[3-9][0-9]{2}|00(?:852|853|886)")
_SEGMENT = re.compile(r"1[3-9][0-9]{5}")


class CsvProblem(msgspec.Struct, frozen=True):
    """One thing that must be put right."""

    line: int
    field: str
    """Column; empty: the whole line."""
    en: str
    zh: str


class TableRefused(ValueError):
    """A table with something wrong in it; all of that."""

    def __init__(self, problems: list[CsvProblem]) -> None:
        super().__init__("\n".join(f"{each.line}: {each.field}: {each.en}" for each in problems))
        self.problems = problems


class AreaCodeTable(msgspec.Struct, frozen=True):
    """Area codes of one source."""

    date: str
    rows: dict[str, AreaCode]


class SegmentTable(NamedTuple):
    """Mobile segments of one source."""

    date: str
    rows: dict[int, Place]


def read_table(text: str) -> AreaCodeTable | SegmentTable:
    """Read a table; its head tells which it is. Raises :class:`TableRefused` with all that is wrong."""
    reading = _Reading(text)
    if reading.head == AREA_CODE_COLUMNS:
        rows = {row.code: row for row in reading.rows(_area_code)}
        reading.refuse_problems()
        return AreaCodeTable(reading.date, rows)
    if reading.head == SEGMENT_COLUMNS:
        segments = dict(reading.rows(_segment))
        reading.refuse_problems()
        return SegmentTable(reading.date, segments)
    heads = [",".join(columns) for columns in (AREA_CODE_COLUMNS, SEGMENT_COLUMNS)]
    reading.wrong("", f"is no head; write {heads[0]} or {heads[1]}", f"表头应为 {heads[0]} 或 {heads[1]}")
    raise TableRefused(reading.problems)


class _Reading:
    """A table on its way from text to rows, and what was found wrong in it."""

    def __init__(self, text: str) -> None:
        self.date = ""
        self.problems: list[CsvProblem] = []
        self.line = 1
        self._lines = enumerate(text.removeprefix("\ufeff").split("\n"), 1)
        self.head = next(self._cells(), ())
        if not self.date:
            self.wrong(
                "date",
                "is missing; write # date: 2026-11-01 above the head",
                "缺少日期；请在表头上方写 # date: 2026-11-01",
            )

    def wrong(self, field: str, en: str, zh: str) -> None:
        """Note a problem on the line just read."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(CsvProblem(self.line, field, en, zh))

    def rows(self, read: Callable[[dict[str, str], _Reading], _Row | None]) -> Iterator[_Row]:
        """Yield what ``read`` makes of each line; a key that stands twice is noted."""
        first: dict[str, int] = {}
        key = self.head[0]
        for cells in self._cells():
            if len(cells) != len(self.head):
                count, wanted = len(cells), len(self.head)
                self.wrong("", f"has {count} fields, not {wanted}", f"有 {count} 个字段，应为 {wanted} 个")
                continue
            if (before := first.setdefault(cells[0], self.line)) != self.line:
                self.wrong(key, f"stands on line {before} already", f"与第 {before} 行重复")
                continue
            row = read(dict(zip(self.head, cells, strict=True)), self)
            if row is not None:
                yield row

    def refuse_problems(self) -> None:
        """Raise :class:`TableRefused` when anything was wrong."""
        if self.problems:
            raise TableRefused(self.problems)

    def _cells(self) -> Iterator[tuple[str, ...]]:
        for number, line in self._lines:
            self.line = number
            if line.startswith("#"):
                self._note_date(line)
            elif line.strip():
                try:
                    (cells,) = csv.reader([line.rstrip("\r")], strict=True)
                except csv.Error:
                    self.wrong("", "is no CSV; check its quotes", "不是合法的 CSV；请检查引号")
                    continue
                yield tuple(cell.strip() for cell in cells)

    def _note_date(self, line: str) -> None:
        found = _DATE.fullmatch(line.strip())
        if found is None:
            return
        try:
            self.date = date.fromisoformat(found[1]).isoformat()
        except ValueError:
            self.date = found[1]
            self.wrong("date", f"there is no day {found[1]}", f"没有 {found[1]} 这一天")


def _area_code(cells: dict[str, str], reading: _Reading) -> AreaCode | None:
    before = len(reading.problems)
    _want(
        _AREA_CODE,
        cells,
        "area_code",
        reading,
        "an area code with its 0, such as 010 or 0755",
        "带 0 的区号，如 010、0755",
    )
    merged = cells["merged_into"]
    if merged:
        _want(_AREA_CODE, cells, "merged_into", reading, "an area code or empty", "区号，或留空")
    _want_name(cells, "province", reading)
    cities = tuple(each.strip() for each in cells["cities"].split(";"))
    for city in cities:
        _want_name({"cities": city}, "cities", reading)
    if len(reading.problems) > before:
        return None
    return AreaCode(cells["area_code"], cells["province"], cities, merged)


def _segment(cells: dict[str, str], reading: _Reading) -> tuple[int, Place] | None:
    before = len(reading.problems)
    _want(
        _SEGMENT, cells, "segment", reading, "the first seven digits of a mobile number", "手机号码的前七位"
    )
    if cells["area_code"]:
        _want(
            _AREA_CODE,
            cells,
            "area_code",
            reading,
            "an area code with its 0, or empty",
            "带 0 的区号，或留空",
        )
    _want_name(cells, "province", reading)
    if cells["city"]:
        _want_name(cells, "city", reading)
    if cells["carrier"] and cells["carrier"] not in CARRIERS:
        known = "、".join(CARRIERS)
        reading.wrong("carrier", f"is not one of {known}, or empty", f"应为 {known} 之一，或留空")
    if len(reading.problems) > before:
        return None
    return int(cells["segment"]), Place(
        cells["area_code"], cells["province"], cells["city"], cells["carrier"]
    )


def _want(
    pattern: re.Pattern[str], cells: dict[str, str], field: str, reading: _Reading, en: str, zh: str
) -> None:
    if pattern.fullmatch(cells[field]) is None:
        shown = _shown(cells[field])
        reading.wrong(field, f"{shown} is not {en}", f"{shown} 不是{zh}")


def _want_name(cells: dict[str, str], field: str, reading: _Reading) -> None:
    name = cells[field]
    if not name:
        reading.wrong(field, "must not be empty", "不能为空")
    elif len(name) > MOST_CHARACTERS or not name.isprintable() or "/" in name:
        reading.wrong(field, f"{_shown(name)} is no name", f"{_shown(name)} 不是名称")


def _shown(text: str) -> str:
    """Return a text somebody wrote, short and in one line."""
    return ascii(text[:MOST_CHARACTERS]) if not text.isprintable() else repr(text[:MOST_CHARACTERS])
