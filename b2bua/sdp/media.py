"""One media section of a session description (RFC 8866 5.14)."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from b2bua.sdp.crypto import Crypto

Attributes = tuple[tuple[str, str | None], ...]


class Direction(StrEnum):
    """Which way media flows, as its owner sees it (RFC 3264 5.1)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        """Whether the owner sends."""
        return self is Direction.SENDRECV or self is Direction.SENDONLY

    @property
    def receives(self) -> bool:
        """Whether the owner wants to receive."""
        return self is Direction.SENDRECV or self is Direction.RECVONLY

    @staticmethod
    def of(sends: bool, receives: bool) -> Direction:
        """Return the direction of these two facts."""
        if sends:
            return Direction.SENDRECV if receives else Direction.SENDONLY
        return Direction.RECVONLY if receives else Direction.INACTIVE

    @property
    def mirrored(self) -> Direction:
        """The same as the other side sees it: the most that an answer may say (RFC 3264 6.1)."""
        return Direction.of(self.receives, self.sends)


class Codec(msgspec.Struct, frozen=True, gc=False):
    """A payload format: ``a=rtpmap`` and ``a=fmtp`` of one payload type."""

    payload_type: int
    """0..127."""
    name: str
    """Encoding name as received (compared without case); "" for a dynamic type without rtpmap."""
    clock_rate: int = 8000
    channels: int = 1
    fmtp: str | None = None

    def same_format(self, other: Codec) -> bool:
        """Tell whether both name the same encoding, whatever their payload types and fmtp."""
        return (
            self.clock_rate == other.clock_rate
            and self.channels == other.channels
            and self.name != ""
            and self.name.upper() == other.name.upper()
        )

    @property
    def is_event(self) -> bool:
        """Whether it is telephone-event (RFC 4733)."""
        return self.name.lower() == "telephone-event"


PCMU = Codec(0, "PCMU")
PCMA = Codec(8, "PCMA")
G722 = Codec(9, "G722")
G729 = Codec(18, "G729", fmtp="annexb=no")
TELEPHONE_EVENT = Codec(101, "telephone-event", fmtp="0-15")

STATIC_CODECS = {
    codec.payload_type: codec
    for codec in (
        PCMU,
        Codec(3, "GSM"),
        Codec(4, "G723"),
        PCMA,
        G722,
        Codec(13, "CN"),
        Codec(15, "G728"),
        Codec(18, "G729"),
        Codec(31, "H261", 90000),
        Codec(34, "H263", 90000),
    )
}
"""Payload types that need no rtpmap (RFC 3551 6)."""

# Codecs that are no speech of their own.
_COMFORT = frozenset({"CN", "TELEPHONE-EVENT", "RED"})


class Media(msgspec.Struct, frozen=True, gc=False):
    """One ``m=`` section."""

    kind: str
    """``audio``, ``video``, ``image`` ..."""
    port: int
    """0..65535; 0 is a refused or removed stream."""
    proto: str = "RTP/AVP"
    codecs: tuple[Codec, ...] = ()
    """In order of preference; empty for what is no RTP."""
    formats: tuple[str, ...] = ()
    """The formats of what is no RTP."""
    connection: str | None = None
    """Address of its own ``c=`` line: IP literal without brackets, or a host name."""
    direction: Direction = Direction.SENDRECV
    """Already resolved: the section's own, else the session's."""
    ptime: int | None = None
    """Milliseconds a packet that the owner wants to get."""
    rtcp: str | None = None
    """Value of ``a=rtcp`` (RFC 3605), as received."""
    crypto: tuple[Crypto, ...] = ()
    attributes: Attributes = ()
    """All others, in their order."""
    extra: tuple[str, ...] = ()
    """Lines of other types (``i=``, ``b=``, ``k=``)."""

    @property
    def is_rtp(self) -> bool:
        """Whether it is RTP, plain or secure."""
        return "RTP/" in self.proto

    @property
    def is_secure(self) -> bool:
        """Whether it is keyed by ``a=crypto`` (RTP/SAVP, RTP/SAVPF)."""
        return self.proto in ("RTP/SAVP", "RTP/SAVPF")

    @property
    def speech(self) -> tuple[Codec, ...]:
        """The codecs that carry speech: without telephone-event, comfort noise and redundancy."""
        return tuple([codec for codec in self.codecs if codec.name and codec.name.upper() not in _COMFORT])

    def find_event(self, clock_rate: int) -> Codec | None:
        """Return telephone-event at this clock rate, or None."""
        for codec in self.codecs:
            if codec.clock_rate == clock_rate and codec.is_event:
                return codec
        return None
