"""Blocks of rows that were sealed: columns that are read one by one, and traces of what they hold. Pure.

Who looks for a few calls among many reads the columns he asks for and makes rows of what he wants alone; a
block whose traces say that it cannot hold a value is not read at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec
import zstandard

from storage.records.call_id import INVERT, key_of, ulid_bytes, ulid_text
from storage.records.rows import CallRow, answered

Conditions = Mapping[str, Callable[[Any], bool]]
"""Name of a column -> what its value must be."""

LEVEL: Final = 9
_FIELDS: Final = CallRow.__struct_fields__
_DEFAULTS: Final = dict(
    zip(_FIELDS[len(_FIELDS) - len(CallRow.__struct_defaults__) :], CallRow.__struct_defaults__, strict=True)
)
_ID, _START = _FIELDS.index("id"), _FIELDS.index("start_ms")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Any]).decode
_decode_raw = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode


def seal_rows(rows: Sequence[CallRow]) -> bytes:
    """Return rows as one compressed block of columns; the order is kept."""
    columns: list[Any] = [list(column) for column in zip(*map(msgspec.structs.astuple, rows), strict=True)]
    ids = [ulid_bytes(call) for call in columns[_ID]]
    if all(data is not None for data in ids):
        # Times and random bits apart: the times differ from the start column by a few milliseconds.
        times = [int.from_bytes(data[:6], "big") for data in ids if data is not None]
        columns[_ID] = [
            [time - start for time, start in zip(times, columns[_START], strict=True)],
            b"".join(data[6:] for data in ids if data is not None),
        ]
    columns[_START] = _differences(columns[_START])
    return zstandard.ZstdCompressor(level=LEVEL).compress(_encode(columns))


class SealedRows:
    """The rows of one block, newest first; a column is read when it is first asked for."""

    def __init__(self, block: bytes) -> None:
        self._raw = _decode_raw(zstandard.ZstdDecompressor().decompress(block))
        self._read: dict[str, Sequence[Any]] = {}

    def column(self, name: str) -> Sequence[Any]:
        """Return one value of each row; what was sealed before there was such a field has its default.

        ``answered`` is a column as well.
        """
        found = self._read.get(name)
        if found is None and name == "answered":
            found = self._read[name] = [
                answered(who, flags)
                for who, flags in zip(self.column("answered_by"), self.column("flags"), strict=True)
            ]
        if found is None:
            index = _FIELDS.index(name)
            if index < len(self._raw):
                found = self._values(index)
            else:
                found = [_DEFAULTS[name]] * len(self.column("start_ms"))
            self._read[name] = found
        return found

    def _values(self, index: int) -> Sequence[Any]:
        values = _decode(self._raw[index])
        if index == _START:
            return _sums(values)
        if index == _ID and len(values) == 2 and isinstance(values[1], bytes):
            return _Ids(self.column("start_ms"), *values)
        return values

    def matching(self, conditions: Conditions) -> Sequence[int]:
        """Return which rows meet all conditions."""
        chosen: Sequence[int] = range(len(self.column("start_ms")))
        for name, takes in conditions.items():
            column = self.column(name)
            chosen = [index for index in chosen if takes(column[index])]
            if not chosen:
                break
        return chosen

    def rows(self, chosen: Iterable[int] | None = None) -> Iterator[CallRow]:
        """Make these rows, or all, one by one."""
        columns = [self.column(name) for name in _FIELDS]
        indices = range(len(columns[0])) if chosen is None else chosen
        return (CallRow(*[column[index] for column in columns]) for index in indices)

    def find(self, key: bytes) -> int | None:
        """Return which row has a key (``storage.records.call_id.key_of``), or None."""
        ids = self.column("id")
        if isinstance(ids, _Ids):
            return ids.find(key)
        starts = self.column("start_ms")
        pairs = enumerate(zip(ids, starts, strict=True))
        return next((index for index, (call, start) in pairs if key_of(call, start / 1000) == key), None)


class _Ids(Sequence[str]):
    """Call ids, put together when they are asked for."""

    def __init__(self, starts: Sequence[int], offsets: Sequence[int], random: bytes) -> None:
        self._starts, self._offsets, self._random = starts, offsets, random

    def __len__(self) -> int:
        return len(self._offsets)

    def __getitem__(self, index: Any) -> Any:
        return ulid_text(self._octets(index))

    def find(self, key: bytes) -> int | None:
        """Return which id has a key, or None."""
        octets, place = key.translate(INVERT), -1
        while (place := self._random.find(octets[6:], place + 1)) >= 0:
            if place % 10 == 0 and self._octets(place // 10) == octets:
                return place // 10
        return None

    def _octets(self, index: int) -> bytes:
        time = self._starts[index] + self._offsets[index]
        return time.to_bytes(6, "big") + self._random[10 * index : 10 * index + 10]


# -- traces ------------------------------------------------------------------------------------------

TRACED: Final = ("number", "answered_by", "outcome", "area_code", "queue", "job_number")
"""Columns whose values leave traces: those that people look for one value of. (Callers have their own:
``storage.models.by_caller``.)"""
_BITS: Final = 8192
"""Of the traces of one block of 500 rows: with some 520 values and 4 bits each, 3 of 1,000 values that are
not there seem to be."""
_MARKS: Final = 4


def traces_of(rows: Iterable[CallRow]) -> bytes:
    """Return the traces of all values of some rows (a Bloom filter)."""
    traces = bytearray(_BITS // 8)
    for name, value in {(name, getattr(row, name)) for row in rows for name in TRACED}:
        for bit in _marks(name, value):
            traces[bit >> 3] |= 1 << (bit & 7)
    return bytes(traces)


def traces_wanted(values: Mapping[str, str]) -> tuple[int, ...]:
    """Return the bits that traces must have to be those of rows with these values (column -> value)."""
    return tuple(bit for name, value in values.items() if name in TRACED for bit in _marks(name, value))


def may_hold(traces: bytes, wanted: Iterable[int]) -> bool:
    """Tell whether rows with the wanted values may be there; False is certain."""
    return all(traces[bit >> 3] >> (bit & 7) & 1 for bit in wanted)


def _marks(name: str, value: str) -> Iterator[int]:
    digest = int.from_bytes(blake2b(f"{name}={value}".encode(), digest_size=8).digest(), "little")
    for _ in range(_MARKS):
        digest, bit = divmod(digest, _BITS)
        yield bit


def _differences(values: list[int]) -> list[int]:
    return [value - before for value, before in zip(values, [0, *values], strict=False)]


def _sums(differences: list[int]) -> list[int]:
    total = 0
    values = []
    for difference in differences:
        total += difference
        values.append(total)
    return values
