"""Append events to the journal: one ``write`` each, durable within 100 ms, never an exception into a call."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event as Flag
from threading import Lock, Thread
from types import TracebackType
from typing import Final, Self

from storage.journal.events import Ended, Event, Marks
from storage.journal.line import (
    RESTATED,
    Header,
    Position,
    encode_event,
    file_path,
    frame,
    header_line,
    reframe,
    sequences,
)
from storage.journal.recovery import cut_torn_tail, open_calls
from storage.journal.reserve import RESERVE, Reserve

log = logging.getLogger(__name__)

ROTATE_AT: Final = 16 * 1024 * 1024
GROUP_SECONDS: Final = 0.04
"""How long the fsync thread gathers lines; with the fsync itself a line is durable within 100 ms."""
RETRY_SECONDS: Final = 0.5
BACKLOG_BYTES: Final = 64 * 1024 * 1024
"""Lines kept in memory while the disk takes none; beyond this the oldest steps are dropped, with an error."""


class JournalBusy(Exception):
    """Another process writes this journal."""


def _log_error(error: OSError) -> None:
    log.error("journal cannot be written: %s", error)


def _log_recovered() -> None:
    log.warning("journal can be written again")


class JournalWriter:
    """The one writer of a journal directory.

    Opening it cuts a torn last line off, begins a new file and re-states there every call that is still
    open, so recovery lines for them may follow at once. ``append`` is for one thread; ``on_error`` and
    ``on_recovered`` may be called from the fsync thread. A ``grouped`` writer keeps lines until ``flush``:
    its owner calls that before whatever the lines allow. Raises :class:`JournalBusy` when another process
    has it open, and OSError when the disk takes no new file.
    """

    def __init__(
        self,
        directory: Path | str,
        *,
        fsync: bool = True,
        grouped: bool = False,
        rotate_at: int = ROTATE_AT,
        reserve: int = RESERVE,
        on_error: Callable[[OSError], None] = _log_error,
        on_recovered: Callable[[], None] = _log_recovered,
    ) -> None:
        self._directory = Path(directory)
        self._directory.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._rotate_at = rotate_at
        self._fsync = fsync
        self.syncs = 0
        """How often lines were made durable."""
        self.sync_seconds = 0.0
        """What that took in all."""
        self._group: list[bytes] | None = [] if grouped else None
        self._group_bytes = 0
        self._on_error = on_error
        self._on_recovered = on_recovered
        self._lock_fd = self._take_lock()
        self._lock = Lock()
        self._backlog: deque[bytes] = deque()
        self._backlog_bytes = 0
        self._failing = False
        self._unsynced = False
        self._retired: list[int] = []
        self._size = 0
        self._fd = -1
        self._open: dict[str, array[int]] = {}
        """Open call -> where its lines begin in the file and how long they are, in turn: those that still
        wait, too. Their text would be a tenth of what a call takes in memory."""
        self._dropped = False
        self._marks = b""
        existing = sequences(self._directory)
        restated: list[tuple[str, bytes]] = []
        if existing:
            cut_torn_tail(self._directory, existing[-1])
            restated = self._lines_of_open_calls()
        # Seconds of today: above any number used before, even when the old files were lost or not restored.
        self._sequence = max(existing[-1] + 1, int(time.time())) if existing else int(time.time())
        self._reserve = Reserve(self._directory, reserve)
        try:
            self._begin_file(restated)
        except OSError:
            if not self._reserve.give_up():
                raise
            self._begin_file(restated)
        self._reserve.keep()
        self._dirty = Flag()
        self._closing = Flag()
        self._thread: Thread | None = None
        if fsync:
            self._thread = Thread(target=self._sync_loop, name="journal-fsync", daemon=True)
            self._thread.start()

    @property
    def position(self) -> Position:
        """The place after the last line that was given; it is written first."""
        self.flush()
        return Position(self._sequence, self._size)

    @property
    def failing(self) -> bool:
        """Whether the disk takes no lines at the moment (they are kept in memory)."""
        return self._failing

    def append(self, event: Event) -> None:
        """Write one event now, or with the next ``flush`` of a grouped writer.

        Never raises for the disk: what it refuses waits in memory and is retried.
        """
        line = frame(encode_event(event))
        if type(event) is Marks:
            self._marks = line
        elif type(event) is Ended:
            self._open.pop(event.call, None)
        else:
            with self._lock:
                place = self._size + self._backlog_bytes + self._group_bytes
            self._keep_place(event.call, place, line)  # type: ignore[union-attr]
        if self._group is not None:
            self._group.append(line)
            self._group_bytes += len(line)
        else:
            self._put(line)

    def flush(self) -> None:
        """Write what a grouped writer was given since the last time; cheap when that is nothing."""
        if self._group:
            lines = b"".join(self._group)
            self._group.clear()
            self._group_bytes = 0
            self._put(lines)

    def _put(self, lines: bytes) -> None:
        with self._lock:
            if self._backlog:
                self._postpone(lines)
            else:
                self._write(lines)
            if self._size >= self._rotate_at and not self._backlog:
                self._rotate()
        if not self._dirty.is_set():
            self._dirty.set()

    def close(self) -> None:
        """Make everything durable and let the directory go. May be called twice."""
        if self._fd < 0:
            return
        self.flush()
        self._closing.set()
        self._dirty.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            self._drain()
            if self._backlog:
                log.critical(
                    "%d journal lines are lost: the disk took none until the end", len(self._backlog)
                )
            self._sync()
            os.close(self._fd)
            self._fd = -1
        os.close(self._lock_fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Opening and rotating.

    def _take_lock(self) -> int:
        fd = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            raise JournalBusy(f"another process writes {self._directory}") from None
        return fd

    def _keep_place(self, call: str, place: int, line: bytes) -> None:
        places = self._open.get(call)
        if places is None:
            places = self._open[call] = array("L")
        places.append(place)
        places.append(len(line))

    def _lines_of_open_calls(self) -> list[tuple[str, bytes]]:
        """Read them as a recovery does, from all files."""
        lines = []
        for call in open_calls(self._directory):
            lines += [(call.id, frame(encode_event(event))) for event in call.events]
            if call.mark is not None:
                self._marks = frame(encode_event(call.mark))
        return lines

    def _lines_to_restate(self) -> list[tuple[str, bytes]]:
        """Read the lines of open calls from the file that ends; nothing waits to be written."""
        if self._dropped:  # later lines are not where they were to be
            lines = [(call, line) for call, line in self._lines_of_open_calls() if call in self._open]
            self._dropped = False
            return lines
        return [
            (call, os.pread(self._fd, length, place))
            for call, places in self._open.items()
            for place, length in zip(places[0::2], places[1::2], strict=True)
        ]

    def _begin_file(self, lines: Sequence[tuple[str, bytes]]) -> None:
        """Create the file whole under a passing name, so that no reader ever sees half a beginning.

        It begins with the lines of calls that are open, each with its call.
        """
        restated = [reframe(line, RESTATED) for _, line in lines]
        if self._marks and lines:
            restated.append(reframe(self._marks, RESTATED))
        header = header_line(Header(self._sequence, len(restated)))
        beginning = header + b"".join(restated)
        path = file_path(self._directory, self._sequence)
        passing = path.with_suffix(".new")
        fd = os.open(passing, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            view = memoryview(beginning)
            while view:
                view = view[os.write(fd, view) :]
            os.rename(passing, path)
        except OSError:
            os.close(fd)
            passing.unlink(missing_ok=True)
            raise
        self._fd = fd
        self._size = len(beginning)
        self._open = {}
        place = len(header)
        for call, line in lines:
            self._keep_place(call, place, line)
            place += len(line)

    def _rotate(self) -> None:
        old, old_sequence = self._fd, self._sequence
        try:
            lines = self._lines_to_restate()
            self._sequence += 1
            self._begin_file(lines)
        except OSError as error:  # stay in the old file, try again when it has grown by another part
            self._sequence = old_sequence
            self._rotate_at += ROTATE_AT
            self._report(error)
            return
        if self._fsync:
            self._retired.append(old)
        else:
            os.close(old)

    # Writing; the lock is held.

    def _write(self, line: bytes) -> None:
        try:
            written = os.write(self._fd, line)
            if written == len(line):
                self._size += written
                return
            os.ftruncate(self._fd, self._size)  # half a line: the disk has just become full
            raise OSError(28, "no space left for the journal")
        except OSError as error:
            if self._reserve.give_up():
                self._write(line)
                return
            self._postpone(line)
            self._report(error)

    def _postpone(self, line: bytes) -> None:
        self._backlog.append(line)
        self._backlog_bytes += len(line)
        while self._backlog_bytes > BACKLOG_BYTES:
            self._backlog_bytes -= len(self._backlog.popleft())
            self._dropped = True
            log.error("journal backlog full: a line was dropped")

    def _report(self, error: OSError) -> None:
        if not self._failing:
            self._failing = True
            self._on_error(error)

    def _drain(self) -> None:
        """Write what waited, oldest first; stop at the first line that the disk still refuses."""
        while self._backlog:
            line = self._backlog[0]
            try:
                written = os.write(self._fd, line)
                if written != len(line):
                    os.ftruncate(self._fd, self._size)
                    return
            except OSError:
                return
            self._size += written
            self._backlog.popleft()
            self._backlog_bytes -= len(line)
        if self._failing:
            self._failing = False
            self._on_recovered()

    # The fsync thread.

    def _sync_loop(self) -> None:
        self._sync_directory()
        while not self._closing.is_set():
            self._dirty.wait(RETRY_SECONDS if self._failing else None)
            self._closing.wait(GROUP_SECONDS)
            self._dirty.clear()
            if self._failing:
                with self._lock:
                    self._drain()
            self._sync()
            self._reserve.keep()

    def _sync(self) -> None:
        with_new_file = bool(self._retired)
        try:
            while self._retired:
                fd = self._retired[0]
                os.fdatasync(fd)
                os.close(fd)
                self._retired.pop(0)
            began = time.monotonic()
            os.fdatasync(self._fd)
            self.sync_seconds += time.monotonic() - began
            self.syncs += 1
            if with_new_file:
                self._sync_directory()
        except OSError as error:
            if not self._unsynced:
                self._unsynced = True
                self._on_error(error)
            return
        if self._unsynced:
            self._unsynced = False
            self._on_recovered()

    def _sync_directory(self) -> None:
        fd = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
