"""Whose offer is open in a session (RFC 3264 4, RFC 3261 13.2.1, RFC 3311 5)."""

from __future__ import annotations

from enum import IntEnum

from b2bua.sip.bodies import body_of
from b2bua.sip.core_endpoint import SDP
from b2bua.sip.errors import SipError
from b2bua.sip.message import Message


class Open(IntEnum):
    """The offer that waits for its answer."""

    NONE = 0
    OURS = 1
    THEIRS = 2


class OfferAnswer:
    """The state of the exchange, and the last description we sent."""

    __slots__ = ("_before", "local", "open", "settled")

    def __init__(self) -> None:
        self.open = Open.NONE
        self.settled = False
        """Whether one exchange has been completed."""
        self.local = b""
        """Our last offer or answer."""
        self._before = b""

    def we_offer(self, sdp: bytes) -> None:
        """Note that we sent an offer."""
        assert self.open is Open.NONE, self.open
        self.open = Open.OURS
        self._before = self.local
        self.local = sdp

    def they_offer(self) -> None:
        """Note that we got an offer."""
        self.open = Open.THEIRS

    def we_answer(self, sdp: bytes) -> None:
        """Note that we answered."""
        self.open = Open.NONE
        self.settled = True
        self.local = sdp

    def they_answer(self) -> None:
        """Note that our offer was answered."""
        self.open = Open.NONE
        self.settled = True

    def withdrawn(self) -> None:
        """Note that the open offer was refused: what was agreed before holds."""
        if self.open is Open.OURS:
            self.local = self._before
        self.open = Open.NONE


def sdp_of(message: Message) -> bytes:
    """Return the session description in a message, b"" when there is none that could be found."""
    if not message.body:
        return b""
    try:
        return body_of(message, SDP) or b""
    except SipError:
        return b""
