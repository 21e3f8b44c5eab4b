"""What the box wrote down of the calls of a test, read from its journal as they end."""

from __future__ import annotations

from pathlib import Path

from storage.journal import Event, JournalReader
from storage.journal.events import Ended, Marks, Started
from storage.records.fold import fold
from storage.records.record import CallRecord
from tests.product.waiting import wait_until


class JournalView:
    """Follows the journal of a running box."""

    def __init__(self, directory: Path) -> None:
        self._reader = JournalReader(directory)
        self._events: dict[str, list[Event]] = {}
        self._by_call_id: dict[str, list[str]] = {}

    def read(self) -> None:
        """Take in what is new."""
        while entries := self._reader.read():
            for entry in entries:
                event = entry.event
                if isinstance(event, Marks) or entry.restated:
                    continue
                self._events.setdefault(event.call, []).append(event)
                if isinstance(event, Started):
                    self._by_call_id.setdefault(event.sip_call_id, []).append(event.call)

    def open_calls(self) -> list[str]:
        """Return the calls that have no last line yet."""
        self.read()
        return [call for call, events in self._events.items() if not isinstance(events[-1], Ended)]

    def calls(self, sip_call_id: str) -> list[str]:
        """Return the calls that a Call-ID of a caller has made."""
        self.read()
        return self._by_call_id.get(sip_call_id, [])

    def record(self, sip_call_id: str, seconds: float = 20.0) -> CallRecord:
        """Return the record of a caller's call, once it is over; make sure that there is exactly one."""

        def over() -> bool:
            calls = self.calls(sip_call_id)
            return bool(calls) and all(isinstance(self._events[call][-1], Ended) for call in calls)

        wait_until(over, f"the record of {sip_call_id}", seconds, lambda: str(self.calls(sip_call_id)))
        calls = self.calls(sip_call_id)
        assert len(calls) == 1, f"{len(calls)} records of one call"
        events = self._events[calls[0]]
        assert sum(isinstance(event, Ended) for event in events) == 1, events
        return fold(events)

    def records(self) -> dict[str, CallRecord]:
        """Return the records of all calls that are over."""
        self.read()
        return {call: fold(events) for call, events in self._events.items() if isinstance(events[-1], Ended)}

    def events(self, sip_call_id: str) -> list[Event]:
        """Return all lines of a caller's call."""
        (call,) = self.calls(sip_call_id)
        return self._events[call]

    def close(self) -> None:
        """Close the file."""
        self._reader.close()
