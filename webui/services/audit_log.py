"""审计日志: what is looked for in it, and as an Excel file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, time
from pathlib import Path
from typing import Final, NamedTuple

from storage.export.workbook import MOMENT, Column, sheet_of, workbook
from storage.models import Root
from storage.models.web import AuditEntry
from storage.records.call_id import BEIJING
from webui.services.reports import read_day

ROWS: Final = 50
"""Entries on a page."""
MOST_EXPORTED: Final = 100_000
_MOST_SCANNED: Final = 20_000
"""Entries that one page reads at most; the next goes on from there."""
_DAY: Final = 86_400.0
_COLUMNS: Final = (
    Column("时间", 20), Column("操作人", 28), Column("地址", 18), Column("操作", 24), Column("对象", 32),
    Column("客户", 16), Column("修改前", 40), Column("修改后", 40),
)  # fmt: skip

Words = Callable[[str], str]
"""Says an action in the reader's language."""


class Search(NamedTuple):
    """What somebody looks for."""

    text: str = ""
    since: float = 0.0
    until: float = float("inf")

    def fits(self, entry: AuditEntry, words: Words) -> bool:
        """Tell whether an entry is looked for; an action also by what it is called."""
        said = (entry.who, entry.action, words(entry.action), entry.target, entry.tenant, entry.address)
        return entry.at < self.until and (not self.text or any(self.text in each.lower() for each in said))


class Page(NamedTuple):
    """A page of the log."""

    rows: list[AuditEntry]
    next: int
    """Key to go on after; 0: nothing is older."""


def read_search(text: str, first: str, last: str) -> Search:
    """Return what was typed; both days included, a day that is none left out."""
    begins, ends = read_day(first), read_day(last)
    return Search(
        text.strip()[:60].lower(),
        0.0 if begins is None else datetime.combine(begins, time(), BEIJING).timestamp(),
        float("inf") if ends is None else datetime.combine(ends, time(), BEIJING).timestamp() + _DAY,
    )


def page(root: Root, wanted: Search, words: Words, after: int = 0) -> Page:
    """Return the newest entries that are looked for, of those older than a key."""
    rows: list[AuditEntry] = []
    for scanned, (key, entry) in enumerate(_since(root, wanted, after)):
        if wanted.fits(entry, words):
            rows.append(entry)
        if len(rows) == ROWS or scanned > _MOST_SCANNED:
            return Page(rows, key)
    return Page(rows, 0)


def every(root: Root, wanted: Search, words: Words) -> list[AuditEntry]:
    """Return all that are looked for, the newest first, :data:`MOST_EXPORTED` at most."""
    found: list[AuditEntry] = []
    for _, entry in _since(root, wanted, 0):
        if wanted.fits(entry, words):
            found.append(entry)
        if len(found) == MOST_EXPORTED:
            break
    return found


def _since(root: Root, wanted: Search, after: int) -> Iterator[tuple[int, AuditEntry]]:
    """Yield entries, newest first, until they are older than what is looked for."""
    for key, entry in root.web.listed(after):
        if entry.at < wanted.since - _DAY:  # keys are of the clock too, but a clock may be put back
            return
        if entry.at >= wanted.since:
            yield key, entry


def write_xlsx(path: Path, entries: Iterable[AuditEntry], words: Words) -> None:
    """Write entries as Excel; raises OSError. The file appears when it is whole."""
    with workbook(path) as book:
        sheet, moment = sheet_of(book, "审计日志", _COLUMNS), book.add_format(MOMENT)
        for line, entry in enumerate(entries, 1):
            sheet.write_datetime(line, 0, datetime.fromtimestamp(int(entry.at), BEIJING), moment)
            for column, text in enumerate(
                (
                    entry.who, entry.address, words(entry.action), entry.target, entry.tenant, entry.before,
                    entry.after,
                ), 1,
            ):  # fmt: skip
                sheet.write_string(line, column, text[:32_000])
