"""The journal: what was appended is read back, whatever broke in between."""

from __future__ import annotations

import errno
import os
import random
import threading
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.journal import (
    Damage,
    Entry,
    JournalBusy,
    JournalReader,
    JournalWriter,
    Position,
    open_calls,
)
from storage.journal import writer as journal_writer
from storage.journal.events import DialogNow, Ended, Event, Marks, Step
from storage.journal.line import encode_event, file_path, frame, sequences
from tests.product.waiting import wait_until
from tests.unit.ledger.made_up import NOON, a_call


def step(call: str, name: str = "hunt", mono: float = 1.0) -> Step:
    return Step(call=call, at=NOON + mono, mono=mono, name=name)


def end(call: str, mono: float = 2.0) -> Ended:
    return Ended(call=call, at=NOON + mono, mono=mono, outcome="answered", by="caller")


def read_all(reader: JournalReader) -> list[Entry]:
    entries: list[Entry] = []
    while batch := reader.read():
        entries += batch
    return entries


def events(directory: Path) -> list[Event]:
    """Return every event once, as a reader sees it that skips what it knows."""
    reader = JournalReader(directory)
    found = [entry.event for entry in read_all(reader) if not entry.restated]
    reader.close()
    return found


def test_what_is_appended_is_read_back_in_order(tmp_path: Path) -> None:
    """Every event of a call comes back equal, in order, from a second process's point of view."""
    lines = a_call(random.Random(1))
    with JournalWriter(tmp_path) as writer:
        for line in lines:
            writer.append(line)
        assert events(tmp_path) == lines


def test_a_reader_goes_on_from_its_position(tmp_path: Path) -> None:
    """A reader that starts where another stopped sees the rest and nothing twice."""
    lines = a_call(random.Random(2))
    with JournalWriter(tmp_path, fsync=False) as writer:
        for line in lines[:7]:
            writer.append(line)
        first = JournalReader(tmp_path)
        begun = read_all(first)
        for line in lines[7:]:
            writer.append(line)
        second = JournalReader(tmp_path, first.position)
        assert [entry.event for entry in begun + read_all(second)] == lines
        assert second.position == writer.position
        first.close()
        second.close()


def test_hostile_text_is_kept_on_one_line(tmp_path: Path) -> None:
    """Line ends, NUL, quotes and bytes that are no UTF-8 in a header break nothing."""
    hostile = 'a\r\nb\x00"\\\u2028\x85{' + b"\xff\xfe".decode("utf-8", "surrogateescape")
    with JournalWriter(tmp_path, fsync=False) as writer:
        writer.append(step("c1", hostile))
        writer.append(DialogNow(call="c1", at=1.0, mono=1.0, leg="a", state=msgspec.Raw(b'{\n"a":1}')))
        writer.append(step("c1", "after"))
    read = events(tmp_path)
    assert isinstance(read[0], Step)
    assert read[0].name.startswith('a\r\nb\x00"\\\u2028\x85{')
    assert "udcff" in read[0].name
    assert isinstance(read[2], Step)
    assert read[2].name == "after"


def test_a_torn_last_line_is_cut_off_at_start(tmp_path: Path) -> None:
    """After a power cut half a line may stand at the end: it goes, what stood before stays."""
    with JournalWriter(tmp_path, fsync=False) as writer:
        writer.append(step("c1"))
        writer.append(end("c1"))
    last = file_path(tmp_path, sequences(tmp_path)[-1])
    whole = last.read_bytes()
    last.write_bytes(whole + frame(encode_event(step("c2")))[:-5])
    damages: list[Damage] = []
    with JournalWriter(tmp_path, fsync=False) as writer:
        assert last.read_bytes() == whole
        writer.append(step("c3"))
        reader = JournalReader(tmp_path, on_damage=damages.append)
        assert [entry.event.call for entry in read_all(reader)] == ["c1", "c1", "c3"]  # type: ignore[union-attr]
        reader.close()
    assert damages == []


def test_a_damaged_line_is_told_and_skipped(tmp_path: Path) -> None:
    """One flipped bit costs one line, and its place is told."""
    with JournalWriter(tmp_path, fsync=False) as writer:
        for number in range(5):
            writer.append(step("c1", f"n{number}"))
        before = writer.position
    path = file_path(tmp_path, before.sequence)
    data = bytearray(path.read_bytes())
    place = data.index(b'"n2"')
    data[place + 1] ^= 1
    path.write_bytes(bytes(data))
    damages: list[Damage] = []
    reader = JournalReader(tmp_path, on_damage=damages.append)
    names = [entry.event.name for entry in read_all(reader) if isinstance(entry.event, Step)]
    reader.close()
    assert names == ["n0", "n1", "n3", "n4"]
    assert [damage.position for damage in damages] == [
        Position(before.sequence, data.rindex(b"\n", 0, place) + 1)
    ]


def test_files_rotate_and_state_open_calls_again(tmp_path: Path) -> None:
    """The newest file alone tells every open call, so older ones may be deleted."""
    with JournalWriter(tmp_path, fsync=False, rotate_at=4000) as writer:
        writer.append(step("long"))
        for number in range(200):
            writer.append(step(f"c{number}"))
            writer.append(end(f"c{number}"))
        files = sequences(tmp_path)
        assert len(files) > 3
        for number in files[:-1]:
            file_path(tmp_path, number).unlink()
        reader = JournalReader(tmp_path)
        restated = [entry for entry in read_all(reader) if entry.restated]
        reader.close()
        assert restated[0].event == step("long")
        assert [call.id for call in open_calls(tmp_path)] == ["long"]


def test_a_follower_sees_each_event_once_over_rotations(tmp_path: Path) -> None:
    """Who follows the journal while files rotate misses nothing."""
    seen: list[Event] = []
    with JournalWriter(tmp_path, fsync=False, rotate_at=3000) as writer:
        reader = JournalReader(tmp_path)
        written: list[Event] = []
        for number in range(300):
            event = step(f"c{number % 7}", f"n{number}") if number % 10 else end(f"c{number % 7}")
            writer.append(event)
            written.append(event)
            if number % 13 == 0:
                seen += [entry.event for entry in read_all(reader) if not entry.restated]
        seen += [entry.event for entry in read_all(reader) if not entry.restated]
        reader.close()
    assert seen == written


def test_open_calls_carry_their_last_mark(tmp_path: Path) -> None:
    """A call cut by a crash was up until its last mark; one begun after the mark, until its last line."""
    with JournalWriter(tmp_path, fsync=False) as writer:
        writer.append(step("early", mono=1.0))
        writer.append(Marks(at=NOON + 6, mono=6.0, calls=["early"]))
        writer.append(Marks(at=NOON + 12, mono=12.0, calls=["early"]))
        writer.append(step("late", mono=13.0))
    early, late = open_calls(tmp_path)
    assert (early.id, early.last_at, early.last_mono) == ("early", NOON + 12, 12.0)
    assert (late.id, late.last_at, late.last_mono, late.mark) == ("late", NOON + 13, 13.0, None)


def test_marks_survive_a_restart(tmp_path: Path) -> None:
    """The new file of a restarted box tells the marks again, so a second crash loses nothing."""
    with JournalWriter(tmp_path, fsync=False) as writer:
        writer.append(step("c1", mono=1.0))
        writer.append(Marks(at=NOON + 6, mono=6.0, calls=["c1"]))
    for _ in range(3):
        JournalWriter(tmp_path, fsync=False).close()
    for number in sequences(tmp_path)[:-1]:
        file_path(tmp_path, number).unlink()
    (call,) = open_calls(tmp_path)
    assert call.events == [step("c1", mono=1.0)]
    assert call.last_mono == 6.0


def test_recovery_reads_older_files_when_the_newest_was_torn(tmp_path: Path) -> None:
    """A power cut may tear the beginning of a new file: the open calls are then found in the one before."""
    with JournalWriter(tmp_path, fsync=False) as writer:
        writer.append(step("c1"))
        writer.append(step("c2"))
    JournalWriter(tmp_path, fsync=False).close()
    newest = file_path(tmp_path, sequences(tmp_path)[-1])
    first_lines = newest.read_bytes().splitlines(keepends=True)[:2]
    newest.write_bytes(b"".join(first_lines))
    assert sorted(call.id for call in open_calls(tmp_path)) == ["c1", "c2"]
    newest.write_bytes(b"")
    assert sorted(call.id for call in open_calls(tmp_path)) == ["c1", "c2"]
    assert all(len(call.events) == 1 for call in open_calls(tmp_path))


def test_lines_are_made_durable_by_another_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call never waits for the disk: fsync follows each line, on a thread of its own."""
    synced: list[threading.Thread] = []
    seen = threading.Event()

    def fdatasync(fd: int) -> None:
        synced.append(threading.current_thread())
        seen.set()

    monkeypatch.setattr("storage.journal.writer.os.fdatasync", fdatasync)
    with JournalWriter(tmp_path) as writer:
        for number in range(3):
            seen.clear()
            writer.append(step("c1", f"n{number}"))
            assert seen.wait(30)
        assert threading.main_thread() not in synced


def test_a_disk_that_fails_to_sync_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An input/output error is told when it begins and when it is over, not forty times a second."""
    told: list[str] = []
    over = threading.Event()
    failures = [3]

    def fdatasync(fd: int) -> None:
        if failures[0]:
            failures[0] -= 1
            raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr("storage.journal.writer.os.fdatasync", fdatasync)

    def recovered() -> None:
        told.append("recovered")
        over.set()

    with JournalWriter(
        tmp_path, on_error=lambda error: told.append("error"), on_recovered=recovered
    ) as writer:
        while not over.wait(0.02):
            writer.append(step("c1"))
    assert told == ["error", "recovered"]


def test_only_one_writer(tmp_path: Path) -> None:
    """A second b2bua on the same data directory is refused."""
    with JournalWriter(tmp_path, fsync=False), pytest.raises(JournalBusy):
        JournalWriter(tmp_path, fsync=False)
    JournalWriter(tmp_path, fsync=False).close()


def test_numbers_of_files_grow_although_the_old_ones_are_gone(tmp_path: Path) -> None:
    """A place that the ledger kept never means another file, even when the journal was deleted."""
    with JournalWriter(tmp_path, fsync=False) as writer:
        old = writer.position
    for path in tmp_path.iterdir():
        path.unlink()
    with JournalWriter(tmp_path, fsync=False) as writer:
        assert writer.position.sequence >= old.sequence


class FullDisk:
    """Stands for ``os.write`` on a disk that has room for so many bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.room = room
        self._write = os.write
        monkeypatch.setattr("storage.journal.writer.os.write", self)

    def __call__(self, fd: int, data: bytes) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self._write(fd, data[: self.room])
        self.room -= written
        return written


def test_a_full_disk_raises_into_no_call_and_loses_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk is full calls go on; lines wait in memory and are written in order when there is room."""
    told: list[str] = []
    writer = JournalWriter(
        tmp_path,
        fsync=False,
        reserve=0,
        on_error=lambda error: told.append(f"error {error.errno}"),
        on_recovered=lambda: told.append("recovered"),
    )
    disk = FullDisk(monkeypatch, room=250)
    written = [step("c1", f"n{number}") for number in range(10)]
    for event in written[:8]:
        writer.append(event)
    assert writer.failing
    on_disk = events(tmp_path)
    assert on_disk == written[: len(on_disk)]
    assert len(on_disk) < 8
    disk.room = 10**9
    for event in written[8:]:
        writer.append(event)
    writer.close()
    assert events(tmp_path) == written
    assert told == [f"error {errno.ENOSPC}", "recovered"]


def test_the_reserve_is_given_up_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal keeps some space back for the moment the disk is full, so that records go on."""
    writer = JournalWriter(tmp_path, fsync=False, reserve=4096)
    reserve = tmp_path / "reserve"
    assert reserve.stat().st_size == 4096
    disk = FullDisk(monkeypatch, room=0)
    unlink = Path.unlink

    def give_up(path: Path, missing_ok: bool = False) -> None:
        unlink(path, missing_ok)
        disk.room = 4096

    monkeypatch.setattr(Path, "unlink", give_up)
    writer.append(step("c1"))
    assert not writer.failing
    assert not reserve.exists()
    assert events(tmp_path) == [step("c1")]
    writer.close()


def test_a_journal_opens_on_a_full_disk_by_its_reserve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A box that is started again while the disk is full takes calls, and keeps space back again later."""
    with JournalWriter(tmp_path, fsync=False, reserve=4096) as before:
        before.append(step("c1"))
    reserve = tmp_path / "reserve"
    disk = FullDisk(monkeypatch, room=0)
    unlink = Path.unlink

    def give_up(path: Path, missing_ok: bool = False) -> None:
        unlink(path, missing_ok)
        disk.room += 4096 * (path == reserve)

    monkeypatch.setattr(Path, "unlink", give_up)
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_bavail=disk.room, f_frsize=1))
    with JournalWriter(tmp_path, reserve=4096) as writer:
        writer.append(step("c2"))
        assert not writer.failing
        assert not reserve.exists()
        disk.room = 4 * 4096 + 2048
        writer.append(step("c3"))
        wait_until(reserve.exists, "space is kept back again")
    assert events(tmp_path) == [step("c1"), step("c2"), step("c3")]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["step", "end", "marks", "restart"])), max_size=60),
    st.integers(300, 3000),
)
def test_open_calls_are_those_without_an_end(
    tmp_path_factory: pytest.TempPathFactory, course: list[tuple[int, str]], rotate_at: int
) -> None:
    """After any writes, rotations and restarts recovery finds exactly the open calls, each line once."""
    directory = tmp_path_factory.mktemp("journal")
    expected: dict[str, list[Event]] = {}
    writer = JournalWriter(directory, fsync=False, rotate_at=rotate_at, reserve=0)
    mono = 0.0
    ended = 0
    for number, (which, what) in enumerate(course):
        mono += 1.0
        call = f"c{which}"
        if what == "restart":
            writer.close()
            writer = JournalWriter(directory, fsync=False, rotate_at=rotate_at, reserve=0)
        elif what == "marks":
            writer.append(Marks(at=NOON + mono, mono=mono, calls=list(expected)))
        elif what == "end":
            if expected.pop(call, None) is not None:
                writer.append(end(call, mono))
                ended += 1
        else:
            event = step(call, f"n{number}", mono)
            expected.setdefault(call, []).append(event)
            writer.append(event)
    writer.close()
    assert {call.id: call.events for call in open_calls(directory)} == expected
    assert sum(isinstance(event, Ended) for event in events(directory)) == ended


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 9)), max_size=60),
    grouped=st.booleans(), full=st.sets(st.integers(0, 59)),
)  # fmt: skip
def test_the_newest_file_tells_every_open_call(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch,
    lines: list[tuple[int, int, int]], grouped: bool, full: set[int],
) -> None:  # fmt: skip
    """However lines are grouped and wherever the disk was full: older files may be deleted."""
    directory = tmp_path_factory.mktemp("journal")
    expected: dict[str, list[Event]] = {}
    with monkeypatch.context() as patch:
        writer = JournalWriter(directory, fsync=False, grouped=grouped, rotate_at=700, reserve=0)
        disk = FullDisk(patch, room=10**9)
        for nth, (who, length, what) in enumerate(lines):
            disk.room = 40 if nth in full else 10**9
            if nth not in full:
                with writer._lock:
                    writer._drain()
            call = f"c{who}"
            event: Event = end(call) if what == 0 else step(call, "n" * (length + 1), float(nth))
            writer.append(event)
            if what == 0:
                expected.pop(call, None)
            else:
                expected.setdefault(call, []).append(event)
            if what > 4:
                writer.flush()
        disk.room = 10**9
        writer.close()
    for number in sequences(directory)[:-1]:
        file_path(directory, number).unlink()
    assert {call.id: call.events for call in open_calls(directory)} == expected


def test_lines_that_were_dropped_put_no_others_out_of_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When memory could not hold all that a full disk refused, the next file tells what there is."""
    monkeypatch.setattr(journal_writer, "BACKLOG_BYTES", 300)
    writer = JournalWriter(tmp_path, fsync=False, reserve=0, rotate_at=2000)
    writer.append(step("kept"))
    disk = FullDisk(monkeypatch, room=0)
    for number in range(8):
        writer.append(step("kept" if number == 7 else "lost", f"n{number}"))
    disk.room = 10**9
    with writer._lock:
        writer._drain()
    while len(sequences(tmp_path)) == 1:
        writer.append(step("other"))
    writer.close()
    written: dict[str, list[Event]] = {}
    for event in events(tmp_path):
        assert isinstance(event, Step)
        written.setdefault(event.call, []).append(event)
    assert len(written["kept"]) == 2
    assert 0 < len(written["lost"]) < 7
    file_path(tmp_path, sequences(tmp_path)[0]).unlink()
    assert {call.id: call.events for call in open_calls(tmp_path)} == written


def test_a_grouped_writer_keeps_lines_until_it_is_told(tmp_path: Path) -> None:
    """What allows no message yet costs no write of its own; closing writes what is left."""
    with JournalWriter(tmp_path, grouped=True) as writer:
        writer.append(step("A"))
        writer.append(step("A", "ringback"))
        assert events(tmp_path) == []
        writer.flush()
        assert events(tmp_path) == [step("A"), step("A", "ringback")]
        writer.append(end("A"))
    assert events(tmp_path) == [step("A"), step("A", "ringback"), end("A")]
