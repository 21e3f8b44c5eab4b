"""A journal in memory."""

from __future__ import annotations

from typing import TypeVar

from storage.journal import Event

E = TypeVar("E")


class MemoryJournal:
    """Twin of ``storage.journal.JournalWriter``; also writes ``journal <tag> ...`` into a shared log."""

    def __init__(self, log: list[str] | None = None) -> None:
        self.events: list[Event] = []
        self.failing = False
        self._log = [] if log is None else log

    @property
    def position(self) -> tuple[int, int]:
        """Count the events."""
        return 1, len(self.events)

    def append(self, event: Event) -> None:
        """Keep the event."""
        self.events.append(event)
        tag = str(event.__struct_config__.tag)
        self._log.append(f"journal {tag} {getattr(event, 'leg', '')}".rstrip())

    def of(self, kind: type[E]) -> list[E]:
        """Return the events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def tags(self) -> list[str]:
        """Return the tags of all events, in order."""
        return [str(event.__struct_config__.tag) for event in self.events]
