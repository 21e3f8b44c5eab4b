"""What happens to calls, out of the journal, for tenants with webhooks."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Final

from domain.notices.ways import CallEvent
from storage.journal import Entry, JournalReader, Position
from storage.journal.events import Bridged, DialogNow, LegDialled, Marks, MediaMeasured, Started
from storage.notices.webhooks import Happening, facts_of_end, facts_of_start
from storage.records.gather import Gatherer
from storage.records.record import CallRecord

MOST_CALLS: Final = 1000


class CallEvents:
    """Follows the journal; ``place`` is where to begin after a restart, what is met twice is told once."""

    def __init__(self, journal: Path, place: Position) -> None:
        self._reader = JournalReader(
            journal, place if place > (0, 0) else None, without=(DialogNow, Marks, MediaMeasured)
        )
        self._gatherer = Gatherer()
        self._reached = place
        self._starts: dict[str, Started] = {}
        self._targets: dict[tuple[str, str], str] = {}
        self._talked: set[str] = set()

    @property
    def place(self) -> Position:
        """Where reading must begin to meet every line of the calls open now."""
        return self._gatherer.rebuild_from(self._reached)

    def close(self) -> None:
        """Let the journal go."""
        self._reader.close()

    def read(self) -> list[Happening]:
        """Return what happened since the last time, a bounded part of it."""
        entries = deque(self._reader.read())
        found: list[Happening] = []
        for entry in entries:
            happening = self._looked_at(entry)
            if happening is not None:
                found.append(happening)
        while entries:
            records, self._reached = self._gatherer.take(entries, MOST_CALLS)
            for record in records:
                found += self._ended(record)
        return found

    def _looked_at(self, entry: Entry) -> Happening | None:
        event = entry.event
        if isinstance(event, Started):
            self._starts[event.call] = event
            if event.tenant is None or entry.restated:
                return None
            facts = facts_of_start(event)
            return Happening(CallEvent.STARTED, event.tenant, event.call, event.at, facts)
        if isinstance(event, LegDialled):
            self._targets[event.call, event.leg] = event.target
        elif isinstance(event, Bridged) and event.call not in self._talked:
            self._talked.add(event.call)
            start = self._starts.get(event.call)
            if start is not None and start.tenant is not None:
                by = self._targets.get((event.call, event.leg), "")
                facts = {**facts_of_start(start), "answered_by": by}
                return Happening(CallEvent.ANSWERED, start.tenant, event.call, event.at, facts)
        return None

    def _ended(self, record: CallRecord) -> list[Happening]:
        self._starts.pop(record.id, None)
        self._talked.discard(record.id)
        for key in [(record.id, leg.leg) for leg in record.legs]:
            self._targets.pop(key, None)
        if record.tenant is None:
            return []
        ended = Happening(CallEvent.ENDED, record.tenant, record.id, record.end, facts_of_end(record))
        if not record.recorded:
            return [ended]
        facts = {
            "number": record.number,
            "caller": record.caller,
            "answered_by": record.answered_by,
            "recording": record.recording,
        }
        return [ended, Happening(CallEvent.RECORDED, record.tenant, record.id, record.end, facts)]
