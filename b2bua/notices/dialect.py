"""What SMPP and CMPP have in common for a client: sign in, submit, probe, answer. Pure."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Protocol

from b2bua.notices.arrived import Arrived
from b2bua.notices.segments import Segment


class Meaning(Enum):
    """What a frame of the peer is about."""

    SIGNED_IN = "signed in"
    SUBMITTED = "submitted"
    ALIVE = "alive"
    ASKED = "asked"
    """The peer wants an answer."""
    ARRIVED = "arrived"
    """An SMS came; it is answered when it is kept."""
    CLOSING = "closing"
    """The peer ends the session; it wants an answer as well."""
    OTHER = "other"


class Frame(NamedTuple):
    """One frame of the peer."""

    meaning: Meaning
    sequence: int
    status: int = 0
    """0: well."""
    note: str = ""
    """The peer's id of a message."""
    answer: bytes = b""
    receipt: tuple[str, str] | None = None
    """The peer's id of an SMS it took before, and what became of it (``domain.notices.delivery.Receipt``)."""
    sms: Arrived | None = None
    refusal: bytes = b""
    """The answer to an SMS that cannot be kept: it comes again."""


class BadFrame(Exception):
    """The peer does not speak the protocol."""


class Dialect(Protocol):
    """Writes and reads the frames of one protocol; every frame begins with its whole length, 4 octets."""

    def sign_in(self, sequence: int, now: float) -> bytes:
        """Return the first frame of a session; ``now``: UTC POSIX seconds."""

    def submit(self, sequence: int, to: str, segment: Segment, sender: str = "") -> bytes:
        """Return a frame with one SMS; ``sender``: empty for the gateway's own number."""

    def probe(self, sequence: int) -> bytes:
        """Return a frame that the peer must answer."""

    def sign_off(self, sequence: int) -> bytes:
        """Return the last frame of a session."""

    def read(self, frame: bytes) -> Frame:
        """Understand a frame; raises BadFrame."""

    def why(self, status: int) -> str:
        """Say what a status means."""

    def again(self, status: int) -> bool:
        """Tell whether a refused SMS may be taken later."""
