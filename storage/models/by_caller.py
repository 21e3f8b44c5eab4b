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

from storage.models.ahead import ask_ahead, ask_for_all_leaves, ask_for_leaves
from storage.records.rows import CallRow, decode_row

RUNS_TO_MERGE: Final = 16
LARGEST: Final = 2
"""Size of runs that stay as they are: of the first, some 500 rows; each size has sixteen times as many."""
BLOCK_ROWS: Final = 128
LEVEL: Final = 3
_KEY: Final = 16
LAST: Final = b"\xff" * (_KEY + 1)
"""Comes after each call's key."""
_BITS: Final = 24
"""Of the traces for each row: with :data:`_MARKS` of them 1 of 8,000 callers who are not there seems to be.
Each who seems to be costs a block."""
_MARKS: Final = 6
_BLOCKS_AHEAD: Final = 8
_FEW: Final = 50
"""Callers who are looked for one by one in the tree; for more it is read from end to end."""
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

    marks = 4
    """Of each caller; of the first traces, which did not write it down."""

    def __init__(self, rows: int) -> None:
        self.bits = bytes(rows * _BITS // 8 + 1)
        self.marks = _MARKS

    def mark(self, callers: Iterable[str]) -> None:
        """Leave the traces of callers."""
        marked = bytearray(self.bits)
        size, marks = 8 * len(marked), range(self.marks)
        for place, step in map(_digest, callers):
            for _ in marks:
                bit = place % size
                marked[bit >> 3] |= 1 << (bit & 7)
                place += step
        self.bits = bytes(marked)

    def may_have(self, digest: tuple[int, int]) -> bool:
        """Tell whether the caller of a digest may be in the run; False is certain."""
        bits = self.bits
        size = 8 * len(bits)
        place, step = digest
        for _ in range(self.marks):
            bit = place % size
            if not bits[bit >> 3] >> (bit & 7) & 1:
                return False
            place += step
        return True

    def known(self, digests: Iterable[tuple[str, tuple[int, int]]]) -> Iterator[str]:
        """Yield whoever of callers may be in the run. Most are not, as their first two marks tell."""
        bits = self.bits
        size = 8 * len(bits)
        for caller, digest in digests:
            place, step = digest
            bit = place % size
            if bits[bit >> 3] >> (bit & 7) & 1:
                bit = (place + step) % size
                if bits[bit >> 3] >> (bit & 7) & 1 and self.may_have(digest):
                    yield caller


class Run(Persistent):  # type: ignore[misc]
    """Entries that never change, sorted."""

    def __init__(self, size: int, count: int, entries: Iterable[Entry]) -> None:
        self.size = size
        self.count = count
        self.newest = LAST
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

    def of(self, caller: str, after: bytes, until: bytes) -> Iterator[tuple[bytes, CallRow]]:
        """Yield keys and rows of a caller's calls older than ``after``, newest first, to ``until``."""
        begin = max(0, bisect_right(self.blocks.begins, (caller, after)) - 1)
        for block in self.blocks.blocks[begin:]:
            callers, keys, rows = block.entries()
            for place in range(bisect_left(callers, caller), len(callers)):
                if callers[place] != caller:
                    return
                key = keys[_KEY * place : _KEY * place + _KEY]
                if key > until:
                    return
                if key > after:
                    yield key, decode_row(rows[place])

    def entries(self) -> Iterator[Entry]:
        """Yield all entries; memory holds some blocks."""
        for nth, block in enumerate(self.blocks.blocks):
            if nth % _BLOCKS_AHEAD == 0:
                ask_ahead(self.blocks.blocks[nth : nth + _BLOCKS_AHEAD])
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

    def open_keys(self, caller: str, after: bytes, until: bytes) -> list[bytes]:
        """Return the keys of a caller's open rows older than ``after``, newest first, to ``until``."""
        return [key for _, key in self.open.keys((caller, after), (caller, until), True)]

    def sealed(self, caller: str, after: bytes, until: bytes) -> list[Source]:
        """Return what each run has of a caller's calls older than ``after``, to ``until``."""
        runs = self._since(until)
        if len(runs) > 1:
            digest = _digest(caller)
            runs = [run for run in runs if run.traces.may_have(digest)]
        return [(run.newest, run.of(caller, after, until)) for run in runs]

    def known(self, callers: Iterable[str], until: bytes) -> set[str]:
        """Return who may have calls no older than ``until``; of ``callers``, others than these have none."""
        digests = [(caller, _digest(caller)) for caller in callers]
        runs = self._since(until)
        ask_ahead(runs, "traces")
        found = {caller for run in runs for caller in run.traces.known(digests)}
        if len(digests) > _FEW:
            ask_for_all_leaves(self.open)
            found.update(caller for caller, _ in self.open)
        else:
            found.update(caller for caller, _ in digests if self.open_keys(caller, b"", until))
        return found

    def look_ahead(self) -> None:
        """Ask the store ahead for what tells which runs have a caller."""
        if len(self.runs) > 1:
            ask_ahead(self.runs, "traces")

    def _since(self, until: bytes) -> Sequence[Run]:
        """Return the runs that have calls no older than ``until``."""
        return [run for run in self.runs if run.newest <= until]

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
    ask_ahead(runs, "blocks")
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
