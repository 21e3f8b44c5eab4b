"""What one leg sends: where its stream stands, and what is measured on it (RFC 3550 6.4.1, A.1, A.3, A.8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from b2bua.media.rtp import HEADER_LENGTH, SEQUENCE_MASK, TIMESTAMP_MASK

if TYPE_CHECKING:
    from b2bua.media.leg import Leg
    from b2bua.media.outlet import Outlet

MAX_DROPOUT = 3000
MAX_MISORDER = 100
MAX_MISSING = 200
"""Missing packets remembered, so that a late one is told from a duplicate."""
IRREGULAR = -1
"""A ``size`` that no packet has: all go the long way."""


def nothing(buffer: memoryview) -> int:
    """Receive from a leg that has no socket."""
    raise BlockingIOError


class Inlet:
    """The receiving side of a leg. The packet path (``forward``) reads and writes its attributes directly.

    While ``size`` is the length of the packets expected, a packet of that length whose first word is ``word``
    and whose SSRC is ``ssrc`` is the next in order and needs no more checks.
    """

    __slots__ = (
        "base",
        "cycles",
        "duplicates",
        "head",
        "heard",
        "jitter",
        "leg",
        "lost_before",
        "mapped_from",
        "missing",
        "offset",
        "out",
        "received",
        "recv_into",
        "resync",
        "scale",
        "settled",
        "shift",
        "size",
        "spool",
        "ssrc",
        "started",
        "table",
        "total_before",
        "transit",
        "unknown",
        "word",
    )

    def __init__(self, leg: Leg) -> None:
        self.leg = leg
        self.recv_into: Callable[[memoryview], int] = nothing
        self.size = IRREGULAR
        self.head = 0x8000
        """First two octets of a usual packet: version 2, payload type."""
        self.word = 0x8000 << 16
        """``head`` and the next sequence number, as the first four octets of a packet are read."""
        self.ssrc = -1
        self.cycles = 0
        self.base = 0
        self.received = 0
        """Packets of this SSRC, as of ``settle``."""
        self.settled = 0
        """Extended sequence number up to which the short way's packets are accounted for."""
        self.heard = 0
        """Stamp of the last packet, 0 before the first."""
        self.transit = 0
        self.jitter = 0
        """Sixteenfold, in timestamp units (RFC 3550 A.8)."""
        self.scale = 1
        """Timestamp units in a stamp's unit."""
        self.started = False
        self.resync = -1
        self.missing: dict[int, bool] = {}
        self.duplicates = 0
        self.unknown = 0
        """Packets of a payload type that was not negotiated."""
        self.lost_before = 0
        """Losses of earlier SSRCs."""
        self.total_before = 0
        """Packets received of earlier SSRCs."""
        self.spool: bytearray | None = None
        self.out: Outlet | None = None
        """Where audio goes by the short way."""
        self.offset = 0
        """Outgoing minus incoming timestamp."""
        self.shift = 0
        """Outgoing minus incoming sequence number, on the short way."""
        self.mapped_from = 0
        """Extended sequence number from which ``offset`` holds."""
        self.table: bytes | None = None
        """Transcodes G.711 on the short way."""

    @property
    def next(self) -> int:
        """Extended sequence number expected next."""
        return self.cycles + self.word - (self.head << 16)

    def expect(self, extended: int) -> None:
        """Set the extended sequence number expected next; nothing must be left to settle."""
        self.cycles = extended & ~SEQUENCE_MASK
        self.settled = extended
        self.word = self.head << 16 | extended & SEQUENCE_MASK

    def settle(self) -> None:
        """Account for the packets that went the short way, which keeps no counts of its own.

        Call it before anything is read or changed here or in the outlet fed from here.
        """
        count = self.next - self.settled
        if not count:
            return
        self.settled += count
        self.received += count
        out = self.out
        if out is not None:
            out.sequence = (out.sequence + count) & SEQUENCE_MASK
            out.timestamp = (self.heard - self.transit + self.offset) & TIMESTAMP_MASK
            out.stamp = self.heard
            out.packets += count
            out.octets += count * (self.size - HEADER_LENGTH)

    def set_head(self, head: int) -> None:
        """Change the usual payload type; the count goes on."""
        extended = self.next
        self.head = head
        self.expect(extended)

    @property
    def lost(self) -> int:
        """Packets that never came, duplicates not set off against them."""
        return self.lost_before + max(0, self.next - self.base - self.received)

    @property
    def total(self) -> int:
        """Packets received, of all SSRCs."""
        return self.total_before + self.received

    def admit(self, sequence: int, ssrc: int, stamp: int) -> int | None:
        """Count a packet; return its distance from the one expected: 0 in order, > 0 after losses, < 0 late.

        None: it is a duplicate, or a jump that the next packet has to confirm (A.1), and must be dropped.
        """
        self.heard = stamp
        if ssrc != self.ssrc or not self.started:
            self._restart(sequence, ssrc)
        extended = self.next
        ahead = (sequence - extended) & SEQUENCE_MASK
        if ahead < MAX_DROPOUT:
            if ahead:
                self._miss(extended, ahead)
            self.expect(extended + ahead + 1)
            self.resync = -1
        elif ahead >= 0x10000 - MAX_MISORDER:
            ahead -= 0x10000
            if not self.missing.pop(extended + ahead, False):
                self.duplicates += 1
                return None
        elif self.resync == sequence:
            self._restart(sequence, ssrc)
            self.expect(sequence + 1)
            ahead = 0
        else:
            self.resync = (sequence + 1) & SEQUENCE_MASK
            return None
        self.received += 1
        return ahead

    def _restart(self, sequence: int, ssrc: int) -> None:
        self.lost_before = self.lost
        self.total_before += self.received
        self.ssrc = ssrc
        self.started = True
        self.received = 0
        self.base = sequence
        self.expect(sequence)
        self.missing.clear()
        self.resync = -1
        self.transit = 0
        self.mapped_from = -1

    def _miss(self, first: int, count: int) -> None:
        missing = self.missing
        for extended in range(first, first + min(count, MAX_MISORDER)):
            missing[extended] = True
        while len(missing) > MAX_MISSING:
            del missing[next(iter(missing))]

    def measure(self, timestamp: int, stamp: int) -> None:
        """Fold the arrival of one audio packet into the jitter (A.8), unless its clock has jumped."""
        transit = stamp * self.scale - timestamp
        if self.transit:
            apart = (transit - self.transit + 0x80000000 & TIMESTAMP_MASK) - 0x80000000
            if abs(apart) < 4000 * self.scale:
                self.jitter += abs(apart) - (self.jitter + 8 >> 4)
        self.transit = transit
