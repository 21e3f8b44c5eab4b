"""Gather the lines of each call until its last one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path

from storage.journal import Entry, JournalReader, Position, whole_beginning
from storage.journal.events import DialogNow, Ended, Event, Marks
from storage.records.fold import fold
from storage.records.record import CallRecord

NOWHERE = Position(0, 0)


class _OpenCall:
    __slots__ = ("adopted", "events", "first")

    def __init__(self, first: Position, adopted: int) -> None:
        self.first = first
        """Where its lines can be read from."""
        self.adopted = adopted
        """The file whose re-stated lines it is made of; 0: its lines were read as they happened."""
        self.events: list[Event] = []


class Gatherer:
    """Makes a record of each call whose last line comes by.

    ``committed``: calls that ended before are recorded already, and are dropped when met again.
    """

    def __init__(self, committed: Position = NOWHERE) -> None:
        self.committed = committed
        self._open: dict[str, _OpenCall] = {}

    @property
    def open_calls(self) -> int:
        """Calls whose last line has not come."""
        return len(self._open)

    def rebuild_from(self, end: Position) -> Position:
        """Return where reading must begin to meet every line of the calls open now; ``end`` without any."""
        return min((call.first for call in self._open.values()), default=end)

    def take(self, entries: deque[Entry], most: int) -> tuple[list[CallRecord], Position]:
        """Take lines away from ``entries`` until there are none, or ``most`` calls have ended.

        Return the records of the calls that ended and are not recorded yet, and the place after the last line
        taken. ``entries`` must not be empty, and without marks.
        """
        records: list[CallRecord] = []
        calls, next_entry = self._open, entries.popleft
        while entries and len(records) < most:
            event, sequence, start, end, restated = next_entry()
            name = event.call  # type: ignore[union-attr]
            call = calls.get(name)
            if call is None:
                call = calls[name] = _OpenCall(Position(sequence, start), sequence if restated else 0)
            elif restated and call.adopted != sequence:
                # Its lines are known from earlier files, which are needed no more: they are all here again.
                if call.first.sequence != sequence:
                    call.first = Position(sequence, start)
                continue
            call.events.append(event)
            if type(event) is Ended:
                del calls[name]
                if (sequence, end) > self.committed:
                    records.append(fold(call.events))
        return records, Position(sequence, end)


def ended_since(journal: Path, place: Position) -> Iterator[tuple[CallRecord, Position]]:
    """Yield the record of each call that ended after a place of the journal, and where its last line ends."""
    gatherer = Gatherer(place)
    reader = JournalReader(journal, whole_beginning(journal, place), without=(DialogNow, Marks))
    try:
        while entries := deque(reader.read()):
            while entries:
                records, reached = gatherer.take(entries, 1)
                for record in records:
                    yield record, reached
    finally:
        reader.close()
