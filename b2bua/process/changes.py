"""Tells who waits for it that calls, queues or agents have changed; what changed, he asks then."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred

from b2bua.calls.ports import Journal
from b2bua.control_floor import Changed
from storage.journal import Event

SETTLE_SECONDS = 0.05
"""What belongs to one event changes within it: those who wait are told once."""
MOST_SECONDS = 20.0
"""A wait is answered after so long, changed or not."""


class Changes:
    """Counts changes."""

    def __init__(self, later: Callable[[float, Callable[[], None]], object], begin: int) -> None:
        """``later(seconds, action)`` is a timer; ``begin`` is no count that the process before reached."""
        self._later = later
        self._count = begin
        self._waiting: list[Deferred[Changed]] = []
        self._is_due = False

    def touch(self) -> None:
        """Note that something changed."""
        self._count += 1
        if self._waiting and not self._is_due:
            self._is_due = True
            self._later(SETTLE_SECONDS, self._tell)

    def after(self, seen: int) -> Deferred[Changed]:
        """Fire as soon as the count is another than ``seen``, or after :data:`MOST_SECONDS`."""
        told: Deferred[Changed] = Deferred()
        if seen != self._count:
            told.callback(Changed(self._count))
            return told
        self._waiting.append(told)
        self._later(MOST_SECONDS, lambda: self._give_up(told))
        return told

    def _tell(self) -> None:
        self._is_due = False
        waiting, self._waiting = self._waiting, []
        for told in waiting:
            told.callback(Changed(self._count))

    def _give_up(self, told: Deferred[Changed]) -> None:
        if told in self._waiting:
            self._waiting.remove(told)
            told.callback(Changed(self._count))


class WatchedJournal:
    """The journal, each of whose lines is a change of a call."""

    def __init__(self, journal: Journal, changes: Changes) -> None:
        self._journal = journal
        self._changes = changes

    @property
    def failing(self) -> bool:
        """Whether the disk takes no lines."""
        return self._journal.failing

    @property
    def position(self) -> tuple[int, int]:
        """Where the next line will stand."""
        return self._journal.position

    def append(self, event: Event) -> None:
        """Write it, and tell."""
        self._journal.append(event)
        self._changes.touch()
