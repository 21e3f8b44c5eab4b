"""Webhooks' part of the process's work in the store: calls' events in, recordings looked for."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from b2bua.notices.call_events import CallEvents
from domain.notices.ways import CallEvent
from storage.connection import MainDatabase
from storage.journal import Position
from storage.models import Root
from storage.notices.webhooks import (
    Happening,
    await_recording,
    listening_tenants,
    put_happening,
    tell_recordings,
)
from storage.recordings import Recordings

PLACE_SECONDS: Final = 60.0
"""How often the place in the journal is stored when nothing else is."""


class Hooks:
    """For one thread; every method may raise StoreDown, after which all is read again."""

    def __init__(self, database: MainDatabase, journal: Path, recordings: Recordings) -> None:
        self._database = database
        self._journal = journal
        self._recordings = recordings
        self._events: CallEvents | None = None
        self._untold: list[Happening] = []
        self._version = -1
        self._listening: frozenset[str] = frozenset()
        self._since: dict[str, float] = {}
        """Tenants whose first webhook came while this ran: what was before it, they did not ask for."""
        self._stepped = 0.0
        self._place_due = self._forget_due = 0.0

    def close(self) -> None:
        """Let the journal go."""
        if self._events is not None:
            self._events.close()

    def step(self, now: float) -> None:
        """Put into the outbox what happened since the last step."""
        version, place = self._database.read(lambda root: (root.version, root.notices.place))
        if version != self._version:  # to look at every tenant each time would cost
            self._look_who_listens(version)
        self._stepped = now
        listening, since = self._listening, self._since
        if not listening:
            self.close()
            self._events = None
            return
        if self._events is None:
            self._events = CallEvents(self._journal, Position(*place))
        self._untold += [
            each
            for each in self._events.read()
            if each.tenant in listening and each.at >= since.get(each.tenant, 0.0)
        ]
        if self._untold or now >= self._place_due:
            place = self._events.place
            self._database.transact(lambda root: _put(root, self._untold, place, now), note="webhooks")
            self._untold.clear()
            self._place_due = now + PLACE_SECONDS
        self._look_for_recordings(now)

    def _look_who_listens(self, version: int) -> None:
        listening = self._database.read(listening_tenants)
        if self._version >= 0:
            self._since.update(dict.fromkeys(listening - self._listening, self._stepped))
        self._version, self._listening = version, listening

    def _look_for_recordings(self, now: float) -> None:
        awaited = self._database.read(lambda root: list(root.notices.awaited))
        if not awaited:
            return
        there = self._recordings.known(awaited)
        if there or now >= self._forget_due:
            self._database.transact(lambda root: tell_recordings(root, there, now), note="webhooks")
            self._forget_due = now + PLACE_SECONDS


def _put(root: Root, happenings: list[Happening], place: Position, now: float) -> None:
    for happening in happenings:
        if happening.event is CallEvent.RECORDED:
            await_recording(root, happening, now)
        else:
            put_happening(root, happening, now)
    root.notices.place = (place.sequence, place.offset)
