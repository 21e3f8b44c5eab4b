"""From the packets of a call's legs to stereo sound: left the caller, right whoever was bridged. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import ceil

import numpy as np
import numpy.typing as npt

from b2bua.recorder.alignment import RATE, placed
from b2bua.recorder.g711 import DECODERS, Pcm
from b2bua.recorder.spooled import LegAudio
from b2bua.recorder.timeline import CALLER, Course

_BLOCK = 60 * RATE
"""Samples composed at once, so that an hour's call needs no more memory than a minute's."""
_SILENT_CODECS = frozenset({"CN", "telephone-event"})
_LONGEST = 86400.0
"""Seconds of the longest recording; a journal that claims more is wrong."""
_LONGEST_OVERHANG = 10.0
"""Seconds that a call which a crash cut may sound on beyond its last mark."""


class Track:
    """One leg's audio, each packet at its place on the call's time axis."""

    def __init__(self, audio: LegAudio, origin: float) -> None:
        self._tables = [DECODERS.get(codec) for codec in audio.codecs]
        known = np.array([table is not None for table in self._tables] or [False])
        is_heard = known[audio.kinds]
        self.undecodable: list[str] = []
        if not is_heard.all():
            others = {audio.codecs[kind] for kind in np.unique(audio.kinds[~is_heard]).tolist()}
            self.undecodable = sorted(others - _SILENT_CODECS)
        chosen = np.flatnonzero(is_heard)
        positions = placed(audio.arrivals[chosen], audio.timestamps[chosen], origin)
        order = np.argsort(positions, kind="stable")
        positions = positions[order]
        fresh = np.ones(len(positions), dtype=bool)
        np.not_equal(positions[1:], positions[:-1], out=fresh[1:])  # the first of duplicates counts
        kept = chosen[order[fresh]]
        self._data = audio.data
        self._kinds = audio.kinds[kept]
        self._starts = positions[fresh]
        self._ends = self._starts + audio.lengths[kept]
        self._octets_from = audio.starts[kept]
        self._octets_to = self._octets_from + audio.lengths[kept]
        self._longest = int((self._ends - self._starts).max(initial=0))
        breaks = (self._starts[1:] != self._ends[:-1]) | (self._kinds[1:] != self._kinds[:-1])
        self._breaks = np.flatnonzero(breaks) + 1

    @property
    def end(self) -> int:
        """Sample position after the last packet; 0 without packets."""
        return int(self._ends.max(initial=0))

    def write(self, out: Pcm, start: int) -> None:
        """Put what sounds from sample ``start`` on into ``out``; where nothing was received, leave it."""
        first = int(np.searchsorted(self._starts, start - self._longest, side="right"))
        last = int(np.searchsorted(self._starts, start + len(out), side="left"))
        if first >= last:
            return
        low, high = np.searchsorted(self._breaks, (first, last), side="right")
        edges = [first, *self._breaks[low:high].tolist()]
        edges.append(last)
        for head, tail in pairwise(edges):
            if head < tail:
                self._write_run(out, start, head, tail)

    def _write_run(self, out: Pcm, start: int, head: int, tail: int) -> None:
        bounds = zip(self._octets_from[head:tail].tolist(), self._octets_to[head:tail].tolist(), strict=True)
        data = self._data
        octets = np.frombuffer(b"".join([data[first:last] for first, last in bounds]), dtype=np.uint8)
        at = int(self._starts[head]) - start
        if at < 0:
            octets, at = octets[-at:], 0
        octets = octets[: len(out) - at]
        table = self._tables[int(self._kinds[head])]
        assert table is not None
        out[at : at + len(octets)] = table[octets]


class Composition:
    """A call's sound, to be read block by block."""

    def __init__(self, plan: Course, legs: Mapping[str, LegAudio]) -> None:
        self.plan = plan
        wanted = {CALLER, *(span.leg for span in plan.spans)}
        self._tracks = {leg: Track(legs[leg], plan.answered) for leg in sorted(wanted & set(legs))}
        self.missing = tuple(sorted(wanted - set(legs)))
        """Legs that should have been spooled and were not."""
        self.undecodable = sorted({codec for track in self._tracks.values() for codec in track.undecodable})
        end = plan.ended
        if plan.cut:
            sounding = max((track.end for track in self._tracks.values()), default=0) / RATE
            end = max(end, min(plan.answered + sounding, plan.ended + _LONGEST_OVERHANG))
        self._end = min(end, plan.answered + _LONGEST)
        self.samples = max(0, ceil((self._end - plan.answered) * RATE))

    @property
    def seconds(self) -> float:
        """Length of the recording."""
        return self.samples / RATE

    def _spans(self) -> Iterator[tuple[Track, int, int]]:
        for index, span in enumerate(self.plan.spans):
            track = self._tracks.get(span.leg)
            if track is None:
                continue
            still_up = self.plan.cut and index == len(self.plan.spans) - 1 and span.end == self.plan.ended
            end = self._end if still_up else span.end
            yield (
                track,
                max(0, round((span.start - self.plan.answered) * RATE)),
                min(self.samples, round((end - self.plan.answered) * RATE)),
            )

    def blocks(self) -> Iterator[npt.NDArray[np.int16]]:
        """Yield (samples, 2) arrays that follow each other: left the caller, right the other side."""
        caller = self._tracks.get(CALLER)
        spans = list(self._spans())
        for start in range(0, self.samples, _BLOCK):
            stop = min(start + _BLOCK, self.samples)
            block = np.zeros((stop - start, 2), dtype=np.int16)
            if caller is not None:
                caller.write(block[:, 0], start)
            for track, first, last in spans:
                first, last = max(first, start), min(last, stop)
                if first < last:
                    track.write(block[first - start : last - start, 1], first)
            yield block
