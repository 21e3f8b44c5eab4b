"""Tables of area codes and mobile segments that the operator imported: files that win over the shipped data.

Each kind is one file in ``places/`` of the data directory; importing a kind again takes the place of the
table before. What a file does not name is as shipped.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import msgspec

from domain.calling.caller import canonical_caller
from domain.places.place import Place
from domain.places.places import Places, shipped_area_codes, shipped_places, shipped_segments
from domain.places.segments import ImportedSegments, Segments, StoredSegments, store_segments
from domain.places.tables import AreaCodeTable, CsvProblem, SegmentTable, TableRefused, read_table
from storage.data_directory import DataDirectory, write_atomically
from storage.records.rows import CallRow

T = TypeVar("T")


class TableKind(StrEnum):
    """What can be imported."""

    AREA_CODES = "area-codes"
    MOBILE_SEGMENTS = "mobile-segments"


class TableInfo(msgspec.Struct, frozen=True):
    """What is known of a table in use."""

    kind: TableKind
    origin: str
    """``shipped`` or ``imported``."""
    date: str
    count: int


def table_path(data: DataDirectory, kind: TableKind) -> Path:
    """Return where an imported table lies."""
    return data.places / f"{kind.value}.json"


def text_of(raw: bytes) -> str:
    """Return the text of a file; raises TableRefused naming the first line that is not UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        en, zh = "is not UTF-8; save the file as CSV UTF-8", "不是 UTF-8 编码；请另存为 CSV UTF-8"
        raise TableRefused([CsvProblem(line, "", en, zh)]) from error


def import_table(data: DataDirectory, text: str) -> TableInfo:
    """Take a table over; raises TableRefused with all that is wrong, and then nothing has changed."""
    table = read_table(text)
    data.places.mkdir(mode=0o750, exist_ok=True)
    if isinstance(table, SegmentTable):
        kind, content = TableKind.MOBILE_SEGMENTS, msgspec.json.encode(store_segments(table.date, table.rows))
    else:
        kind, content = TableKind.AREA_CODES, msgspec.json.encode(table)
    write_atomically(table_path(data, kind), content)
    return TableInfo(kind, "imported", table.date, len(table.rows))


def forget_table(data: DataDirectory, kind: TableKind) -> bool:
    """Go back to the shipped data of a kind; False when nothing was imported."""
    path = table_path(data, kind)
    existed = path.exists()
    path.unlink(missing_ok=True)
    return existed


def read_places(data: DataDirectory) -> Places:
    """Return the places in force. Raises ValueError naming a file that is damaged, OSError."""
    imported_codes = _read(data, TableKind.AREA_CODES, AreaCodeTable)
    imported_segments = _read_segments(data)
    if imported_codes is None and imported_segments is None:
        return shipped_places()
    shipped = shipped_area_codes().rows
    rows = shipped if imported_codes is None else {**shipped, **imported_codes.rows}
    segments: tuple[Segments, ...] = (shipped_segments(),)
    return Places(rows, segments if imported_segments is None else (imported_segments, *segments))


def place_of_row(row: CallRow) -> Place:
    """Return where the caller of a call was from; of a row older than places, what shipped data say now."""
    return row.place if row.caller_class else shipped_places().place_of(canonical_caller(row.caller))


def tables_in_use(data: DataDirectory) -> list[TableInfo]:
    """Return every table, those that win first. Raises as :func:`read_places`."""
    found = []
    codes = _read(data, TableKind.AREA_CODES, AreaCodeTable)
    if codes is not None:
        found.append(TableInfo(TableKind.AREA_CODES, "imported", codes.date, len(codes.rows)))
    ours = shipped_area_codes()
    found.append(TableInfo(TableKind.AREA_CODES, "shipped", ours.date, len(ours.rows)))
    segments = _read_segments(data)
    if segments is not None:
        found.append(TableInfo(TableKind.MOBILE_SEGMENTS, "imported", segments.date, len(segments)))
    package = shipped_segments()
    found.append(TableInfo(TableKind.MOBILE_SEGMENTS, "shipped", package.date, len(package)))
    return found


def _read_segments(data: DataDirectory) -> ImportedSegments | None:
    stored = _read(data, TableKind.MOBILE_SEGMENTS, StoredSegments)
    try:
        return None if stored is None else ImportedSegments(stored)
    except ValueError as error:
        raise ValueError(f"{table_path(data, TableKind.MOBILE_SEGMENTS)}: {error}") from error


def _read(data: DataDirectory, kind: TableKind, shape: type[T]) -> T | None:
    path = table_path(data, kind)
    try:
        return msgspec.json.decode(path.read_bytes(), type=shape)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise ValueError(f"{path}: {error}") from error
