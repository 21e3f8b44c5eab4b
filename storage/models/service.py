"""What was written and asked, counted day by day as it happens: figures for reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
from BTrees.OOBTree import OOBTree, OOTreeSet
from persistent import Persistent

from domain.analysis.service import Service
from storage.records.call_id import day_of

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Service).decode
_LAST: Final = "\U0010ffff"


class Happened(NamedTuple):
    """Something that was counted."""

    desk: str
    at: float
    """UTC POSIX seconds."""
    what: str
    """Id of the ticket, or of the conversation, and its text's after a ``/`` where it was one."""


class ServiceDay(Persistent):  # type: ignore[misc]
    """A desk's day: an object of its own, so that desks do not wait for each other."""

    def __init__(self) -> None:
        self._service = _encode(Service())
        self.events: Any = OOTreeSet()
        """(Figure, its moment in ms as 14 digits, what it was, which of the same) of all that was counted one
        by one: what stands behind the figures."""

    def note(self, at: float, service: Service, what: str) -> None:
        """Keep what was counted at a moment."""
        moment = f"{int(at * 1000):014d}"
        for figure in service.counted():
            place = 0
            while (figure, moment, what, place) in self.events:
                place += 1
            self.events.insert((figure, moment, what, place))

    def of(self, figure: str) -> list[tuple[str, str, str, int]]:
        """Return what was counted in a figure, oldest first."""
        return list(self.events.keys((figure, "", "", 0), (figure, _LAST, "", 0)))

    @property
    def value(self) -> Service:
        """What was counted."""
        return _decode(self._service)

    @value.setter
    def value(self, value: Service) -> None:
        self._service = _encode(value)


class ServiceBook(Persistent):  # type: ignore[misc]
    """Everybody's days."""

    def __init__(self) -> None:
        self.days: Any = OOBTree()
        """(Tenant, or the operator (``""``), ``YYYYMMDD`` in Beijing) -> ServiceDay."""

    def count(self, desk: str, at: float, service: Service, what: str) -> None:
        """Count something that happened at a moment (UTC POSIX seconds).

        ``what``: id of the ticket, or of the conversation, and its text's after a ``/`` where it was one.
        """
        key = (desk, day_of(round(at * 1000)))
        day = self.days.get(key)
        if day is None:
            day = self.days[key] = ServiceDay()
        day.value += service
        day.note(at, service, what)

    def between(self, desk: str | None, first: str, last: str) -> Service:
        """Return what a desk, or (None) all of them, had in some days (``YYYYMMDD``, both included)."""
        found = Service()
        for _, held in self._between(desk, first, last):
            found += held.value
        return found

    def _between(
        self, desk: str | None, first: str, last: str
    ) -> Iterator[tuple[tuple[str, str], ServiceDay]]:
        bounds = (("", ""), (_LAST, "")) if desk is None else ((desk, first), (desk, last))
        return ((key, held) for key, held in self.days.items(*bounds) if first <= key[1] <= last)

    def behind(
        self, desk: str | None, first: str, last: str, figure: str, after: str = ""
    ) -> Iterator[tuple[str, Happened]]:
        """Yield cursors and all that :meth:`between` counted in a figure, the latest first."""
        place = tuple(after.split(":"))
        days: dict[str, list[tuple[str, ServiceDay]]] = {}
        for (whose, day), held in self._between(desk, first, last):
            days.setdefault(day, []).append((whose, held))
        for day in sorted(days, reverse=True):
            found = [
                (day, moment, whose, what, f"{number:06d}")
                for whose, held in days[day]
                for _, moment, what, number in held.of(figure)
            ]
            for cursor in sorted(found, reverse=True):
                if len(place) != len(cursor) or cursor < place:
                    yield ":".join(cursor), Happened(cursor[2], int(cursor[1]) / 1000, cursor[3])
