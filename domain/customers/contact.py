"""Who may be called back: the other party of a contact that the box knows."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from domain.calling.caller import CallerClass, canonical_caller


class ContactKind(StrEnum):
    """What kind of contact it was."""

    MISSED = "missed"
    """A call that nobody answered, or that the caller gave up."""
    MESSAGE = "message"
    """A voicemail."""
    QUEUE = "queue"
    """A place kept in a queue (排队回拨)."""


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A call of somebody to a tenant; only what reads stored contacts, or holds the call, makes one."""

    id: str
    """The call's id."""
    tenant: str
    number: str
    """The 400 number that was called; it is shown when the customer is rung."""
    caller: str
    """Canonical digits; empty when withheld."""
    kind: ContactKind = ContactKind.MISSED


_CALLED_BACK: Final = frozenset(
    {
        CallerClass.MOBILE,
        CallerClass.LANDLINE,
        CallerClass.LOCAL,
        CallerClass.SHORT_CODE,
        CallerClass.SERVICE,
    }
)


def can_be_called_back(caller: str) -> bool:
    """Tell whether a canonical number may be rung: numbers within China, as dialled there.

    Never an international one: a single missed call from abroad would make the tenant pay for a dear one.
    """
    read = canonical_caller(caller)
    return read.canonical == caller and read.kind in _CALLED_BACK
