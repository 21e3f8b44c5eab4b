"""What the b2bua process and a media worker say to each other over a UNIX stream socket.

A frame is a 4-byte big-endian length and the msgpack of one tagged struct. Commands are carried out in order.
``Open`` is answered by ``Opened`` or ``Refused``, ``Close`` by ``Closed``, ``Reserve`` by ``Reserved``,
``Ping`` by ``Pong``; an ``Open`` on a reserved port is certain to succeed and not answered.
A worker whose socket closes flushes its spools and ends.

After a worker died its replacement is told everything again: ``Start``, then for each endpoint ``Open``
with the port (and SRTP key) it had, ``Connect``, ``Bridge``, ``Play`` ... No other form of state is passed.
"""

from __future__ import annotations

import struct

import msgspec

MAX_FRAME = 1 << 20
"""Bytes; more in a length field means that the stream is out of step."""

_LENGTH = struct.Struct("!I")


class FrameError(Exception):
    """The stream holds something that is no frame of ours."""


class Peer(msgspec.Struct, frozen=True, array_like=True):
    """Where and how a peer wants its media (``calls.ports.Remote``, field by field)."""

    host: str
    port: int
    codec: str
    payload_type: int
    clock_rate: int = 8000
    event_payload_type: int | None = None
    ptime: int = 20
    sending: bool = True
    receiving: bool = True
    srtp_local_key: bytes = b""
    srtp_remote_key: bytes = b""
    srtp_suite: str = ""
    behind_nat: bool = False


class Figures(msgspec.Struct, frozen=True, array_like=True):
    """What an endpoint measured (``calls.ports.MediaStats``, field by field)."""

    packets_in: int = 0
    packets_out: int = 0
    lost: int = 0
    jitter_ms: float = 0.0
    round_trip_ms: float | None = None
    mos: float | None = None
    strangers: int = 0


class Command(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Base of what the b2bua process sends."""


class Start(Command, frozen=True):
    """Say once, before all else, how this worker is set up."""

    ports: tuple[int, int]
    """First and last UDP port of this worker's slice."""
    spool: str
    """Directory of spool files."""
    prompts: str
    """Directory of pre-encoded prompts."""
    dead_after: float = 60.0
    """Seconds without a packet, while some are expected, until ``Dead``."""
    strict: bool = False
    """Only the address named in SDP may send, even when that address looks to be behind NAT."""
    dscp: int = 46
    """Differentiated services code point of RTP and RTCP (46: EF); 0: none."""


class Open(Command, frozen=True):
    """Allocate a port pair; ``endpoint`` names it from now on."""

    endpoint: int
    call: str
    leg: str
    address: str
    """Address to bind, IPv4 or IPv6, in digits."""
    record: bool = False
    srtp: bool = False
    port: int = 0
    """The port a dead worker had, or one that this worker has reserved; 0: any."""
    srtp_key: bytes = b""
    """The key a dead worker had made."""


class Reserve(Command, frozen=True):
    """Bind some port pairs now, for calls to come; ``Reserved`` may name fewer, when few are free."""

    address: str
    count: int
    """0: nobody will open on this address any more, release what was reserved there."""


class Connect(Command, frozen=True):
    """Set or change the peer."""

    endpoint: int
    peer: Peer


class Bridge(Command, frozen=True):
    """Pass audio both ways."""

    endpoint: int
    other: int


class Unbridge(Command, frozen=True):
    """Stop passing audio."""

    endpoint: int


class Hear(Command, frozen=True):
    """Send the sum of what these endpoints say, instead of the bridge; none: the bridge again."""

    endpoint: int
    sources: tuple[int, ...] = ()


class Play(Command, frozen=True):
    """Play prompts in turn; ``Played`` follows unless ``Stop``, ``Play`` or ``Tone`` comes first."""

    endpoint: int
    play: int
    prompts: tuple[str, ...]
    repeat: bool = False
    skip: float = 0.0
    """Seconds already heard, when a dead worker's play goes on."""


class Tone(Command, frozen=True):
    """Play ``ringback``, ``busy`` or ``congestion`` until stopped or replaced."""

    endpoint: int
    play: int
    name: str


class Stop(Command, frozen=True):
    """Stop one play; no effect when it is over."""

    endpoint: int
    play: int


class Listen(Command, frozen=True):
    """Detect in-band DTMF while on."""

    endpoint: int
    on: bool
    withhold: bool = False
    """Keys are reported only, and do not reach the far end of the bridge."""


class Record(Command, frozen=True):
    """Spool what the peer sends from now on, if that is not done already."""

    endpoint: int
    call: str
    leg: str


class StopRecording(Command, frozen=True):
    """Spool no more; what was heard is kept."""

    endpoint: int


class HearSpeech(Command, frozen=True):
    """Tell when the peer begins to speak, and when he has been silent for so long; each once."""

    endpoint: int
    on: bool
    silence: float = 0.0
    """Seconds; 0: silence is not told."""
    keep: float = 0.0
    """Seconds of what he says meanwhile that are kept for ``PlayBack``."""


class PlayBack(Command, frozen=True):
    """Let the peer hear what was kept of him; ``Played`` follows as with ``Play``, at once if nothing was."""

    endpoint: int
    play: int
    seconds: float
    skip: float = 0.0
    """Seconds already heard."""


class SendKeys(Command, frozen=True):
    """Send digits ``0-9*#A-D``."""

    endpoint: int
    digits: str


class Close(Command, frozen=True):
    """Release the ports."""

    endpoint: int


class Ping(Command, frozen=True):
    """Ask for a sign of life."""


class Notice(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Base of what a worker sends."""


class Opened(Notice, frozen=True):
    """The port is bound."""

    endpoint: int
    port: int
    srtp_key: bytes = b""


class Refused(Notice, frozen=True):
    """No port could be bound (or not that one)."""

    endpoint: int
    reason: str


class Key(Notice, frozen=True):
    """The peer pressed a key."""

    endpoint: int
    digit: str


class Speech(Notice, frozen=True):
    """The peer has begun to speak, or fallen silent."""

    endpoint: int
    on: bool


class Played(Notice, frozen=True):
    """A play came to its end."""

    endpoint: int
    play: int


class Dead(Notice, frozen=True):
    """Nothing has arrived for the dead-media time; said once for each silence."""

    endpoint: int


class PromptMissing(Notice, frozen=True):
    """A prompt could not be read, or is empty; the play went on without it."""

    endpoint: int
    name: str


class SpoolFailed(Notice, frozen=True):
    """Recording of this leg stopped for good (disk full ...); the call goes on."""

    endpoint: int
    reason: str


class Closed(Notice, frozen=True):
    """The ports are free again, the spool is written."""

    endpoint: int
    figures: Figures


class Reserved(Notice, frozen=True):
    """These ports are bound and wait for their ``Open``."""

    address: str
    ports: tuple[int, ...]


class Pong(Notice, frozen=True):
    """The worker is alive; totals since its start."""

    endpoints: int = 0
    packets: int = 0
    strangers: int = 0
    late_ms: float = 0.0
    """How late the latest 20 ms tick has been since the last ``Pong``."""


AnyCommand = (
    Start
    | Open
    | Reserve
    | Connect
    | Bridge
    | Unbridge
    | Hear
    | Play
    | Tone
    | Stop
    | Listen
    | Record
    | StopRecording
    | HearSpeech
    | PlayBack
    | SendKeys
    | Close
    | Ping
)
AnyNotice = (
    Opened | Refused | Key | Speech | Played | Dead | PromptMissing | SpoolFailed | Closed | Reserved | Pong
)

_encoder = msgspec.msgpack.Encoder()
_commands: msgspec.msgpack.Decoder[AnyCommand] = msgspec.msgpack.Decoder(AnyCommand)
_notices: msgspec.msgpack.Decoder[AnyNotice] = msgspec.msgpack.Decoder(AnyNotice)


def frame(message: Command | Notice) -> bytes:
    """Encode one message with its length."""
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


class _FrameStream:
    """Cuts a byte stream into frame bodies."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def bodies(self, data: bytes) -> list[bytes]:
        pending = self._pending
        pending += data
        found: list[bytes] = []
        start = 0
        while len(pending) - start >= 4:
            (length,) = _LENGTH.unpack_from(pending, start)
            if length > MAX_FRAME:
                raise FrameError(f"a frame of {length} bytes")
            end = start + 4 + length
            if end > len(pending):
                break
            found.append(bytes(pending[start + 4 : end]))
            start = end
        del pending[:start]
        return found


class CommandStream(_FrameStream):
    """The worker's reading side."""

    def feed(self, data: bytes) -> list[AnyCommand]:
        """Return the commands completed by ``data``; raises FrameError for what is none."""
        try:
            return [_commands.decode(body) for body in self.bodies(data)]
        except msgspec.MsgspecError as error:
            raise FrameError(str(error)) from error


class NoticeStream(_FrameStream):
    """The b2bua's reading side."""

    def feed(self, data: bytes) -> list[AnyNotice]:
        """Return the notices completed by ``data``; raises FrameError for what is none."""
        try:
            return [_notices.decode(body) for body in self.bodies(data)]
        except msgspec.MsgspecError as error:
            raise FrameError(str(error)) from error
