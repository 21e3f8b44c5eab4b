"""What one leg is sent: one RTP stream, unbroken whatever feeds it (prompt, tone, bridge, another leg)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TypeAlias

from b2bua.media.rtp import HEADER, HEADER_LENGTH, SEQUENCE_MASK, STAMPS, TIMESTAMP_MASK

Octets: TypeAlias = bytes | bytearray
Send: TypeAlias = Callable[[Octets | memoryview], int]

_pack = HEADER.pack


def mute(packet: bytes | bytearray | memoryview) -> int:
    """Send nothing: the peer is unknown or on hold."""
    return 0


class Outlet:
    """The sending side of a leg. The packet path (``forward``) reads and writes its attributes directly.

    ``timestamp`` and ``sequence`` are those of the last packet sent, ``stamp`` when that was.
    """

    __slots__ = (
        "clock_rate",
        "head",
        "marker",
        "octets",
        "packets",
        "pending",
        "pending_timestamp",
        "send",
        "sequence",
        "source",
        "ssrc",
        "stamp",
        "step",
        "timestamp",
        "unsent",
    )

    def __init__(self) -> None:
        self.send: Send = mute
        self.head = 0x8000
        """First two octets of a header: version 2, payload type."""
        self.ssrc = secrets.randbits(32)
        self.sequence = secrets.randbits(15)
        self.timestamp = secrets.randbits(32)
        self.stamp = 0
        self.clock_rate = 8000
        self.step = 160
        """Timestamp units in one packet of the peer's packet time."""
        self.marker = True
        """The next packet begins a talkspurt."""
        self.packets = 0
        self.octets = 0
        self.unsent = 0
        """Packets the kernel refused."""
        self.source: object = None
        """Who fed it last; another one begins a talkspurt."""
        self.pending = bytearray()
        """G.711 that does not fill a packet yet."""
        self.pending_timestamp = 0

    def set_format(self, payload_type: int, clock_rate: int, ptime: int) -> None:
        """Change payload type, clock rate and packet time (ms); what comes next begins a talkspurt."""
        self.head = 0x8000 | payload_type
        self.clock_rate = clock_rate
        self.step = max(1, ptime * clock_rate // 1000)
        self.source = None
        self.pending.clear()

    def begin(self, source: object, stamp: int) -> int:
        """Make ``source`` the feeder; return the timestamp its first packet shall have.

        Time passed since the last packet is time passed in the stream (RFC 3550 5.1).
        """
        self.source = source
        self.marker = True
        self.pending.clear()
        passed = (stamp - self.stamp) * self.clock_rate // STAMPS if self.stamp else 0
        return (self.timestamp + max(passed, self.step)) & TIMESTAMP_MASK

    def write(self, payload: Octets, timestamp: int, stamp: int) -> None:
        """Send the next packet of audio; for one who is on hold time passes without it."""
        if self.send is mute:
            self.source = None
            return
        self.sequence = sequence = (self.sequence + 1) & SEQUENCE_MASK
        head = self.head
        if self.marker:
            head |= 0x80
            self.marker = False
        self.timestamp = timestamp
        self.stamp = stamp
        self.emit(_pack(head, sequence, timestamp, self.ssrc) + payload)

    def write_stream(self, payload: Octets, timestamp: int, stamp: int) -> None:
        """Send G.711 of any packet time in packets of the peer's."""
        pending = self.pending
        if pending and (self.pending_timestamp + len(pending) - timestamp) & TIMESTAMP_MASK:
            self.write(bytes(pending), self.pending_timestamp, stamp)
            pending.clear()
        if not pending:
            self.pending_timestamp = timestamp
        pending += payload
        step = self.step
        while len(pending) >= step:
            self.write(pending[:step], self.pending_timestamp, stamp)
            del pending[:step]
            self.pending_timestamp = (self.pending_timestamp + step) & TIMESTAMP_MASK

    def write_late(self, payload_type: int, back: int, payload: Octets, timestamp: int) -> None:
        """Send a packet that belongs ``back`` places before the last one sent."""
        sequence = (self.sequence - back) & SEQUENCE_MASK
        self.emit(_pack(0x8000 | payload_type, sequence, timestamp, self.ssrc) + payload)

    def write_event(
        self, payload_type: int, marker: bool, timestamp: int, payload: Octets, stamp: int
    ) -> None:
        """Send one packet of a telephone-event, all of which bear the timestamp of its start."""
        if self.send is mute:
            self.source = None
            return
        self.sequence = sequence = (self.sequence + 1) & SEQUENCE_MASK
        head = 0x8000 | payload_type | (0x80 if marker else 0)
        self.timestamp = timestamp
        self.stamp = stamp
        self.emit(_pack(head, sequence, timestamp, self.ssrc) + payload)

    def emit(self, packet: bytes | bytearray | memoryview) -> None:
        """Hand a finished packet to the socket."""
        try:
            self.send(packet)
        except OSError:
            self.unsent += 1
            return
        self.packets += 1
        self.octets += len(packet) - HEADER_LENGTH
