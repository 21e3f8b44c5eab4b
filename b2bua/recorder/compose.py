"""From the packets of a call's legs to stereo sound: left the caller, right whoever was bridged. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import ceil

import numpy as np
import numpy.typing as npt

from b2bua.media.g711 import TO_PCM, Pcm
from b2bua.recorder.alignment import RATE, placed
from b2bua.recorder.spooled import LegAudio
from b2bua.recorder.timeline import CALLER, Course

_BLOCK = 60 * RATE
"""Samples composed at once, so that an hour's call needs no more memory than a minute's."""
_SILENT_CODECS = frozenset({"CN", "telephone-event", "unknown"})
"""What is no lost audio: pauses, digits, and strays of payload types that nobody negotiated."""
_LONGEST = 86400.0
"""Seconds of the longest recording; a journal that claims more is wrong."""
_LONGEST_OVERHANG = 10.0
"""Seconds that a call which a crash cut may sound on beyond its last mark."""


class Track:
    """One leg's audio, each packet at its place on the call's time axis."""

    def __init__(self, audio: LegAudio, origin: float) -> None:
        self._tables = [TO_PCM.get(codec) for codec in audio.codecs]
        self.undecodable: list[str] = []
        audio = self._heard(audio)
        starts = placed(audio.arrivals, audio.timestamps, origin)
        steps = starts[1:] - starts[:-1]
        if not (steps > 0).all():
            order = np.argsort(starts, kind="stable")
            fresh = np.ones(len(starts), dtype=bool)
            np.not_equal(
                starts[order][1:], starts[order][:-1], out=fresh[1:]
            )  # the first of duplicates counts
            order = order[fresh]
            starts, audio = starts[order], _chosen(audio, order)
            steps = starts[1:] - starts[:-1]
        lengths = audio.lengths
        self._data = audio.data
        self._kinds = audio.kinds
        self._starts = starts
        self._ends = starts + lengths
        self._lengths = lengths
        self._octets_from = audio.starts
        self._longest = int(lengths.max(initial=0))
        breaks = (steps != lengths[:-1]) | (audio.kinds[1:] != audio.kinds[:-1])
        self._breaks = np.flatnonzero(breaks) + 1

    def _heard(self, audio: LegAudio) -> LegAudio:
        """Return the packets that can be decoded; name the others."""
        known = np.array([table is not None for table in self._tables], dtype=bool)
        is_heard = known[audio.kinds]
        if is_heard.all():
            return audio
        others = {audio.codecs[kind] for kind in np.unique(audio.kinds[~is_heard]).tolist()}
        self.undecodable = sorted(others - _SILENT_CODECS)
        return _chosen(audio, np.flatnonzero(is_heard))

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
        octets = self._octets(head, tail)
        at = int(self._starts[head]) - start
        if at < 0:
            octets, at = octets[-at:], 0
        octets = octets[: len(out) - at]
        table = self._tables[int(self._kinds[head])]
        assert table is not None
        out[at : at + len(octets)] = table.take(octets)

    def _octets(self, head: int, tail: int) -> npt.NDArray[np.uint8]:
        """Return the payload of packets that follow each other without a gap."""
        origins, lengths = self._octets_from[head:tail], self._lengths[head:tail]
        if tail - head > 1:
            apart = origins[1:] - origins[:-1]
            first, size, length = int(origins[0]), int(apart[0]), int(lengths[0])
            if size > 0 and (apart == size).all() and (lengths == length).all():
                shape, steps = (tail - head, length), (size, 1)
                return np.ndarray(shape, np.uint8, self._data, first, steps).reshape(-1)
        bounds = zip(origins.tolist(), (origins + lengths).tolist(), strict=True)
        return np.frombuffer(b"".join([self._data[first:last] for first, last in bounds]), dtype=np.uint8)


def _chosen(audio: LegAudio, packets: npt.NDArray[np.int64]) -> LegAudio:
    """Return some packets of a leg, in the order given."""
    return audio._replace(
        arrivals=audio.arrivals[packets],
        timestamps=audio.timestamps[packets],
        kinds=audio.kinds[packets],
        starts=audio.starts[packets],
        lengths=audio.lengths[packets],
    )


class Composition:
    """A call's sound, to be read block by block."""

    channels = 2

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
        for span in sorted(self.plan.spans, key=lambda span: span.start):
            track = self._tracks.get(span.leg)
            if track is None:
                continue
            still_up = self.plan.cut and span.end == self.plan.ended
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
            taken = start
            for track, first, last in spans:
                first, last = max(first, start), min(last, stop)
                if first < taken and first < last:  # others are heard at the same time
                    sound = np.zeros(last - first, dtype=np.int16)
                    track.write(sound, first)
                    right = block[first - start : last - start, 1]
                    np.copyto(right, np.clip(right.astype(np.int32) + sound, -32768, 32767).astype(np.int16))
                elif first < last:
                    track.write(block[first - start : last - start, 1], first)
                taken = max(taken, last)
            yield block
