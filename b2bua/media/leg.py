"""One leg of a call in a worker: its sockets, its peer, who feeds it and whom it feeds."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from b2bua.media import g711, rtp
from b2bua.media.inlet import IRREGULAR, Inlet, nothing
from b2bua.media.latch import Latch, Source, looks_translated
from b2bua.media.outlet import Outlet, mute
from b2bua.media.protocol import Figures, Peer, Start
from b2bua.media.sockets import open_line
from b2bua.media.spool import Formats, SpoolWriter

if TYPE_CHECKING:
    from b2bua.media.playing import Playing
    from b2bua.media.poller import Poller

G711 = g711.SILENCE
KNOCKS = 16
"""Packets taken from a door at a time: strangers must not starve the calls."""


class Leg:
    """A leg between ``Open`` and ``Close``."""

    __slots__ = (
        "connected_at",
        "dead",
        "direct",
        "door",
        "far",
        "feed",
        "id",
        "inlet",
        "latch",
        "line",
        "outlet",
        "peer",
        "poller",
        "port",
        "rtcp",
        "setup",
        "spool",
        "strangers",
        "target",
    )

    def __init__(
        self, id: int, door: socket.socket, rtcp: socket.socket, setup: Start, poller: Poller
    ) -> None:
        self.id = id
        self.door = door
        self.rtcp = rtcp
        self.setup = setup
        self.poller = poller
        self.port: int = door.getsockname()[1]
        self.line: socket.socket | None = None
        self.inlet = Inlet(self)
        self.outlet = Outlet()
        self.peer: Peer | None = None
        self.latch: Latch | None = None
        self.connected_at = 0
        self.far: Leg | None = None
        """The other end of the bridge."""
        self.feed: Playing | None = None
        """What is played to the peer instead of the bridge."""
        self.spool: SpoolWriter | None = None
        self.target: Outlet | None = None
        """Where audio of this leg goes now."""
        self.direct = False
        """Packets of this leg may take the short way, as long as they come in order."""
        self.dead = False
        """Silence was reported."""
        self.strangers = 0

    def connect(self, peer: Peer, stamp: int) -> None:
        """Set or change the peer."""
        self.peer = peer
        self.connected_at = stamp
        self.dead = False
        inlet, outlet = self.inlet, self.outlet
        inlet.scale = max(1, peer.clock_rate // rtp.STAMPS)
        inlet.set_head(0x8000 | peer.payload_type)
        outlet.set_format(peer.payload_type, peer.clock_rate, peer.ptime)
        if self.spool is not None:
            self.spool.note(stamp, Formats(formats_of(peer)))
        self._reach(peer, stamp)
        outlet.send = self._sender(peer)
        self.plan()

    def bridge(self, far: Leg) -> None:
        """Pass audio both ways; a former bridge of either is over."""
        if self.far is not far:
            self.unbridge()
            far.unbridge()
            self.far, far.far = far, self
        self.plan()

    def unbridge(self) -> None:
        """Stop passing audio."""
        far, self.far = self.far, None
        if far is not None:
            far.far = None
            far.plan()
        self.plan()

    def plan(self) -> None:
        """Decide anew which way the packets of this leg and of its far end go; call it after any change."""
        self._plan()
        if self.far is not None:
            self.far._plan()

    def knock(self, stamp: int, receive: Callable[[Leg, int, int], None]) -> None:
        """Read from the door: the peer's first packets, or strangers."""
        for _ in range(KNOCKS):
            try:
                length, address = self.door.recvfrom_into(rtp.inbox)
            except OSError:
                return
            if self._admits((address[0], address[1]), stamp):
                receive(self, length, stamp)
            elif self.latch is not None:
                self.strangers += 1

    def hear_rtcp(self) -> None:
        """Read from the RTCP socket."""
        with contextlib.suppress(OSError):
            self.rtcp.recv(rtp.MAX_PACKET)

    def falls_silent(self, since: int) -> bool:
        """Return, once for each silence, whether packets are missed since that stamp."""
        expected = self.peer is not None and self.peer.receiving
        silent = expected and max(self.inlet.heard, self.connected_at) < since
        falls = silent and not self.dead
        self.dead = silent
        return falls

    def figures(self) -> Figures:
        """Return what was measured."""
        inlet = self.inlet
        return Figures(inlet.total, self.outlet.packets, inlet.lost, strangers=self.strangers)

    def close(self) -> None:
        """Close the sockets and let go of everything else."""
        self.unbridge()
        if self.line is not None:
            self.poller.drop_line(self.line.fileno())
            self.line.close()
        for end in (self.door, self.rtcp):
            self.poller.drop(end.fileno())
            end.close()
        self.inlet.recv_into = nothing
        self.outlet.send = mute

    def _plan(self) -> None:
        inlet, far, peer = self.inlet, self.far, self.peer
        inlet.size = IRREGULAR
        inlet.out = None
        self.direct = peer is not None and inlet.scale == 1
        self.target = None
        if peer is None or far is None or far.peer is None or far.feed is not None:
            return
        if far.outlet.send is mute:
            return
        theirs = far.peer.codec
        if peer.codec in G711 and theirs in G711:
            inlet.table = g711.translation(peer.codec, theirs)
        elif peer.codec == theirs and peer.clock_rate == far.peer.clock_rate:
            inlet.table = None
        else:
            return
        self.target = far.outlet

    def _admits(self, source: Source, stamp: int) -> bool:
        latch, heard = self.latch, self.inlet.heard
        if latch is None:
            return False
        if heard > self.connected_at:
            latch.confirmed = True
        before = latch.source
        if not latch.admits(source, stamp / rtp.STAMPS, heard / rtp.STAMPS):
            return False
        if latch.source != before:
            self._point(latch.source)
        return True

    def _reach(self, peer: Peer, stamp: int) -> None:
        """Find out who may send and where to send to."""
        named = (peer.host, peer.port)
        if self.latch is not None and self.latch.named == named:
            return
        translated = not self.setup.strict and (peer.behind_nat or looks_translated(peer.host))
        self.latch = Latch(named, translated, stamp / rtp.STAMPS)
        self._point(named)

    def _point(self, source: Source) -> None:
        """Connect the line to where the peer is; without a usable address there is no line."""
        try:
            if self.line is not None:
                self.line.connect(source)
                return
            self.line = line = open_line(self.door, source, self.setup.dscp)
        except (OSError, OverflowError, UnicodeError):
            return
        self.inlet.recv_into = line.recv_into
        self.poller.add_line(line.fileno(), self.inlet)
        if self.peer is not None:
            self.outlet.send = self._sender(self.peer)

    def _sender(self, peer: Peer) -> Callable[[bytes | bytearray | memoryview], int]:
        if self.line is None or not peer.sending:
            return mute
        return self.line.send


def formats_of(peer: Peer) -> dict[int, tuple[str, int]]:
    """Return what the payload types of a peer's packets mean; G.711's own are always understood."""
    formats = {number: (codec, 8000) for number, codec in g711.STATIC_TYPES.items()}
    formats[peer.payload_type] = (peer.codec, peer.clock_rate)
    if peer.event_payload_type is not None:
        formats[peer.event_payload_type] = ("telephone-event", peer.clock_rate)
    return formats
