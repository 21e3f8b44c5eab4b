"""Read a carrier's list of calls (CSV or Excel) and compare it with the records."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from domain.calling.caller import canonical_caller
from domain.calling.dialplan import clean_number
from domain.money.reconciliation import DIFFERENCE_WORDS, BilledCall, Reconciled, Side
from storage.export.workbook import MOMENT, Column, sheet_of, workbook
from storage.export.workbook_read import WorkbookRefused, read_sheet
from storage.models import Root
from storage.records.call_id import BEIJING
from storage.records.query import Filter, records_between, search

MOST_ROWS: Final = 1_000_000
LONGEST_CALL: Final = 86_400.0
"""Seconds before the first leg of a list in which its call may have begun."""
NAMES: Final = {
    "caller": ("主叫号码", "主叫", "calling", "caller"),
    "called": ("被叫号码", "被叫", "400号码", "接入号码", "called"),
    "start": ("开始时间", "起始时间", "通话开始时间", "通话起始时间", "呼叫时间", "start time", "start"),
    "seconds": ("计费时长", "通话时长", "时长", "duration", "seconds"),
}
"""Titles that a column may have, without being told; a unit in brackets behind is no part of them."""
WORDS: Final = {"caller": "主叫", "called": "被叫", "start": "开始时间", "seconds": "时长"}
"""What the columns are called in Chinese."""
_UNIT: Final = re.compile(r"\((秒|s)\)$")
_MOMENTS: Final = (
    "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f",
    "%Y/%m/%d %H:%M",
)  # fmt: skip
_CLOCK: Final = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2})", re.ASCII)
_SPOKEN: Final = re.compile(r"(?=\d)(?:(\d+)(?:小?时))?(?:(\d+)分钟?)?(?:(\d+)秒)?", re.ASCII)


class CarrierFileWrong(Exception):
    """A file that cannot be compared; says where and what to do."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


class CarrierFile(NamedTuple):
    """What a carrier's file holds."""

    calls: list[BilledCall]
    first: float
    last: float
    """Start of the first and of the last call, UTC POSIX seconds."""


def read_carrier_file(
    path: Path,
    landing: Mapping[str, str],
    columns: Mapping[str, str] | None = None,
    side: Side = Side.INBOUND,
) -> CarrierFile:
    """Read the calls with a duration above 0; raises CarrierFileWrong, OSError.

    ``landing``: landing number -> 400 number. ``columns``: our names (``caller`` ...) -> titles in the file.
    """
    rows = _excel(path) if path.suffix.lower() == ".xlsx" else _csv(path)
    titles: dict[str, str] = {}
    calls = []
    for line, cells in rows:
        titles = titles or _titles(cells, columns or {}, side)
        if not (cells[titles["called"]].strip() or cells[titles["start"]].strip()):
            continue  # a sum at the end, or an empty line
        try:
            call = _call(str(line), cells, titles, landing, side)
        except CarrierFileWrong as error:
            raise CarrierFileWrong(f"line {line}: {error.en}", f"第 {line} 行：{error.zh}") from error
        if call.seconds > 0:
            calls.append(call)
    if not calls:
        raise CarrierFileWrong("it holds no calls with a duration", "文件中没有时长大于 0 的通话")
    return CarrierFile(calls, min(each.start for each in calls), max(each.start for each in calls))


def _excel(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        sheet = read_sheet(path.read_bytes(), MOST_ROWS)
    except WorkbookRefused as error:
        raise CarrierFileWrong(error.en, error.zh) from error
    return ((row.line, row.cells) for row in sheet.rows)


def _csv(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise CarrierFileWrong("it is neither UTF-8 nor GBK", "编码既不是 UTF-8 也不是 GBK")
    reader = csv.DictReader(io.StringIO(text), restval="")
    for row in reader:
        yield reader.line_num, {(name or "").strip(): value for name, value in row.items() if name}


def _titles(cells: Mapping[str, str], columns: Mapping[str, str], side: Side) -> dict[str, str]:
    found = {}
    known = {_UNIT.sub("", plain): title for title in cells if (plain := _plain(title))} | {
        _plain(title): title for title in cells
    }
    for name, titles in NAMES.items():
        if name == "caller" and side is Side.OUTBOUND:
            continue
        wanted = (columns[name],) if name in columns else titles
        title = next((known[_plain(each)] for each in wanted if _plain(each) in known), None)
        if title is None:
            have = ", ".join(cells)
            raise CarrierFileWrong(
                f"no column for {name}; name it (--column {name}=TITLE, or on the page). There are: {have}",
                f"没有“{WORDS[name]}”列；请指定列名（网页“列名与匹配条件”，或命令 --column {name}=列名）。"
                f"现有列：{have}",
            )
        found[name] = title
    return found


def _plain(title: str) -> str:
    """Return a title as titles are compared: brackets and letters of any width, no blanks."""
    return "".join(unicodedata.normalize("NFKC", title).lower().split())


def _call(
    line: str,
    cells: Mapping[str, str],
    titles: Mapping[str, str],
    landing: Mapping[str, str],
    side: Side,
) -> BilledCall:
    called = cells[titles["called"]].strip()
    if side is Side.OUTBOUND:
        caller, number = "", canonical_caller(called).canonical
    else:
        caller = canonical_caller(cells[titles["caller"]].strip()).canonical
        number = landing.get(clean_number(called), clean_number(called))
    start, seconds = _moment(cells[titles["start"]].strip()), _seconds(cells[titles["seconds"]].strip())
    return BilledCall(line, caller, number, start, seconds)


def _moment(text: str) -> float:
    for form in _MOMENTS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=BEIJING).timestamp()
        except ValueError:
            continue
    example = "2026-11-22 12:00:00"
    raise CarrierFileWrong(f"{text!r} is no time such as {example}", f"“{text}”不是时间，例如 {example}")


def _seconds(text: str) -> float:
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        return int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + int(clock[3])
    spoken = _SPOKEN.fullmatch(text)
    if spoken is not None and any(spoken.groups()):
        return int(spoken[1] or 0) * 3600 + int(spoken[2] or 0) * 60 + int(spoken[3] or 0)
    if not re.fullmatch(r"\d{1,7}(\.\d{1,3})?", text, re.ASCII):
        raise CarrierFileWrong(
            f"{text!r} is no duration in seconds", f"“{text}”不是时长，例如 65、00:01:05 或 1分5秒"
        )
    return float(text)


def our_side(root: Root, trunk: str, side: Side, since: float, until: float) -> list[BilledCall]:
    """Return what a trunk's carrier should bill of the time between two moments (UTC POSIX seconds)."""
    return (our_calls if side is Side.INBOUND else our_legs)(root, trunk, since, until)


def our_legs(root: Root, trunk: str, since: float, until: float) -> list[BilledCall]:
    """Return the answered legs that left by a trunk and were answered between two moments.

    Every record of the time is read with its details: some 20 µs each.
    """
    legs = []
    for record in records_between(root, since - LONGEST_CALL, until):
        for leg in record.legs:
            if leg.answered_ms is None or not leg.trunks or leg.trunks[-1] != trunk:
                continue
            start = record.start + leg.answered_ms / 1000
            ended = record.end_ms if leg.ended_ms is None else leg.ended_ms
            if since <= start < until and ended > leg.answered_ms:
                number = canonical_caller(leg.target).canonical
                legs.append(BilledCall(record.id, "", number, start, (ended - leg.answered_ms) / 1000))
    return legs


def our_calls(root: Root, trunk: str, since: float, until: float) -> list[BilledCall]:
    """Return the answered calls that a trunk brought in between two moments (UTC POSIX seconds)."""
    wanted = Filter(since=since, until=until)
    return [
        BilledCall(row.id, row.caller, row.number, row.start_ms / 1000, row.access_ms / 1000)
        for row in (found.row for found in search(root, wanted))
        if row.trunk_in == trunk and row.access_ms > 0
    ]


COLUMNS: Final = (
    Column("差异", 20),
    Column("主叫号码", 16),
    Column("400号码或被叫", 16),
    Column("运营商开始时间", 20),
    Column("运营商时长（秒）", 16),
    Column("我方开始时间", 20),
    Column("我方时长（秒）", 14),
    Column("文件行号", 10),
    Column("呼叫编号", 30),
)


def write_differences(path: Path, found: Reconciled) -> None:
    """Write the differences as Excel; raises OSError."""
    with workbook(path) as book:
        sheet, moment = sheet_of(book, "对账差异", COLUMNS), book.add_format(MOMENT)
        for line, each in enumerate(found.differences, 1):
            one = each.theirs or each.ours
            assert one is not None
            sheet.write_string(line, 0, DIFFERENCE_WORDS[each.kind][0])
            sheet.write_string(line, 1, one.caller)
            sheet.write_string(line, 2, one.number)
            for column, side in ((3, each.theirs), (5, each.ours)):
                if side is not None:
                    at = datetime.fromtimestamp(int(side.start), BEIJING)
                    sheet.write_datetime(line, column, at, moment)
                    sheet.write_number(line, column + 1, side.seconds)
            sheet.write_string(line, 7, "" if each.theirs is None else each.theirs.name)
            sheet.write_string(line, 8, "" if each.ours is None else each.ours.name)
