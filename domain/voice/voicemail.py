"""Voicemail boxes (留言信箱) of a tenant."""

from __future__ import annotations

import msgspec

from domain.routing.destination import Destination


class Voicemail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One box, the destination ``voicemail:NAME``."""

    name: str
    greeting: str | None = None
    """Content address of what is said before the tone; None: the system prompt ``leave-message``."""
    max_seconds: float = 180.0
    """Longest message."""
    silence_seconds: float = 5.0
    """So long a silence ends the message; 0: it does not."""
    min_seconds: float = 1.0
    """What is shorter is not kept."""
    review: bool = True
    """Whether the caller may hear his message, say it again or save it, when it has ended."""
    notify: tuple[str, ...] = ()
    """Mobile numbers and e-mail addresses that are told of each message."""
    otherwise: Destination | None = None
    """Where the call goes when no message can be taken (the quota is used up); None: it ends."""
