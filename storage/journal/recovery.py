"""What a crash left open: the calls without a last line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from storage.journal.events import Ended, Event, Marks
from storage.journal.line import Position, file_path, sequences
from storage.journal.reader import Entry, JournalReader


class OpenCall(NamedTuple):
    """A call that has no ``Ended`` line.

    It is known to have been up until ``last_at`` / ``last_mono``: its last line or the last mark that
    names it, whichever is later. Recovery lines carry these times, since the box may have been started
    anew in between.
    """

    id: str
    events: list[Event]
    mark: Marks | None
    """The last mark that names it."""
    last_at: float
    last_mono: float


class Gathering:
    """Gathers the events of calls from entries, each event once although files re-state open calls."""

    def __init__(self) -> None:
        self.events: dict[str, list[Event]] = {}
        self.marks: dict[str, Marks] = {}
        self._adopted: dict[str, int] = {}

    def add(self, entry: Entry) -> None:
        """Take one entry."""
        event = entry.event
        if isinstance(event, Marks):
            for call in event.calls:
                if call in self.events:
                    self.marks[call] = event
            return
        known = self.events.get(event.call)
        if entry.restated and known is not None and self._adopted.get(event.call) != entry.sequence:
            return
        if isinstance(event, Ended):
            self.events.pop(event.call, None)
            self.marks.pop(event.call, None)
            self._adopted.pop(event.call, None)
        elif known is None:
            self.events[event.call] = [event]
            if entry.restated:
                self._adopted[event.call] = entry.sequence
        else:
            known.append(event)


def open_calls(directory: Path | str) -> list[OpenCall]:
    """Return every call without ``Ended``, oldest first. Reads the newest file, more if it was torn."""
    gathering = Gathering()
    reader = JournalReader(directory, whole_beginning(directory))
    while entries := reader.read():
        for entry in entries:
            gathering.add(entry)
    reader.close()
    return [_open_call(call, events, gathering.marks.get(call)) for call, events in gathering.events.items()]


def _open_call(call: str, events: list[Event], mark: Marks | None) -> OpenCall:
    latest: Event = events[-1]
    if mark is not None and mark.mono > latest.mono:  # of one boot, as the call is; the clock may be set
        latest = mark
    return OpenCall(call, events, mark, latest.at, latest.mono)


def whole_beginning(directory: Path | str, before: Position | None = None) -> Position:
    """Return the beginning of the last file that states all calls open then, of those begun before a place.

    When even the oldest file is torn there, its beginning.
    """
    numbers = [each for each in sequences(Path(directory)) if before is None or each <= before.sequence]
    for sequence in reversed(numbers):
        if _is_whole(directory, sequence):
            return Position(sequence, 0)
    return Position(numbers[0] if numbers else 0, 0)


def _is_whole(directory: Path | str, sequence: int) -> bool:
    reader = JournalReader(directory, Position(sequence, 0))
    restated = 0
    while (entries := reader.read()) and reader.header is not None and reader.header.sequence == sequence:
        restated += sum(entry.restated for entry in entries)
        if restated >= reader.header.restated or not entries[-1].restated:
            break
    header = reader.header
    reader.close()
    return header is not None and header.sequence == sequence and restated >= header.restated


def cut_torn_tail(directory: Path, sequence: int) -> int:
    """Cut an unfinished last line off a file and return how many bytes went."""
    path = file_path(directory, sequence)
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        keep = size
        while keep > 0:
            step = min(keep, 65536)
            file.seek(keep - step)
            found = file.read(step).rfind(b"\n")
            if found >= 0:
                keep = keep - step + found + 1
                break
            keep -= step
        if keep != size:
            file.truncate(keep)
        return size - keep
