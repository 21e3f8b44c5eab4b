"""Legs of a media worker without a network: what they would send is kept in a list."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from typing import cast

from b2bua.media import forward, reception, rtp
from b2bua.media.inlet import Inlet
from b2bua.media.leg import Leg
from b2bua.media.outlet import Octets, Send, mute
from b2bua.media.poller import Poller
from b2bua.media.protocol import Peer, Start

HEADER = struct.Struct("!BBHII")
SETUP = Start((20000, 20100), "", "", dscp=0)


class Unwired:
    """Stands for a socket that no packet ever passes, and for the poller that waits for it."""

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", 20000

    def drop_line(self, fd: int) -> None:
        """Forget nothing."""

    drop = drop_line


class HeardLeg(Leg):
    """A leg whose line leads into ``sent``."""

    def _point(self, source: tuple[str, int]) -> None:
        pass

    def _sender(self, peer: Peer) -> Send:
        return self.keep if peer.sending else mute

    def keep(self, packet: Octets | memoryview) -> int:
        """Keep what would be sent."""
        self.sent.append(bytes(packet))
        return len(packet)

    def __init__(self) -> None:
        unwired = Unwired()
        super().__init__(
            1, cast(socket.socket, unwired), cast(socket.socket, unwired), SETUP, cast(Poller, unwired), 0
        )
        self.sent: list[bytes] = []
        self.outlet.ssrc = 0xFEEDBEEF
        self.outlet.sequence = 1000
        self.outlet.timestamp = 50000


def peer(codec: str = "PCMA", payload_type: int = 8, **more: object) -> Peer:
    """Return a peer nobody will reach."""
    return Peer("192.0.2.1", 4000, codec, payload_type, **more)  # type: ignore[arg-type]


def leg(codec: str = "PCMA", payload_type: int = 8, stamp: int = 1, **more: object) -> HeardLeg:
    """Return a connected leg."""
    made = HeardLeg()
    made.connect(peer(codec, payload_type, **more), stamp)
    return made


def bridged(near: HeardLeg, far: HeardLeg) -> tuple[HeardLeg, HeardLeg]:
    """Bridge two legs."""
    near.bridge(far)
    return near, far


def packet(
    sequence: int,
    timestamp: int,
    payload: bytes = b"\xd5" * 160,
    *,
    payload_type: int = 8,
    marker: bool = False,
    ssrc: int = 7,
) -> bytes:
    """Return one RTP packet."""
    second = payload_type | (0x80 if marker else 0)
    return HEADER.pack(0x80, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + payload


def hear(near: Leg, data: bytes, stamp: int) -> None:
    """Let a leg take a packet by the long way."""
    rtp.inbox[: len(data)] = data
    reception.receive(near, len(data), stamp)


def fields(sent: bytes) -> tuple[int, bool, int, int, bytes]:
    """Return payload type, marker, sequence number, timestamp and payload."""
    _, second, sequence, timestamp, _ = HEADER.unpack_from(sent)
    return second & 0x7F, second > 0x7F, sequence, timestamp, sent[12:]


class Script:
    """Feeds packets at given stamps to the packet path, one a round."""

    due = 1 << 62
    stamp = 0

    def __init__(self, inlet: Inlet, arrivals: Iterable[tuple[int, bytes]]) -> None:
        self.lines = [inlet]
        self._arrivals = iter(arrivals)
        self._packet = b""
        self._now = 0
        inlet.recv_into = self._recv_into

    def poll(self, timeout: float, batch: int) -> list[tuple[int, int]]:
        """Bring the next packet."""
        try:
            self._now, self._packet = next(self._arrivals)
        except StopIteration:
            raise SystemExit from None
        return [(0, 1)]

    def run_rare(self) -> None:
        """Nothing rare happens."""

    def tick(self) -> None:
        """Never due."""

    def monotonic_ns(self) -> int:
        """The stamp of the packet at hand."""
        return self._now * rtp.STAMP_NS

    def sleep(self, seconds: float) -> None:
        """Do not."""

    def _recv_into(self, buffer: memoryview) -> int:
        buffer[: len(self._packet)] = self._packet
        return len(self._packet)

    def run(self) -> None:
        """Run the packet path to the script's end."""
        try:
            forward.run(cast(Poller, self), reception.receive, self, self)
        except SystemExit:
            return
