"""One leg of a call in a worker: its sockets, its peer, who feeds it and whom it feeds."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from b2bua.media import g711, rtp
from b2bua.media.dtmf_detector import DtmfDetector
from b2bua.media.inlet import IRREGULAR, Inlet, nothing
from b2bua.media.latch import Latch, Source, looks_translated
from b2bua.media.memo import Memo
from b2bua.media.outlet import Outlet, mute
from b2bua.media.protocol import Figures, Peer, Start
from b2bua.media.quality import estimate
from b2bua.media.reporting import Reporting
from b2bua.media.rtcp import goodbye
from b2bua.media.sockets import open_line
from b2bua.media.speech_detector import SpeechDetector
from b2bua.media.spool import Formats, SpoolWriter
from b2bua.media.srtp import Crypto
from b2bua.media.telephone_event import EventReceiver

if TYPE_CHECKING:
    from b2bua.media.mixing import Hearing, Voice
    from b2bua.media.playing import Playing
    from b2bua.media.poller import Poller
    from b2bua.media.pressing import Pressing

G711 = g711.SILENCE
MAX_PTIME = 150
KNOCKS = 16
"""Packets taken from a door at a time: strangers must not starve the calls."""


class Leg:
    """A leg between ``Open`` and ``Close``."""

    __slots__ = (
        "connected_at",
        "crypto",
        "dead",
        "detector",
        "direct",
        "door",
        "events",
        "far",
        "feed",
        "hearing",
        "id",
        "in_band",
        "inlet",
        "keys",
        "latch",
        "line",
        "listening",
        "memo",
        "on_key",
        "on_speech",
        "outlet",
        "peer",
        "poller",
        "port",
        "reporting",
        "resting",
        "restored",
        "rtcp",
        "setup",
        "speech",
        "spool",
        "srtp_key",
        "strangers",
        "target",
        "voice",
        "withholds",
    )

    def __init__(
        self, id: int, door: socket.socket, rtcp: socket.socket, setup: Start, poller: Poller, stamp: int
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
        self.hearing: Hearing | None = None
        """The conference that the peer hears instead of the bridge."""
        self.voice: Voice | None = None
        """What the peer says, for those who hear him in a conference."""
        self.keys: Pressing | None = None
        """Keys on their way to the peer, before all else."""
        self.on_key: Callable[[str], None] = _unheard
        """Called with each key that the peer sent as an event."""
        self.in_band: Callable[[str], None] = _unheard
        """Called with each key that the peer sent as a tone."""
        self.events = EventReceiver()
        self.listening = False
        """Someone waits for keys."""
        self.withholds = False
        """The far end of the bridge does not get this leg's keys."""
        self.detector: DtmfDetector | None = None
        """Listens for tones, while somebody waits for keys that cannot come as events."""
        self.resting: DtmfDetector | None = None
        """The same while nobody waits: it knows the key it heard last, whose tone may sound on when the next
        menu begins to listen, and would count there once more."""
        self.memo: Memo | None = None
        """What the peer said while ``speech`` was on, kept for him."""
        self.speech: SpeechDetector | None = None
        """Watches whether the peer speaks."""
        self.on_speech: Callable[[bool], None] = _unheard
        """Called when he begins to speak, or has fallen silent."""
        self.srtp_key = b""
        self.crypto: Crypto | None = None
        self.restored = False
        """A worker that died carried this leg before."""
        self.reporting = Reporting(stamp)
        self.spool: SpoolWriter | None = None
        self.target: Outlet | None = None
        """Where audio of this leg goes now."""
        self.direct = False
        """Packets of this leg may take the short way, as long as they come in order."""
        self.dead = False
        """Silence was reported."""
        self.strangers = 0

    def connect(self, peer: Peer, stamp: int) -> None:
        """Set or change the peer; a packet time that nobody can mean is taken for 20 ms."""
        if not 10 <= peer.ptime <= MAX_PTIME:
            peer = msgspec.structs.replace(peer, ptime=20)
        self.settle()
        self.peer = peer
        self.connected_at = stamp
        self.dead = False
        inlet, outlet = self.inlet, self.outlet
        inlet.scale = max(1, peer.clock_rate // rtp.STAMPS)
        inlet.set_head(0x8000 | peer.payload_type)
        self.crypto = self._keyed(peer)
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

    def settle(self) -> None:
        """Bring all counts of this leg up to date (``Inlet.settle``)."""
        self.inlet.settle()
        if self.far is not None:
            self.far.inlet.settle()

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

    def listen(self, on: bool, withhold: bool = False) -> None:
        """Look for keys in the audio, as far as the peer can send them in no other way."""
        self.listening = on
        self.withholds = withhold
        self.plan()

    def record(self, spool: SpoolWriter, stamp: int) -> None:
        """Spool what the peer sends from now on."""
        self.spool = spool
        self.inlet.spool = spool.pending
        if self.peer is not None:
            spool.note(stamp, Formats(formats_of(self.peer)))

    def hear_speech(self, speech: SpeechDetector | None, memo: Memo | None = None) -> None:
        """Watch whether the peer speaks, or no longer; what a memo has kept stays until the next one."""
        if speech is not None:
            self.memo = memo
        self.speech = speech
        self.plan()

    def hear_rtcp(self, stamp: int, utc: float) -> None:
        """Take what came to the RTCP socket."""
        for _ in range(KNOCKS):
            try:
                compound, address = self.rtcp.recvfrom(rtp.MAX_PACKET)
            except OSError:
                return
            if self.latch is None or address[0] != self.latch.source[0]:
                self.strangers += 1
                continue
            if self.crypto is not None:
                compound = self.crypto.unprotect_rtcp(compound)
            self.reporting.hear(compound, self.outlet, stamp, utc)

    def report(self, stamp: int, utc: float) -> None:
        """Send RTCP when it is due."""
        if stamp >= self.reporting.due:
            self._send_report(stamp, utc, b"")

    def say_goodbye(self, stamp: int, utc: float) -> None:
        """Send a last report with a BYE, if anything was sent at all (RFC 3550 6.3.7)."""
        self.settle()
        if self.outlet.packets:
            self._send_report(stamp, utc, goodbye(self.outlet.ssrc))

    def _send_report(self, stamp: int, utc: float, more: bytes) -> None:
        if self.latch is None or self.line is None:
            return
        self.settle()
        compound = self.reporting.compose(self.inlet, self.outlet, stamp, utc) + more
        if self.crypto is not None:
            compound = self.crypto.protect_rtcp(compound)
        host, port = self.latch.source
        with contextlib.suppress(OSError, OverflowError):
            self.rtcp.sendto(compound, (host, port + 1))

    def falls_silent(self, since: int) -> bool:
        """Return, once for each silence, whether packets are missed since that stamp."""
        expected = self.peer is not None and self.peer.receiving
        silent = expected and max(self.inlet.heard, self.connected_at) < since
        falls = silent and not self.dead
        self.dead = silent
        return falls

    def figures(self) -> Figures:
        """Return what was measured."""
        self.settle()
        inlet = self.inlet
        jitter = inlet.jitter / 16 / (8 * inlet.scale)
        trip = self.reporting.round_trip
        trip_ms = None if trip is None else round(trip * 1000, 1)
        codec = self.peer.codec if self.peer is not None else ""
        return Figures(
            inlet.total,
            self.outlet.packets,
            inlet.lost,
            round(jitter, 2),
            trip_ms,
            estimate(inlet.total, inlet.lost, jitter, trip_ms, codec),
            self.strangers,
        )

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
        inlet.settle()
        inlet.size = IRREGULAR
        inlet.out = None
        self.target = None
        self.direct = False
        if peer is None:
            return
        if not (self.listening and peer.event_payload_type is None and peer.codec in G711):
            self.resting = self.detector or self.resting
            self.detector = None
        elif self.detector is None:
            self.detector = self.resting or DtmfDetector()
        unheard = self.detector is None and self.voice is None and self.speech is None
        self.direct = inlet.scale == 1 and unheard and self.crypto is None
        if far is None or far.peer is None or far.outlet.send is mute:
            return
        if far.feed or far.keys or far.hearing:
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
            self.plan()
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
        send, crypto = self.line.send, self.crypto
        if crypto is None:
            return send
        return lambda packet: send(crypto.protect(packet))

    def _keyed(self, peer: Peer) -> Crypto | None:
        """Return the cipher for a peer's keys; unchanged keys keep it, and with it the count of packets."""
        if not peer.srtp_remote_key:
            return None
        keys = (peer.srtp_local_key or self.srtp_key, peer.srtp_remote_key, peer.srtp_suite)
        if self.crypto is not None and self.crypto.keys == keys:
            return self.crypto
        return Crypto(*keys, restored=self.restored)


def _unheard(what: object) -> None:
    """Nobody wants to know."""


def formats_of(peer: Peer) -> dict[int, tuple[str, int]]:
    """Return what the payload types of a peer's packets mean; G.711's own are always understood."""
    formats = {number: (codec, 8000) for number, codec in g711.STATIC_TYPES.items()}
    formats[peer.payload_type] = (peer.codec, peer.clock_rate)
    if peer.event_payload_type is not None:
        formats[peer.event_payload_type] = ("telephone-event", peer.clock_rate)
    return formats
