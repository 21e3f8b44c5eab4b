"""The spool file: what one leg sent, packet by packet with its time, as a media worker heard it.

::

    file     = magic (8 octets "box400s1") seam (16 random octets) segment*
    segment  = seam record*               a worker's share; its replacement appends the next one
    record   = stamp (8) length (2) body  all big-endian; stamp is CLOCK_MONOTONIC in units of 125 us
    body     = an RTP packet (12-octet header, no padding), or, with bit 15 of length set, msgpack of a Note

The seam is random for each file, so that no peer can write one into his audio: whatever was torn (power cut,
full disk, killed worker), the next segment is found by it. A record that is cut off ends its segment.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec

from b2bua.media.spool_folders import FreeFolders

MAGIC = b"box400s1"
SEAM_LENGTH = 16
TICKS = 8000
"""Units of a stamp in one second."""
RECORD = struct.Struct("!QH")
RECORD_LENGTH = RECORD.size
NOTE_BIT = 0x8000

_RTP = struct.Struct("!BBHII")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Note(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A record that is no packet."""


class Begin(Note, frozen=True):
    """First record of a segment; ``mono`` and ``utc`` name the same moment, in seconds."""

    call: str
    leg: str
    mono: float
    utc: float


class Formats(Note, frozen=True):
    """What payload types mean from now on: type -> (encoding name, clock rate)."""

    types: dict[int, tuple[str, int]]


class End(Note, frozen=True):
    """Last record of a segment whose worker closed it in order."""


_encode = msgspec.msgpack.Encoder().encode
_notes: msgspec.msgpack.Decoder[Begin | Formats | End] = msgspec.msgpack.Decoder(Begin | Formats | End)


class Packet(msgspec.Struct, frozen=True, gc=False):
    """One RTP packet as it arrived (late and out of order ones too)."""

    mono: float
    """CLOCK_MONOTONIC seconds of its arrival."""
    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


class SpoolSegment(msgspec.Struct, frozen=True):
    """What one worker wrote."""

    begin: Begin
    formats: tuple[tuple[float, dict[int, tuple[str, int]]], ...]
    """(mono, payload type -> (encoding name, clock rate)), in order of time."""
    packets: tuple[Packet, ...]
    closed: bool
    """False: the worker died or the file is damaged; at most the last second is missing."""


class SpoolError(Exception):
    """A file is no spool at all."""


def spool_path(directory: str | os.PathLike[str], call: str, leg: str) -> Path:
    """Return where a leg is spooled; raises ValueError for names that are no plain words."""
    for name in (call, leg):
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a name for a file: {name!r}")
    return Path(directory, call, f"{leg}.spool")


class SpoolWriter:
    """Appends one segment; nothing reaches the disk before ``flush``, which alone may block or fail.

    ``pending`` is for the packet path, which appends whole records to it; it stays the same object.
    """

    __slots__ = ("_fd", "_folders", "_path", "_prefix", "pending")

    def __init__(self, path: Path, begin: Begin, folders: FreeFolders | None = None) -> None:
        self.pending = bytearray()
        self._path = path
        self._folders = folders or FreeFolders(path.parents[1])
        self._fd = -1
        self._prefix = _note(int(begin.mono * TICKS), begin)

    def note(self, stamp: int, note: Note) -> None:
        """Append a note."""
        self.pending += _note(stamp, note)

    def take(self) -> bytes:
        """Return what is pending, for ``write``, and begin anew."""
        data = bytes(self.pending)
        self.pending.clear()
        return data

    def write(self, data: bytes) -> None:
        """Write to the file, made by the first call; raises OSError, after which the writer is useless."""
        if self._fd < 0:
            data = self._create() + self._prefix + data
        if os.write(self._fd, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))

    def close(self) -> None:
        """Close the file (without writing what is pending)."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _create(self) -> bytes:
        """Open or create the file; return the octets that begin our segment in it."""
        self._fd = self._folders.open(self._path)
        head = os.pread(self._fd, len(MAGIC) + SEAM_LENGTH, 0)
        if len(head) == len(MAGIC) + SEAM_LENGTH:
            if head.startswith(MAGIC):
                os.lseek(self._fd, 0, os.SEEK_END)
                return head[len(MAGIC) :]
            os.ftruncate(self._fd, 0)
        seam = secrets.token_bytes(SEAM_LENGTH)
        return MAGIC + seam + seam


def read_spool(path: str | os.PathLike[str]) -> list[SpoolSegment]:
    """Return a file's segments, oldest first; whatever cannot be read is left out.

    Raises SpoolError when not even the file's head is there, OSError when it cannot be opened.
    """
    data = Path(path).read_bytes()
    start = len(MAGIC) + SEAM_LENGTH
    if not data.startswith(MAGIC) or len(data) < start:
        raise SpoolError(f"{path}: not a spool file")
    seam = data[len(MAGIC) : start]
    segments = (_read_segment(part) for part in data[start:].split(seam)[1:])
    return [segment for segment in segments if segment is not None]


def _note(stamp: int, note: Note) -> bytes:
    body = _encode(note)
    return RECORD.pack(stamp, len(body) | NOTE_BIT) + body


def _records(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield (stamp, kind bit, start, end) of each whole record."""
    at = 0
    last = len(data) - RECORD_LENGTH
    while at <= last:
        stamp, length = RECORD.unpack_from(data, at)
        start = at + RECORD_LENGTH
        at = start + (length & ~NOTE_BIT)
        if at > len(data):
            return
        yield stamp, length & NOTE_BIT, start, at


def _read_segment(data: bytes) -> SpoolSegment | None:
    begin: Begin | None = None
    formats: list[tuple[float, dict[int, tuple[str, int]]]] = []
    packets: list[Packet] = []
    closed = False
    for stamp, is_note, start, end in _records(data):
        mono = stamp / TICKS
        if is_note:
            try:
                note = _notes.decode(data[start:end])
            except (msgspec.MsgspecError, UnicodeDecodeError):
                break
            if isinstance(note, Begin):
                begin = note
            elif isinstance(note, Formats):
                formats.append((mono, note.types))
            else:
                closed = True
        elif begin is None or end - start < _RTP.size or data[start] != 0x80:
            break
        else:
            _, second, sequence, timestamp, ssrc = _RTP.unpack_from(data, start)
            payload = data[start + _RTP.size : end]
            packets.append(Packet(mono, second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, payload))
    if begin is None:
        return None
    return SpoolSegment(begin, tuple(formats), tuple(packets), closed)
