"""The spool file: what a worker wrote is read back, whatever happened to its end."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.media.spool import (
    RECORD,
    Begin,
    End,
    Formats,
    SpoolError,
    SpoolSegment,
    SpoolWriter,
    read_spool,
    spool_path,
)
from b2bua.media.spooler import Outcome, Share, Spooler
from tests.unit.media.legs import packet

BEGIN = Begin("01CALL", "a", 100.0, 1_790_000_000.0)
TYPES = {8: ("PCMA", 8000), 101: ("telephone-event", 8000)}


def record(number: int) -> bytes:
    """Return one packet's record."""
    data = packet(number, 160 * number, bytes([number & 0xFF]) * 160)
    return RECORD.pack(800_000 + 160 * number, len(data)) + data


def written(path: Path, count: int = 5, first: int = 0, *, close: bool = True) -> None:
    """Write one segment."""
    writer = SpoolWriter(path, BEGIN)
    writer.note(800_000, Formats(TYPES))
    for number in range(first, first + count):
        writer.pending += record(number)
    if close:
        writer.note(900_000, End())
    writer.write(writer.take())
    writer.close()


def sequences(segment: SpoolSegment) -> list[int]:
    """Return the sequence numbers of a segment's packets."""
    return [each.sequence for each in segment.packets]


def test_a_segment_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Times, payloads, formats, and that it was closed in order."""
    path = spool_path(tmp_path, "01CALL", "a")
    written(path)
    (segment,) = read_spool(path)
    assert segment.begin == BEGIN
    assert segment.formats == ((100.0, TYPES),)
    assert segment.closed
    assert sequences(segment) == [0, 1, 2, 3, 4]
    third = segment.packets[2]
    assert (third.mono, third.payload_type, third.timestamp, third.ssrc) == (100.04, 8, 320, 7)
    assert third.payload == b"\x02" * 160


def test_a_replacement_appends_its_segment(tmp_path: Path) -> None:
    """Both shares are read, in order; the first was not closed."""
    path = spool_path(tmp_path, "01CALL", "a")
    written(path, close=False)
    written(path, first=50)
    first, second = read_spool(path)
    assert (sequences(first), first.closed) == ([0, 1, 2, 3, 4], False)
    assert (sequences(second), second.closed) == ([50, 51, 52, 53, 54], True)


@given(st.integers(0, 2000), st.binary(max_size=40))
def test_a_torn_segment_loses_only_its_end(
    tmp_path_factory: pytest.TempPathFactory, cut: int, junk: bytes
) -> None:
    """Cut anywhere, with junk after it: whole packets before it are there, and the next segment is."""
    path = spool_path(tmp_path_factory.mktemp("spool"), "01CALL", "a")
    written(path, close=False)
    whole = path.read_bytes()
    head = len(whole) - 5 * len(record(0))
    kept = max(24, min(cut, len(whole)))
    path.write_bytes(whole[:kept] + junk)
    written(path, first=50)
    segments = read_spool(path)
    assert sequences(segments[-1]) == [50, 51, 52, 53, 54]
    if kept >= head:
        survived = (kept - head) // len(record(0))
        assert sequences(segments[0])[:survived] == list(range(survived))


def test_octets_of_a_peer_cannot_end_a_segment(tmp_path: Path) -> None:
    """Audio that holds the magic, or another file's seam, is audio."""
    path, other = (spool_path(tmp_path, "01CALL", leg) for leg in ("a", "b1"))
    written(other)
    seam = other.read_bytes()[8:24]
    writer = SpoolWriter(path, BEGIN)
    for number, payload in enumerate((b"box400s1", seam, b"x")):
        data = packet(number, 0, payload)
        writer.pending += RECORD.pack(800_000, len(data)) + data
    writer.write(writer.take())
    writer.close()
    (segment,) = read_spool(path)
    assert [each.payload for each in segment.packets] == [b"box400s1", seam, b"x"]


def test_a_file_without_a_head_is_made_anew_and_is_no_spool(tmp_path: Path) -> None:
    """A crash right after creation leaves nothing worth keeping."""
    path = tmp_path / "01CALL" / "a.spool"
    path.parent.mkdir()
    path.write_bytes(b"box400s1")
    with pytest.raises(SpoolError, match="not a spool"):
        read_spool(path)
    written(path)
    assert len(read_spool(path)) == 1


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\n", "x" * 65, "\u0660"])
def test_only_plain_names_become_files(tmp_path: Path, name: str) -> None:
    """Nothing leaves the spool directory."""
    with pytest.raises(ValueError, match="not a name"):
        spool_path(tmp_path, name, "a")
    with pytest.raises(ValueError, match="not a name"):
        spool_path(tmp_path, "01CALL", name)


def test_the_file_is_not_for_everybody(tmp_path: Path) -> None:
    """Recordings are readable by the service and its group."""
    path = spool_path(tmp_path, "01CALL", "a")
    written(path)
    assert path.stat().st_mode & 0o007 == 0
    assert path.parent.stat().st_mode & 0o007 == 0


class FullDisk(SpoolWriter):
    """A writer whose disk takes half of what it is given, then nothing."""

    def write(self, data: bytes) -> None:
        """Fail as a full disk does."""
        super().write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def finish(spooler: Spooler) -> list[Outcome]:
    """Wait until all is written; return what happened."""
    wakeup = os.dup(spooler.wakeup)
    os.set_blocking(wakeup, True)
    os.eventfd_read(wakeup)
    os.eventfd_write(wakeup, 1)
    os.close(wakeup)
    return spooler.outcomes()


def test_the_spooler_writes_shares_in_order_and_tells_when_one_is_closed(tmp_path: Path) -> None:
    """The last share's outcome comes when all is written."""
    spooler = Spooler()
    writer = SpoolWriter(spool_path(tmp_path, "01CALL", "a"), BEGIN)
    spooler.write([Share(1, writer, record(0), last=False)])
    spooler.write([Share(1, writer, record(1), last=False), Share(1, writer, record(2), last=True)])
    assert finish(spooler) == [Outcome(1, True, "")]
    spooler.stop()
    assert sequences(read_spool(spool_path(tmp_path, "01CALL", "a"))[0]) == [0, 1, 2]


def test_a_full_disk_ends_one_recording_once(tmp_path: Path) -> None:
    """It is told at once, and again, as incomplete, when the leg is closed; what was written can be read."""
    spooler = Spooler()
    full = FullDisk(spool_path(tmp_path, "01CALL", "a"), BEGIN)
    fine = SpoolWriter(spool_path(tmp_path, "01CALL", "b1"), BEGIN)
    spooler.write([Share(1, full, record(0) + record(1), last=False), Share(2, fine, record(0), last=False)])
    assert finish(spooler) == [Outcome(1, False, os.strerror(errno.ENOSPC))]
    spooler.write([Share(1, full, record(2), last=False), Share(1, full, record(3), last=True)])
    assert finish(spooler) == [Outcome(1, True, os.strerror(errno.ENOSPC))]
    spooler.write([Share(2, fine, b"", last=True)])
    assert finish(spooler) == [Outcome(2, True, "")]
    spooler.stop()
    assert sequences(read_spool(spool_path(tmp_path, "01CALL", "a"))[0]) == [0]
    assert sequences(read_spool(spool_path(tmp_path, "01CALL", "b1"))[0]) == [0]


def test_a_short_write_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel may take part of a write when the disk fills up."""
    writer = SpoolWriter(spool_path(tmp_path, "01CALL", "a"), BEGIN)
    writer.write(record(0))
    monkeypatch.setattr(os, "write", lambda fd, data: len(data) - 1)
    with pytest.raises(OSError, match="No space"):
        writer.write(record(1))
    writer.close()
