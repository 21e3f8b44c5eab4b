"""What a tenant and a customer had to do with each other, entry by entry (客户时间线). Pure.

An entry hangs on *streams*: a telephone number, an e-mail address, or a customer himself. A customer's
timeline is what hangs on all his numbers and addresses and on himself, so that it follows when a number is
added to his card, and when two cards become one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

MOST_TEXT: Final = 300
"""Characters of an entry's text."""


class EntryKind(StrEnum):
    """What an entry tells of."""

    CALL = "call"
    MESSAGE = "message"
    """A voicemail; its id is the call's."""
    SMS = "sms"
    MAIL = "mail"
    TICKET = "ticket"
    NOTE = "note"
    CHANGE = "change"
    """Of the customer's card: made, merged, handed over."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One line of a timeline; whoever writes an entry of the same kind, id and moment again replaces it."""

    at: float
    """UTC POSIX seconds; of one thing always the same, or it would stand there twice."""
    kind: EntryKind
    id: str
    """Of what it tells: a call, a ticket, a text ..."""
    direction: str = ""
    """``in``, ``out``, or empty where there is none."""
    by: str = ""
    """工号 of the agent, else who answered; empty: nobody, or the box."""
    peer: str = ""
    """The customer's number or address."""
    own: str = ""
    """The tenant's 400 number or mailbox."""
    text: str = ""
    """For people, one line or a few; at most :data:`MOST_TEXT` characters."""
    state: str = ""
    """Outcome of a call, state of a ticket, code of a note."""
    seconds: float = 0.0
    """Talk time of a call."""
    recorded: bool = False
    part_of: str = ""
    """The conversation of a text."""


def number_stream(number: str) -> str:
    """Return the stream of a telephone number (canonical digits)."""
    return f"number:{number}"


def number_of(stream: str) -> str:
    """Return the number whose stream it is; empty: it is another kind of stream."""
    kind, _, number = stream.partition(":")
    return number if kind == "number" else ""


def mail_stream(address: str) -> str:
    """Return the stream of an e-mail address."""
    return f"mail:{address.lower()}"


def customer_stream(name: str) -> str:
    """Return the stream of a customer by his id."""
    return f"customer:{name}"
