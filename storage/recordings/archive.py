"""The recordings of a tenant's month as one zip: sound files by day, and a list of them in Excel."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from storage.export.workbook import MOMENT, Column, sheet_of, workbook
from storage.recordings import RecordingDamaged, RecordingFacts, RecordingMissing, Recordings
from storage.recordings.search import Wanted, newest
from storage.records.call_id import BEIJING
from storage.retention.recordings import months_after

LIST: Final = "recordings.xlsx"
COLUMNS: Final = (
    Column("文件", 60),
    Column("应答时间", 20),
    Column("400号码", 12),
    Column("主叫", 14),
    Column("接听", 20),
    Column("时长(秒)", 10),
    Column("SHA-256", 66),
    Column("说明", 30),
)
_ODD = re.compile(r"[^0-9A-Za-z+*#-]+", re.ASCII)


def month_span(month: str) -> tuple[float, float]:
    """Return when a month (``2026-10``) of Beijing begins and ends, UTC POSIX seconds; raises ValueError."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=BEIJING)
    after = months_after(first.date(), 1)
    return first.timestamp(), datetime(after.year, after.month, after.day, tzinfo=BEIJING).timestamp()


def write_archive(
    recordings: Recordings,
    tenant: str,
    month: str,
    target: Path,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[int, list[str]]:
    """Write the zip and return how many recordings it has, and the ids of those that are damaged.

    It takes its name when it is whole. Raises ValueError for a wrong month, OSError, StoreDown.
    """
    since, until = month_span(month)
    wanted = Wanted(tenant, "", "", "", since, until, False)
    passing = target.with_name(f".{target.name}.new")
    damaged: list[str] = []
    written: list[tuple[str, RecordingFacts]] = []
    try:
        # FLAC is compressed already: stored as it is. Zip64 from 4 GiB on.
        with zipfile.ZipFile(passing, "w", zipfile.ZIP_STORED) as archive:
            for facts in _oldest_first(recordings, wanted):
                name = name_of(facts)
                try:
                    recordings.check(facts.id)
                    archive.write(recordings.path(facts.id), name)
                except RecordingMissing:  # deleted meanwhile
                    continue
                except RecordingDamaged:
                    damaged.append(facts.id)
                    continue
                written.append((name, facts))
                progress(len(written))
            _write_list(archive, written)
        passing.replace(target)
    finally:
        passing.unlink(missing_ok=True)
    return len(written), damaged


def _oldest_first(recordings: Recordings, wanted: Wanted) -> Iterator[RecordingFacts]:
    return reversed(list(newest(recordings, wanted)))


def name_of(facts: RecordingFacts) -> str:
    """Return the name of a recording in the archive; a hostile caller's number makes no path of it."""
    at = datetime.fromtimestamp(facts.at, BEIJING)
    who = "_".join(_ODD.sub("", each)[:20] or "unknown" for each in (facts.caller, "-".join(facts.answerers)))
    return f"{at:%Y-%m-%d}/{at:%H%M%S}_{facts.number}_{who}_{facts.id}.flac"


def _write_list(archive: zipfile.ZipFile, written: list[tuple[str, RecordingFacts]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / LIST
        with workbook(path) as book:
            sheet = sheet_of(book, "录音", COLUMNS)
            moment = book.add_format(MOMENT)
            for row, (name, facts) in enumerate(written, 1):
                at = datetime.fromtimestamp(facts.at, UTC).astimezone(BEIJING).replace(tzinfo=None)
                sheet.write_string(row, 0, name)
                sheet.write_datetime(row, 1, at, moment)
                texts = (facts.number, facts.caller, ",".join(facts.answerers))
                for column, text in enumerate(texts, 2):
                    sheet.write_string(row, column, text)
                sheet.write_number(row, 5, round(facts.seconds, 1))
                sheet.write_string(row, 6, facts.sha256)
                sheet.write_string(row, 7, "; ".join(filter(None, (facts.hold, *facts.notes))))
        archive.write(path, LIST, zipfile.ZIP_DEFLATED)
