"""Figures for reports, kept as calls end: by hour at first, by day when the day is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, Final

import msgspec
import zstandard
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.analysis.callers import Change
from domain.analysis.figures import Counted, Figures
from domain.analysis.report import day_of_hour

LEVEL: Final = 1
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Figures).decode


class FiguresDocument(Persistent):  # type: ignore[misc]
    """The figures of one hour or day of one number, or of the whole box."""

    def __init__(self, value: Figures) -> None:
        self.value = value

    @property
    def value(self) -> Figures:
        """A copy of the figures."""
        return _decode(zstandard.ZstdDecompressor().decompress(self._figures))

    @value.setter
    def value(self, value: Figures) -> None:
        self._figures = zstandard.ZstdCompressor(level=LEVEL).compress(_encode(value))


class FiguresBook(Persistent):  # type: ignore[misc]
    """Figures by 400 number, or of the whole box by nothing.

    A call that ends rewrites the object of its hour alone. When a later day begins, the hours of the days
    before become one object for each day: the sum stays the same.
    """

    def __init__(self) -> None:
        self.hours: Any = OOBTree()
        """``YYYYMMDDHH/number`` -> FiguresDocument."""
        self.days: Any = OOBTree()
        """``YYYYMMDD/number`` -> FiguresDocument."""

    def add(self, number: str, hour: int, figures: Figures) -> None:
        """Add to the figures of an hour (``hour_number``)."""
        day = day_of_hour(hour).strftime("%Y%m%d")
        key = f"{day}{hour % 24:02}/{number}"
        if key not in self.hours:
            self.close_days(day)
        _add(self.hours, key, figures)

    def close_days(self, before: str) -> None:
        """Put the hours of the days before this one (YYYYMMDD) together."""
        keys = list(self.hours.keys(None, before, False, True))
        days: dict[str, Figures] = {}
        for key in keys:
            day, number = key[:8], key[11:]
            days.setdefault(f"{day}/{number}", Figures()).add(self.hours.pop(key).value)
        for key, figures in days.items():
            _add(self.days, key, figures)

    def between(self, first: str, last: str, number: str | None = None) -> Mapping[str, Figures]:
        """Return the figures of some days (YYYYMMDD, both included) by number, or of one number."""
        found: dict[str, Figures] = {}
        for tree in (self.days, self.hours):
            for key, document in tree.items(first, last + "~"):
                name = key.partition("/")[2]
                if number is None or name == number:
                    found.setdefault(name, Figures()).add(document.value)
        return found


def _add(tree: Any, key: str, figures: Figures) -> None:
    document = tree.get(key)
    if document is None:
        tree[key] = FiguresDocument(figures)
    else:
        value = document.value
        value.add(figures)
        document.value = value


class FiguresTaken:
    """Figures on their way into books: each object is written once, however many calls it counts."""

    def __init__(self) -> None:
        self._books: dict[str, FiguresBook] = {}
        self._taken: dict[tuple[int, str, str], Figures] = {}
        """Hour, tenant, number -> figures."""

    def take(self, tenant: str, book: FiguresBook, calls: Iterable[Counted], again: Iterable[Change]) -> None:
        """Count a tenant's calls for his book, and what they changed for who calls again."""
        self._books[tenant] = book
        together: dict[tuple[int, str], list[Counted]] = defaultdict(list)
        for call in calls:
            together[call.groups.hour, call.groups.number].append(call)
        for (hour, number), some in together.items():
            self._of(hour, tenant, number).take(some)
        for groups, cell in again:
            self._of(groups.hour, tenant, groups.number).count(groups, cell)

    def store(self, whole: FiguresBook) -> None:
        """Add all of it to the books of the tenants and to that of the whole box, the oldest first."""
        of_all: dict[int, Figures] = {}
        for (hour, tenant, number), figures in sorted(self._taken.items(), key=itemgetter(0)):
            self._books[tenant].add(number, hour, figures)
            of_all.setdefault(hour, Figures()).add(figures.in_whole(tenant))
        for hour, figures in of_all.items():
            whole.add("", hour, figures)

    def _of(self, hour: int, tenant: str, number: str) -> Figures:
        return self._taken.setdefault((hour, tenant, number), Figures())
