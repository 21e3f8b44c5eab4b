"""Statements and bills: what an account's entries and calls came to between two days. Pure.

An entry belongs to the day it is about (the calls of a day, the fees of a month), else to the day it was
made. What is made for a month whose bill was closed already belongs to the first day of the next open month,
so that no bill that was given out changes.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Container
from typing import Final

import msgspec

from domain.money.amounts import PAID_IN, Entry, EntryKind
from domain.money.fees import next_month

_OF_MONTHS_START: Final = frozenset({"monthly"})
_OF_MONTHS_END: Final = frozenset({"minimum", "storage"})


class Line(msgspec.Struct, frozen=True, array_like=True):
    """All entries of one kind."""

    kind: EntryKind
    count: int
    li: int
    """As in entries: below 0 takes from the balance."""


class Use(msgspec.Struct, frozen=True, array_like=True):
    """The calls of one day, or of one number."""

    name: str
    """``YYYYMMDD``, or the 400 number."""
    calls: int
    answered: int
    talk_ms: int
    li: int


class Statement(msgspec.Struct, frozen=True):
    """An account between two days, both included."""

    tenant: str
    first_day: str
    """``YYYYMMDD``."""
    last_day: str
    opening_li: int
    closing_li: int
    lines: tuple[Line, ...]
    """By kind; calls of days that are not entries yet are among them."""
    days: tuple[Use, ...] = ()
    numbers: tuple[Use, ...] = ()
    made_ms: int = 0
    """When a month's bill was closed, UTC POSIX milliseconds; 0: it is open."""

    @property
    def spent_li(self) -> int:
        """What was used: all that was taken, refunds apart."""
        return -sum(line.li for line in self.lines if line.kind not in PAID_IN and line.kind not in NOT_SPENT)

    @property
    def paid_li(self) -> int:
        """What was paid in, gifts included, refunds taken off."""
        return sum(line.li for line in self.lines if line.kind in PAID_IN or line.kind is EntryKind.REFUND)

    @property
    def calls(self) -> int:
        """How many calls there were; their fees are one entry a day."""
        return sum(use.calls for use in self.days)

    @property
    def number(self) -> str:
        """The number of a month's bill."""
        return f"{self.first_day[:6]}-{self.tenant}"

    def li_of(self, kind: EntryKind) -> int:
        """Return what the entries of a kind come to."""
        return sum(line.li for line in self.lines if line.kind is kind)


NOT_SPENT: Final = frozenset({EntryKind.REFUND, EntryKind.ADJUSTMENT})


def natural_day(entry: Entry, day_of: Callable[[int], str]) -> str:
    """Return the day (``YYYYMMDD``) an entry is about. ``day_of``: day of UTC POSIX milliseconds."""
    head, _, rest = entry.cause.partition(":")
    about = rest.split(":", 1)[0]
    if head == "calls" and entry.kind is EntryKind.CALLS:
        return about
    if head in _OF_MONTHS_START and entry.kind is EntryKind.MONTHLY_FEE:
        return f"{about}01"
    if head in _OF_MONTHS_END and entry.kind in (EntryKind.MINIMUM_SPEND, EntryKind.STORAGE):
        return f"{about}{monthrange(int(about[:4]), int(about[4:]))[1]:02}"
    return day_of(entry.at_ms)


def booked_day(day: str, closed: Container[str]) -> str:
    """Return the day an entry is booked on: its own, or the first of the first month not in ``closed``."""
    month = day[:6]
    while month in closed:
        month = next_month(month)
    return day if month == day[:6] else f"{month}01"
