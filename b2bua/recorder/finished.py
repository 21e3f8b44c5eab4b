"""Find the calls that ended, in the journal, each once and none forgotten.

The place from which the journal must be read again after a crash is the first line of the oldest call that is
not done; it is kept in ``spool/recorder.json``. A later journal file that re-states an open call moves it on.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from b2bua.recorder.spool_folder import NO_CALLS
from storage.data_directory import DataDirectory, write_atomically
from storage.journal import Entry, JournalReader, Position
from storage.journal.events import (
    Answered,
    Bridged,
    Ended,
    Event,
    LegDialled,
    LegEnded,
    Marks,
    MessageBegan,
    MessageEnded,
    RecordingStopped,
    Spooled,
    Started,
    TakesPart,
    Unbridged,
)

_WANTED: Final[frozenset[Any]] = frozenset(
    {
        Started,
        Answered,
        Bridged,
        Unbridged,
        TakesPart,
        LegDialled,
        LegEnded,
        Spooled,
        Ended,
        RecordingStopped,
        MessageBegan,
        MessageEnded,
    }
)


class Progress(msgspec.Struct, frozen=True):
    """Content of ``spool/recorder.json``."""

    sequence: int
    offset: int
    suspects: dict[str, int] = {}
    """Calls whose composing ended the recorder itself -> how often."""


def progress_path(data: DataDirectory) -> Path:
    """Return where the recorder keeps its place in the journal."""
    return data.spool / "recorder.json"


def read_progress(path: Path) -> Progress | None:
    """Return the place kept, or None without a readable one (the whole journal is read then)."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Progress)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


class _Call:
    __slots__ = ("adopted", "events", "first")

    def __init__(self, first: Position, adopted: int) -> None:
        self.first = first
        self.adopted = adopted
        """Journal file whose re-stated lines were taken; 0: the call was seen from its beginning."""
        self.events: list[Event] = []


class FinishedCalls:
    """Follows the journal; hands out ended calls and remembers them until they are done."""

    def __init__(self, journal: Path, progress: Progress | None) -> None:
        position = None if progress is None else Position(progress.sequence, progress.offset)
        self._reader = JournalReader(journal, position)
        self._open: dict[str, _Call] = {}
        self._ended: dict[str, _Call] = {}

    def close(self) -> None:
        """Let the journal go."""
        self._reader.close()

    def poll(self) -> list[tuple[str, list[Event]]] | None:
        """Return calls to be recorded that ended in the next lines, with all their lines; None: no lines."""
        found: list[tuple[str, list[Event]]] = []
        entries = self._reader.read()
        if not entries:
            return None
        for entry in entries:
            event = entry.event
            if type(event) not in _WANTED:
                continue
            assert not isinstance(event, Marks)
            call = self._known(event.call, entry)
            if call is None:
                continue
            call.events.append(event)
            if isinstance(event, Ended):
                del self._open[event.call]
                self._ended[event.call] = call
                found.append((event.call, call.events))
                call.events = []
        return found

    def _known(self, name: str, entry: Entry) -> _Call | None:
        """Return the call a line belongs to, None when the line is of no use."""
        call = self._open.get(name)
        if call is None:
            event = entry.event
            if isinstance(event, Started) and event.record and name not in self._ended:
                adopted = entry.sequence if entry.restated else 0
                call = self._open[name] = _Call(Position(entry.sequence, entry.start), adopted)
            elif isinstance(event, MessageBegan) and name not in self._ended:  # the call is not recorded
                adopted = entry.sequence if entry.restated else 0
                call = self._open[name] = _Call(Position(entry.sequence, entry.start), adopted)
                call.events.append(_start_of(event))
            return call
        if entry.restated:
            if call.first.sequence != entry.sequence:
                call.first = Position(entry.sequence, entry.start)
            if call.adopted != entry.sequence:
                return None  # known from an earlier file
        return call

    def done(self, names: Iterable[str]) -> None:
        """Forget calls whose recordings are safe."""
        for name in names:
            self._ended.pop(name, None)

    @property
    def pending(self) -> int:
        """How many ended calls are not done."""
        return len(self._ended)

    def is_known(self, name: str) -> bool:
        """Whether a call is up or waits to be composed."""
        return name in self._open or name in self._ended

    @property
    def position(self) -> Position:
        """From where on the journal is needed."""
        return min(
            (call.first for calls in (self._open, self._ended) for call in calls.values()),
            default=self._reader.position,
        )

    def save(self, path: Path, suspects: dict[str, int]) -> None:
        """Keep the place; raises OSError."""
        position = self.position
        progress = Progress(position.sequence, position.offset, suspects)
        write_atomically(path, msgspec.json.encode(progress))


def _start_of(message: MessageBegan) -> Started:
    """Return what the recorder wants to know of the beginning of a call that is not recorded."""
    return Started(
        call=message.call,
        at=message.at,
        mono=message.mono,
        trunk=None,
        source="",
        sip_call_id="",
        called_raw=message.number,
        called=message.number,
        caller_raw=message.caller,
        caller=message.caller,
        tenant=message.tenant,
        number=message.number,
    )


def spooled_calls(spool: Path) -> list[str]:
    """Return the names of the calls that have a spool directory."""
    with os.scandir(spool) as entries:
        return [
            entry.name
            for entry in entries
            if entry.is_dir(follow_symlinks=False) and entry.name not in NO_CALLS
        ]
