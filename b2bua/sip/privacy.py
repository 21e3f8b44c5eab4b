"""Privacy (RFC 3323, RFC 3325) and the identity that it hides."""

from __future__ import annotations

from b2bua.sip.message import Message
from b2bua.sip.text import BLANK

_HIDING = frozenset({"id", "user", "header", "full"})


def parse_privacy(raw: str) -> frozenset[str]:
    """Parse a Privacy value: ``id; critical`` gives both tokens in lower case. Never raises."""
    return frozenset(
        [part.strip(BLANK).lower() for part in raw.replace(",", ";").split(";") if part.strip(BLANK)]
    )


def privacy_of(message: Message) -> frozenset[str]:
    """Return what the sender wants hidden; empty without a Privacy header."""
    return frozenset[str]().union(*[parse_privacy(row) for row in message.index.get("privacy", ())])


def hides_identity(message: Message) -> bool:
    """Tell whether the caller's number must not be shown: Privacy of id, user, header or full.

    P-Asserted-Identity may still be used for routing and records.
    """
    if "privacy" not in message.index:
        return False
    return not _HIDING.isdisjoint(privacy_of(message))
