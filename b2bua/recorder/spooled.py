"""Read a whole spool file as arrays, for the recorder; the format is :mod:`b2bua.media.spool`'s.

``read_spool`` of that module gives one object a packet; a recorded call has thousands, all of one size:
runs of equal records are read here with numpy. Whatever is torn ends its segment, as there.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from b2bua.media.spool import MAGIC, NOTE_BIT, RECORD, SEAM_LENGTH, TICKS, Begin, End, Formats, SpoolError

RTP_HEADER = 12
_STATIC = {0: ("PCMU", 8000), 8: ("PCMA", 8000), 9: ("G722", 8000), 13: ("CN", 8000), 18: ("G729", 8000)}
_FIRST_GUESS = 16
"""Records compared at once after the first run of a segment; fourfold while they agree, so mixed sizes cost
little. The first run is taken to be all, as it is in a plain call."""

_notes: msgspec.msgpack.Decoder[Begin | Formats | End] = msgspec.msgpack.Decoder(Begin | Formats | End)
_UNKNOWN = ("unknown", 8000)
_RECORD = np.dtype([("stamp", ">u8"), ("word", ">u4"), ("sequence", ">u2"), ("time", ">u4")])
"""Head of a packet's record; ``word`` is its length, the first octet of RTP, marker and payload type."""
_BUT_MARKER = np.uint32(0xFFFFFF7F)


class LegAudio(NamedTuple):
    """What one peer sent, in order of arrival."""

    arrivals: npt.NDArray[np.float64]
    """Monotonic seconds."""
    timestamps: npt.NDArray[np.uint32]
    """RTP timestamps."""
    kinds: npt.NDArray[np.int64]
    """Index into ``codecs``."""
    starts: npt.NDArray[np.int64]
    """Where each payload begins in ``data``."""
    lengths: npt.NDArray[np.int64]
    data: bytes
    codecs: tuple[str, ...]
    """Encoding names (``PCMA``, ``PCMU``, ``CN``, ``telephone-event`` ...)."""
    whole: bool
    """False: a worker died while it wrote; at most the last second before that is missing."""


class _Reading:
    """What has been read so far of one file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.heads: list[npt.NDArray[np.void]] = []
        self.starts: list[npt.NDArray[np.int64]] = []
        self.counts: list[int] = []
        self.lengths: list[int] = []
        self.kinds: list[int] = []
        self.codecs: list[str] = []
        self.whole = True
        self._types = _STATIC
        """What a payload type means from now on."""
        self._guess = 0

    def segment(self, at: int, end: int) -> None:
        """Read the records of one segment, up to what is torn."""
        self._types = _STATIC
        self._guess = end
        begun = closed = False
        while at + RECORD.size <= end:
            _stamp, length = RECORD.unpack_from(self.data, at)
            size = RECORD.size + (length & ~NOTE_BIT)
            if at + size > end:
                break
            if length & NOTE_BIT:
                try:
                    note = _notes.decode(self.data[at + RECORD.size : at + size])
                except (msgspec.MsgspecError, UnicodeDecodeError):
                    break
                if isinstance(note, Formats):
                    self._types = _STATIC | note.types
                begun = begun or isinstance(note, Begin)
                closed = closed or isinstance(note, End)
                at += size
                continue
            count = self._run(at, end, size) if begun and length >= RTP_HEADER else 0
            if not count:
                break
            at += count * size
        self.whole = self.whole and closed

    def _code(self, name: str) -> int:
        if name not in self.codecs:
            self.codecs.append(name)
        return self.codecs.index(name)

    def _run(self, at: int, end: int, size: int) -> int:
        """Take as many packets of this size and type as follow each other; 0: the first one is not RTP."""
        most = (end - at) // size
        guess = min(self._guess, most)
        self._guess = _FIRST_GUESS
        kind = self.data[at + RECORD.size + 1] & 0x7F
        same = (size - RECORD.size) << 16 | 0x8000 | kind
        while True:
            heads = np.ndarray((guess,), dtype=_RECORD, buffer=self.data, offset=at, strides=(size,))
            equal = (heads["word"] & _BUT_MARKER) == same
            count = guess if equal.all() else int(equal.argmin())
            if count < guess or guess == most:
                break
            guess = min(guess * 4, most)
        if count:
            self.heads.append(heads[:count])
            first = at + RECORD.size + RTP_HEADER
            self.starts.append(np.arange(first, first + size * count, size, dtype=np.int64))
            self.counts.append(count)
            self.lengths.append(size - RECORD.size - RTP_HEADER)
            self.kinds.append(self._code(self._types.get(kind, _UNKNOWN)[0]))
        return count

    def result(self) -> LegAudio:
        """Return everything read as one."""
        return LegAudio(
            arrivals=_joined([part["stamp"] for part in self.heads]) / TICKS,
            timestamps=_joined([part["time"] for part in self.heads]).astype(np.uint32),
            kinds=np.repeat(np.array(self.kinds, dtype=np.int64), self.counts),
            starts=_joined(self.starts),
            lengths=np.repeat(np.array(self.lengths, dtype=np.int64), self.counts),
            data=self.data,
            codecs=tuple(self.codecs),
            whole=self.whole,
        )


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Return arrays one after the other; a plain call's leg is one run, which needs no copy."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def read_leg(path: str | os.PathLike[str]) -> LegAudio:
    """Read one leg; raises SpoolError when not even its head is there, OSError when it cannot be opened."""
    with open(path, "rb", buffering=0) as file:
        data = file.read()
    at = len(MAGIC) + SEAM_LENGTH
    if not data.startswith(MAGIC) or len(data) < at:
        raise SpoolError(f"{path}: not a spool file")
    seam = data[len(MAGIC) : at]
    reading = _Reading(data)
    begin = data.find(seam, at)
    while begin >= 0:
        begin += SEAM_LENGTH
        following = data.find(seam, begin)
        reading.segment(begin, following if following >= 0 else len(data))
        begin = following
    return reading.result()
