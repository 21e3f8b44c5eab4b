"""Mobile segments (号段): the first seven digits of a mobile number tell where it was sold."""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from collections.abc import Mapping
from typing import Final, Protocol

import msgspec
from phone import Phone

from domain.places.place import CARRIERS, Place


class Segments(Protocol):
    """A source of segments."""

    date: str
    """When it was made, ``2023-12`` or ``2026-11-01``."""

    def __len__(self) -> int: ...

    def find(self, segment: int) -> Place | None:
        """Return the place of a segment (seven digits) as this source writes it, or None."""


class PackageSegments:
    """Those of the package ``phone`` (half a million), searched where they lie."""

    _ROW: Final = struct.Struct("<iiB")

    def __init__(self) -> None:
        package = Phone()
        self._data: bytes = package.buf
        self._first: int = package.first_phone_record_offset
        self._rows = range(package.phone_record_count)
        version = package.version.decode("ascii")
        self.date = f"20{version[:2]}-{version[2:]}"
        self._places: dict[tuple[int, int], Place] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, segment: int) -> Place | None:
        """Return the place of a segment (seven digits), or None."""
        row = bisect_left(self._rows, segment, key=self._segment)
        if row == len(self._rows):
            return None
        found, offset, carrier = self._ROW.unpack_from(self._data, self._first + self._ROW.size * row)
        return self._place(offset, carrier) if found == segment else None

    def _segment(self, row: int) -> int:
        segment: int = self._ROW.unpack_from(self._data, self._first + self._ROW.size * row)[0]
        return segment

    def _place(self, offset: int, carrier: int) -> Place:
        place = self._places.get((offset, carrier))
        if place is None:
            text = self._data[offset : self._data.index(b"\0", offset)].decode("utf-8")
            province, city, _, area_code = text.split("|")
            word = CARRIERS[carrier - 1] if 1 <= carrier <= len(CARRIERS) else ""
            place = self._places[offset, carrier] = Place(area_code, province, city, word)
        return place


class StoredSegments(msgspec.Struct, frozen=True):
    """Imported ones as they lie in a file: half a million are read in a millisecond."""

    date: str
    places: tuple[Place, ...]
    segments: bytes
    """Sorted, four bytes each as this machine writes them."""
    indexes: bytes
    """Two bytes each: which of ``places``."""


class ImportedSegments:
    """Those of an imported table."""

    def __init__(self, stored: StoredSegments) -> None:
        """Raises ValueError for a table that was damaged."""
        self.date = stored.date
        self._segments = array("I", stored.segments)
        self._indexes = array("H", stored.indexes)
        self._places = stored.places
        if len(self._segments) != len(self._indexes) or max(self._indexes, default=-1) >= len(self._places):
            raise ValueError("segments and places do not fit together")

    def __len__(self) -> int:
        return len(self._segments)

    def find(self, segment: int) -> Place | None:
        """Return the place of a segment (seven digits), or None."""
        row = bisect_left(self._segments, segment)
        if row == len(self._segments) or self._segments[row] != segment:
            return None
        return self._places[self._indexes[row]]


def store_segments(date: str, rows: Mapping[int, Place]) -> StoredSegments:
    """Return a table as it is written to a file; raises OverflowError beyond 65,536 different places."""
    indexes: dict[Place, int] = {}
    ordered = sorted(rows)
    numbers = array("H", (indexes.setdefault(rows[each], len(indexes)) for each in ordered))
    return StoredSegments(date, tuple(indexes), array("I", ordered).tobytes(), numbers.tobytes())
