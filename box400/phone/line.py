"""The phone's RTP socket: sends a packet each 20 ms, hears what comes."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Iterator

import numpy as np
from twisted.internet.interfaces import IReadDescriptor
from zope.interface import implementer

from b2bua.media.pressing import key_tone
from b2bua.sdp import (
    PCMA,
    PCMU,
    TELEPHONE_EVENT,
    Codec,
    Negotiated,
    SessionDescription,
    make_answer,
    make_offer,
    negotiate,
)
from b2bua.stack.transports.reactor import DelayedCall, Network
from box400.phone.rtp import Incoming, Outgoing
from box400.phone.sound import RATE, SILENCE, Pcm, decoded, frames

TICK = 0.02
CODECS = (PCMA, PCMU, TELEPHONE_EVENT)


@implementer(IReadDescriptor)
class Line:
    """One party's audio."""

    def __init__(self, reactor: Network, host: str, codecs: tuple[Codec, ...] = CODECS) -> None:
        """Bind a port on ``host``; nothing is sent before :meth:`agree`."""
        self._codecs = codecs
        self.heard = Incoming()
        self.on_first_packet: Callable[[], None] | None = None
        self.on_key: Callable[[str], None] | None = None
        self.codec = "PCMA"
        self.out: Outgoing | None = None
        self._reactor = reactor
        self._host = host
        self._sound: tuple[Pcm, bool] = (np.zeros(0, np.int16), False)
        self._agreed: Negotiated | None = None
        self._due = 0.0
        self._tick_call: DelayedCall | None = None
        self._session = secrets.randbits(31)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((host, 0))
        self._local: SessionDescription | None = None
        reactor.addReader(self)

    # descriptions

    def offer(self) -> SessionDescription:
        """Return our offer."""
        self._local = make_offer(self._host, self._port(), self._codecs, session_id=self._session)
        return self._local

    def answer(self, offer: SessionDescription) -> SessionDescription:
        """Agree to an offer; raises b2bua.sdp.NoCommonCodec."""
        self._local = make_answer(offer, self._host, self._port(), self._codecs, session_id=self._session)
        self.agree(offer)
        return self._local

    def agree(self, remote: SessionDescription) -> None:
        """Take the peer's description: audio flows from now on, to where it says."""
        assert self._local is not None
        self._agreed = agreed = negotiate(self._local, remote)
        if self.out is None:
            self.codec = agreed.codec
            start = secrets.randbits(32), secrets.randbits(15), secrets.randbits(32)
            self.out = Outgoing(self._frames(), *start)
            self._due = self._reactor.seconds()
            self._tick()

    def _port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    # the wire

    def play(self, sound: Pcm, *, again: bool = False) -> None:
        """Send this from now on, in place of silence or of what was played."""
        self._sound = (sound, again)
        if self.out is not None:
            self.out.frames = self._frames()

    def _frames(self) -> Iterator[bytes]:
        sound, again = self._sound
        return frames(sound, self.codec, again=again)

    def press(self, key: str) -> None:
        """Press a key."""
        assert self.out is not None
        self.out.press(key)

    def sound_key(self, key: str) -> float:
        """Sound a key in the audio; return for how many seconds it lasts with the silence after it."""
        octets = key_tone(key, self.codec)
        self.play(decoded(octets, self.codec))
        return len(octets) / RATE

    @property
    def takes_keys(self) -> bool:
        """Whether the peer takes keys as telephone-event."""
        return self._agreed is not None and self._agreed.event_payload_type is not None

    def _tick(self) -> None:
        assert self.out is not None
        assert self._agreed is not None
        for packet in self.out.tick(self._agreed.payload_type, self._agreed.event_payload_type):
            if self._agreed.sending:
                try:
                    self._socket.sendto(packet, (self._agreed.host, self._agreed.port))
                except OSError:
                    continue  # lost, as the network may lose it
        self._due += TICK
        self._tick_call = self._reactor.callLater(max(0.0, self._due - self._reactor.seconds()), self._tick)

    def doRead(self) -> None:
        """Hear what has arrived."""
        while True:
            try:
                packet = self._socket.recv(2048)
            except OSError:
                return
            keys = len(self.heard.keys)
            event = self._agreed.local_event_payload_type if self._agreed else TELEPHONE_EVENT.payload_type
            if self.heard.take(packet, SILENCE[self.codec], event) is None:
                continue
            if self.heard.packets == 1 and self.on_first_packet is not None:
                self.on_first_packet()
            if self.on_key is not None:
                for key in self.heard.keys[keys:]:
                    self.on_key(key)

    def sound(self) -> Pcm:
        """Return what was heard so far."""
        return decoded(bytes(self.heard.octets), self.codec)

    def fileno(self) -> int:
        """Return the descriptor for the reactor."""
        return self._socket.fileno()

    def logPrefix(self) -> str:
        """Name this socket in log lines."""
        return "phone-rtp"

    def connectionLost(self, reason: object) -> None:
        """Do nothing: a datagram socket has no connection."""

    def close(self) -> None:
        """Stop sending and hearing."""
        if self._tick_call is not None and self._tick_call.active():
            self._tick_call.cancel()
        if self._socket.fileno() >= 0:
            self._reactor.removeReader(self)
            self._socket.close()
