"""What was written and asked, counted day by day as it happens: figures for reports."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.analysis.service import Service
from storage.call_id import day_of

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Service).decode
_LAST: Final = "\U0010ffff"


class ServiceDay(Persistent):  # type: ignore[misc]
    """A desk's day: an object of its own, so that desks do not wait for each other."""

    def __init__(self) -> None:
        self._service = _encode(Service())

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

    def count(self, desk: str, at: float, service: Service) -> None:
        """Count something that happened at a moment (UTC POSIX seconds)."""
        key = (desk, day_of(round(at * 1000)))
        day = self.days.get(key)
        if day is None:
            day = self.days[key] = ServiceDay()
        day.value += service

    def between(self, desk: str | None, first: str, last: str) -> Service:
        """Return what a desk, or (None) all of them, had in some days (``YYYYMMDD``, both included)."""
        found = Service()
        bounds = (("", ""), (_LAST, "")) if desk is None else ((desk, first), (desk, last))
        for (_, day), held in self.days.items(*bounds):
            if first <= day <= last:
                found += held.value
        return found
