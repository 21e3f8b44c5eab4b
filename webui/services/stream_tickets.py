"""Tickets for live pages: signed, good for a minute, for one session and one topic."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final, NamedTuple

SECONDS: Final = 60
_FORM: Final = re.compile(
    r"([0-9a-f]{64})\.([0-9]{1,12})\.([0-9a-f]{64})\.([a-z-]+(?::[A-Za-z0-9_.-]{1,80}){0,2})", re.ASCII
)


class Ticket(NamedTuple):
    """What a ticket opens."""

    session: str
    """Digest of the session's cookie; the stream ends when the session does."""
    topic: str
    """``box``, ``tenant:ID``, ``wall:ID``, ``agent:ID:NAME`` or ``lead:ID:NAME``; ``box-masked`` and
    ``tenant-masked:ID`` show callers without their middle."""


def make_ticket(secret: bytes, ticket: Ticket, now: float) -> str:
    """Return the text that opens a stream within :data:`SECONDS`."""
    signed = f"{int(now) + SECONDS}.{ticket.session}.{ticket.topic}"
    return f"{_signature(secret, signed)}.{signed}"


def read_ticket(secret: bytes, text: str, now: float) -> Ticket | None:
    """Return what a text opens; None: it is not ours, or too old."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    signature, until, session, topic = found.groups()
    right = _signature(secret, f"{until}.{session}.{topic}")
    if not hmac.compare_digest(signature, right) or not now <= int(until) <= now + SECONDS:
        return None
    return Ticket(session, topic)


def _signature(secret: bytes, text: str) -> str:
    return hmac.new(secret, f"live:{text}".encode(), hashlib.sha256).hexdigest()
