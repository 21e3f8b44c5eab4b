"""A month's calls by caller: his rows, newest first, without looking through those of others.

Of open rows the keys alone lie here, in a small tree. Rows that were sealed lie in *runs* as well: sorted by
caller and key, in compressed blocks, with traces of the callers (a Bloom filter). Sixteen runs of one size
become one of the next size, and those of a month that is over become one: a row is written four times at
most. Who asks for a caller reads the traces of some thirty runs in a month with a hundred thousand calls, and
blocks of those that have him.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from typing import Any, Final

import msgspec
import zstandard
from BTrees.OOBTree import OOTreeSet
from persistent import Persistent

from storage.models.ahead import ask_ahead, ask_for_leaves
from storage.records.rows import CallRow, decode_row

RUNS_TO_MERGE: Final = 16
LARGEST: Final = 2
"""Size of runs that stay as they are: of the first, some 500 rows; each size has sixteen times as many."""
BLOCK_ROWS: Final = 128
LEVEL: Final = 3
_KEY: Final = 16
_LAST: Final = b"\xff" * (_KEY + 1)
_BITS: Final = 16
"""Of the traces for each row: with :data:`_MARKS` of them 2 of 1,000 callers who are not there seem to be."""
_MARKS: Final = 4
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[list[str], bytes, list[msgspec.Raw]]).decode

Entry = tuple[str, bytes, bytes]
"""Caller, key of the call (``storage.records.call_id.key_of``), encoded row."""
Source = tuple[bytes, Iterator[tuple[bytes, CallRow]]]
"""A key that none comes before, and keys and rows, newest first."""


class OpenKeys(OOTreeSet):  # type: ignore[misc]
    """(Caller, key) of open rows. Small leaves: each call rewrites the one of its caller."""

    max_leaf_size = 30


class Block(Persistent):  # type: ignore[misc]
    """Some entries that follow each other."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        callers, keys, rows = zip(*entries, strict=True)
        self.data = zstandard.ZstdCompressor(level=LEVEL).compress(
            _encode((callers, b"".join(keys), [msgspec.Raw(row) for row in rows]))
        )

    def entries(self) -> tuple[list[str], bytes, list[msgspec.Raw]]:
        """Return callers, their calls' keys one after the other, and rows."""
        return _decode(zstandard.ZstdDecompressor().decompress(self.data))


class Blocks(Persistent):  # type: ignore[misc]
    """The blocks of a run, and the caller and key with which each begins."""

    def __init__(self) -> None:
        self.begins: list[tuple[str, bytes]] = []
        self.blocks: list[Block] = []


class Traces(Persistent):  # type: ignore[misc]
    """Which callers a run may have (a Bloom filter)."""

    def __init__(self, rows: int) -> None:
        self.bits = bytes(rows * _BITS // 8 + 1)

    def mark(self, callers: Iterable[str]) -> None:
        """Leave the traces of callers."""
        marked = bytearray(self.bits)
        for caller in callers:
            place, step = _digest(caller)
            for _ in range(_MARKS):
                bit = place % (8 * len(marked))
                marked[bit >> 3] |= 1 << (bit & 7)
                place += step
        self.bits = bytes(marked)

    def may_have(self, digest: tuple[int, int]) -> bool:
        """Tell whether the caller of a digest may be in the run; False is certain."""
        bits = self.bits
        place, step = digest
        for _ in range(_MARKS):
            bit = place % (8 * len(bits))
            if not bits[bit >> 3] >> (bit & 7) & 1:
                return False
            place += step
        return True


class Run(Persistent):  # type: ignore[misc]
    """Entries that never change, sorted."""

    def __init__(self, size: int, count: int, entries: Iterable[Entry]) -> None:
        self.size = size
        self.count = count
        self.newest = _LAST
        """The smallest key."""
        self.blocks = Blocks()
        self.traces = Traces(count)
        callers: dict[str, None] = {}
        pending = iter(entries)
        while some := list(islice(pending, BLOCK_ROWS)):
            self.newest = min(self.newest, *(key for _, key, _ in some))
            self.blocks.begins.append(some[0][:2])
            self.blocks.blocks.append(Block(some))
            callers.update((caller, None) for caller, _, _ in some)
        self.traces.mark(callers)

    def of(self, caller: str, after: bytes) -> Iterator[tuple[bytes, CallRow]]:
        """Yield keys and rows of a caller's calls older than the key ``after``, newest first."""
        begin = max(0, bisect_right(self.blocks.begins, (caller, after)) - 1)
        for block in self.blocks.blocks[begin:]:
            callers, keys, rows = block.entries()
            for place in range(bisect_left(callers, caller), len(callers)):
                if callers[place] != caller:
                    return
                key = keys[_KEY * place : _KEY * place + _KEY]
                if key > after:
                    yield key, decode_row(rows[place])

    def entries(self) -> Iterator[Entry]:
        """Yield all entries; memory holds one block."""
        for block in self.blocks.blocks:
            callers, keys, rows = block.entries()
            for place, (caller, row) in enumerate(zip(callers, rows, strict=True)):
                yield caller, keys[_KEY * place : _KEY * place + _KEY], row
            block._p_deactivate()


class ByCaller(Persistent):  # type: ignore[misc]
    """The calls of one month. Whoever withheld his number is no caller here."""

    def __init__(self) -> None:
        self.open: Any = OpenKeys()
        self.runs: tuple[Run, ...] = ()

    def expect(self, calls: Iterable[tuple[str, bytes]]) -> None:
        """Ask the store ahead for the places where calls (caller, key) belong."""
        ask_for_leaves(self.open, calls)

    def add(self, caller: str, key: bytes) -> None:
        """Note an open row."""
        if caller:
            self.open.add((caller, key))

    def seal(self, entries: Iterable[Entry]) -> None:
        """Take rows that are sealed from now on: open ones, or such as were never noted."""
        found = sorted(entry for entry in entries if entry[0])
        for caller, key, _ in found:
            self.open.discard((caller, key))
        if found:
            self.runs = (*self.runs, Run(0, len(found), found))
            self._merge()

    def open_keys(self, caller: str, after: bytes) -> list[bytes]:
        """Return the keys of a caller's open rows older than ``after``, newest first."""
        return [key for _, key in self.open.keys((caller, after), (caller, _LAST), True)]

    def sealed(self, caller: str, after: bytes) -> list[Source]:
        """Return what each run has of a caller's calls older than ``after``."""
        runs = self.runs
        if len(runs) > 1:
            digest = _digest(caller)
            runs = tuple(run for run in runs if run.traces.may_have(digest))
        return [(run.newest, run.of(caller, after)) for run in runs]

    def look_ahead(self) -> None:
        """Ask the store ahead for what tells which runs have a caller."""
        if len(self.runs) > 1:
            ask_ahead(self.runs, "traces")

    def settle(self) -> None:
        """Make one run of all, of a month that gets no more calls."""
        if len(self.runs) > 1:
            self.runs = (_merged(LARGEST, self.runs),)

    def clear(self) -> None:
        """Forget all, before the month's records go."""
        self.open.clear()
        self.runs = ()

    def _merge(self) -> None:
        for size in range(LARGEST):
            alike = [run for run in self.runs if run.size == size]
            if len(alike) < RUNS_TO_MERGE:
                return
            self.runs = (*(run for run in self.runs if run.size != size), _merged(size + 1, alike))


def _merged(size: int, runs: Sequence[Run]) -> Run:
    entries = heapq.merge(*(run.entries() for run in runs))
    return Run(size, sum(run.count for run in runs), entries)


def in_order(sources: Iterable[Source]) -> Iterator[tuple[bytes, CallRow]]:
    """Merge keys and rows, newest first; each source is begun no sooner than a key of it may be due."""
    heap: list[tuple[bytes, int, CallRow | None, Iterator[tuple[bytes, CallRow]]]] = [
        (first, nth, None, rows) for nth, (first, rows) in enumerate(sources)
    ]
    heapq.heapify(heap)
    while heap:
        key, nth, row, rows = heap[0]
        if row is not None:
            yield key, row
        following = next(rows, None)
        if following is None:
            heapq.heappop(heap)
        else:
            heapq.heapreplace(heap, (following[0], nth, following[1], rows))


def _digest(caller: str) -> tuple[int, int]:
    """Return where the marks of a caller begin and how far they are apart, before they are bits of a run."""
    number = int.from_bytes(blake2b(caller.encode(), digest_size=8).digest(), "little")
    return number & 0xFFFFFFFF, number >> 32 | 1
