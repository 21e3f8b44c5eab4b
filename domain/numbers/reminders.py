"""Reminders before a term or a document ends; each goes out once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

import msgspec

from domain.numbers.application import Application
from domain.numbers.lifecycle import OWNED, NumberCard


class Ending(StrEnum):
    """What ends."""

    TERM = "term"
    DOCUMENT = "document"


class Reminder(msgspec.Struct, frozen=True):
    """That something of a number ends soon."""

    key: str
    """Names its cause, so that it is told once: ``renewal:400...:2027-11-22:30``."""
    number: str
    tenant: str
    ending: Ending
    day: str
    """The last day, ``YYYY-MM-DD``."""
    days_left: int
    what: str = ""
    """The document's kind."""


def reminders_of(
    card: NumberCard, application: Application | None, today: date, days: Iterable[int]
) -> list[Reminder]:
    """Return what is to be told of a number today.

    Of the days before the end, the closest that has come counts; who was switched off on the very day still
    tells it later, and what has ended is told no more.
    """
    if card.state not in OWNED or not card.tenant:
        return []
    found = []
    if card.contract is not None and card.contract.ends:
        found += _soon(card, Ending.TERM, card.contract.ends, "", today, days)
    for document in application.documents if application is not None else ():
        if document.expires:
            found += _soon(card, Ending.DOCUMENT, document.expires, document.paper, today, days)
    return found


def _soon(
    card: NumberCard, ending: Ending, day: str, what: str, today: date, days: Iterable[int]
) -> list[Reminder]:
    left = (date.fromisoformat(day) - today).days
    reached = [each for each in days if each >= left]
    if left < 0 or not reached:
        return []
    kind = "renewal" if ending is Ending.TERM else f"document:{what}"
    key = f"{kind}:{card.number}:{day}:{min(reached)}"
    return [Reminder(key, card.number, card.tenant, ending, day, left, what)]
