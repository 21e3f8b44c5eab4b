"""A carrier on loopback that counts what it saw: the independent witness of the crash tests.

One thread, two SIP sockets (the caller's side and the gateway behind the outbound trunk) and one RTP socket
a side. It shares no code with the product: what it believes about calls is what was on the wire.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import random
import re
import selectors
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field

T1 = 0.5
PACKET_SECONDS = 0.02


@dataclass
class Seen:
    """One side of one call as its peer saw it; times are monotonic seconds, None: never."""

    call_id: str
    caller: str
    """The number that the call shows, another one for each call placed."""
    started: float
    responded: float | None = None
    """First answer of any kind to our INVITE (caller's side only)."""
    status: int = 0
    answered: float | None = None
    ended: float | None = None
    ended_by: str = ""
    """``us``, ``box``, or ``refused``."""
    packets_out: int = 0
    packets_in: int = 0

    @property
    def up(self) -> bool:
        """Answered and not yet ended."""
        return self.answered is not None and self.ended is None


@dataclass(frozen=True)
class Weather:
    """What the network does to SIP datagrams of the carrier, each way; RTP passes untouched."""

    loss: float = 0.0
    duplicate: float = 0.0
    jitter: float = 0.0
    """Up to so many seconds of delay, each datagram its own."""


@dataclass
class _Side:
    """Dialog facts that requests of one side need."""

    seen: Seen
    gateway: bool
    local: str = ""
    remote: str = ""
    target: str = ""
    routes: list[str] = field(default_factory=list)
    cseq: int = 1
    rtp: tuple[str, int] | None = None
    invite: str = ""
    ok: bytes = b""
    bye: bytes = b""
    confirmed: bool = False
    sequence: int = 0


class Carrier:
    """Places calls from one address, answers them at another, and hangs up either side."""

    def __init__(
        self,
        box: tuple[str, int],
        caller: str,
        gateway: tuple[str, int],
        number: str,
        seed: int,
        weather: Weather | None = None,
    ) -> None:
        self._box, self._number = box, number
        self._weather = weather or Weather()
        self._random = random.Random(seed)
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._ids = itertools.count()
        self._run_id = f"{seed}-{time.monotonic_ns()}"
        self._selector = selectors.DefaultSelector()
        self._caller = self._socket(caller, 0, self._on_caller)
        self._gateway = self._socket(gateway[0], gateway[1], self._on_gateway)
        self._caller_rtp = self._socket(caller, 0, self._on_rtp)
        self._gateway_rtp = self._socket(gateway[0], 0, self._on_rtp)
        self._sides: dict[tuple[bool, str], _Side] = {}
        self._by_rtp: dict[tuple[str, int], Seen] = {}
        self._pings = ""
        self.heard = 0.0
        """When the last :meth:`ping` was answered, 0: not yet."""
        self.calls: list[Seen] = []
        self.legs: list[Seen] = []

    def _socket(self, host: str, port: int, read: Callable[[socket.socket], None]) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        made.bind((host, port))
        made.setblocking(False)
        self._selector.register(made, selectors.EVENT_READ, read)
        return made

    def close(self) -> None:
        """Close all sockets."""
        for made in (self._caller, self._gateway, self._caller_rtp, self._gateway_rtp):
            self._selector.unregister(made)
            made.close()
        self._selector.close()

    # --- the loop

    @staticmethod
    def now() -> float:
        """Return the time that all of :class:`Seen` is in."""
        return time.monotonic()

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something later, in the loop."""
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._ids), action))

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Serve sockets and timers for so long, or until a condition holds."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end and not until():
            while self._timers and self._timers[0][0] <= now:
                heapq.heappop(self._timers)[2]()
            wake = min(end, self._timers[0][0] if self._timers else end)
            for key, _ in self._selector.select(max(0.0, min(0.05, wake - time.monotonic()))):
                key.data(key.fileobj)

    # --- the caller's side

    def ping(self, until: float) -> None:
        """Send an OPTIONS every 0.1 s until one is answered; see :attr:`heard`."""
        self.heard = 0.0
        self._pings = f"ping-{next(self._ids)}-{self._run_id}"
        self._ping(until)

    def _ping(self, until: float) -> None:
        if self.heard or time.monotonic() > until:
            return
        host, port = self._caller.getsockname()
        serial = next(self._ids)
        self._send(
            self._caller,
            (
                f"OPTIONS sip:{self._box[0]}:{self._box[1]} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bKo{serial}x{self._run_id}\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:ping@{host}>;tag=o{serial}\r\n"
                f"To: <sip:{self._box[0]}>\r\n"
                f"Call-ID: {self._pings}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
            ).encode(),
            self._box,
        )
        self.after(0.1, lambda: self._ping(until))

    def place(self, talk_seconds: float) -> Seen:
        """Place one call; after the answer it talks so long, then one of the two sides hangs up."""
        serial = next(self._ids)
        call_id = f"c{serial}-{self._run_id}@carrier"
        number = f"139{serial:08d}"
        seen = Seen(call_id, number, time.monotonic())
        side = _Side(seen, gateway=False)
        host, port = self._caller.getsockname()
        side.local = f"<sip:{number}@{host}>;tag=t{serial}"
        side.remote = f"<sip:{self._number}@{self._box[0]}>"
        sdp = self._sdp(self._caller_rtp)
        side.invite = (
            f"INVITE sip:{self._number}@{self._box[0]}:{self._box[1]} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bKi{serial}x{self._run_id}\r\n"
            f"Max-Forwards: 70\r\nFrom: {side.local}\r\nTo: {side.remote}\r\n"
            f"Call-ID: {call_id}\r\nCSeq: 1 INVITE\r\n"
            f"Contact: <sip:c{serial}@{host}:{port}>\r\nContent-Type: application/sdp\r\n"
            f"Content-Length: {len(sdp)}\r\n\r\n{sdp}"
        )
        self._sides[False, call_id] = side
        self.calls.append(seen)
        self._send_invite(side, T1, time.monotonic() + 32, talk_seconds)
        return seen

    def _send_invite(self, side: _Side, wait: float, deadline: float, talk: float) -> None:
        seen = side.seen
        if seen.responded is not None or time.monotonic() > deadline:
            return
        self._send(self._caller, side.invite.encode(), self._box)
        self.after(wait, lambda: self._send_invite(side, wait * 2, deadline, talk))
        side.sequence = round(talk * 1000)  # kept until the answer; then the RTP sequence number

    def _on_caller(self, sock: socket.socket) -> None:
        self._receive(sock, self._caller_heard)

    def _caller_heard(self, sock: socket.socket, text: str, source: tuple[str, int]) -> None:
        call_id, cseq = _header(text, "Call-ID"), _header(text, "CSeq")
        side = self._sides.get((False, call_id))
        if side is None:
            if call_id == self._pings and not self.heard:
                self.heard = time.monotonic()
            return
        if not text.startswith("SIP/2.0"):
            self._on_request(sock, side, text, source)
            return
        status, now = int(text[8:11]), time.monotonic()
        if cseq.endswith("BYE"):
            side.bye = b""
            return
        seen = side.seen
        seen.responded = seen.responded or now
        if status < 200:
            return
        side.remote = _header(text, "To")
        if status >= 300:
            branch = _header(_head(side.invite), "Via")
            self._send(sock, self._request(side, "ACK", 1, via=branch).encode(), self._box)
            if seen.status == 0:
                seen.status, seen.ended, seen.ended_by = status, now, "refused"
            return
        first = seen.answered is None
        self._take_dialog(side, text)
        self._send(sock, self._request(side, "ACK", 1).encode(), self._box)
        if first:
            seen.status, seen.answered = 200, now
            talk = side.sequence / 1000
            side.sequence = 0
            self._talk(side)
            if self._random.random() < 0.5:
                self.after(talk, lambda: self._hang_up(side))
            else:
                self.after(talk + 5, lambda: self._hang_up(side))  # the gateway's side goes first

    # --- the gateway's side

    def _on_gateway(self, sock: socket.socket) -> None:
        self._receive(sock, self._gateway_heard)

    def _gateway_heard(self, sock: socket.socket, text: str, source: tuple[str, int]) -> None:
        call_id = _header(text, "Call-ID")
        side = self._sides.get((True, call_id))
        if text.startswith("SIP/2.0"):
            if side is not None and _header(text, "CSeq").endswith("BYE"):
                side.bye = b""
            return
        method = text.split(" ", 1)[0]
        if method == "OPTIONS":
            self._send(sock, self._reply(text, 200, "OK").encode(), source)
        elif method == "INVITE":
            if side is None:
                self._accept(sock, text, source)
        elif side is not None and method == "ACK":
            if not side.confirmed:
                side.confirmed = True
                self._talk(side)
        elif side is not None:
            self._on_request(sock, side, text, source)
        elif method in ("BYE", "CANCEL"):
            self._send(sock, self._reply(text, 481, "Call/Transaction Does Not Exist").encode(), source)

    def _accept(self, sock: socket.socket, text: str, source: tuple[str, int]) -> None:
        call_id, now = _header(text, "Call-ID"), time.monotonic()
        seen = Seen(call_id, "", now)
        side = _Side(seen, gateway=True, invite=text)
        side.local = _header(text, "To") + f";tag=g{next(self._ids)}"
        side.remote = _header(text, "From")
        host, port = sock.getsockname()
        sdp = self._sdp(self._gateway_rtp)
        self._take_dialog(side, text)
        side.ok = self._reply(
            text, 200, "OK", to=side.local,
            more=f"Contact: <sip:gw@{host}:{port}>\r\nContent-Type: application/sdp\r\n", body=sdp,
        ).encode()  # fmt: skip
        self._sides[True, call_id] = side
        self.legs.append(seen)
        self._send(sock, self._reply(text, 180, "Ringing", to=side.local).encode(), source)
        self.after(0.2, lambda: self._answer(side, source, T1, time.monotonic() + 32))

    def _answer(self, side: _Side, source: tuple[str, int], wait: float, deadline: float) -> None:
        seen = side.seen
        if seen.ended is not None or side.confirmed or time.monotonic() > deadline:
            return
        if seen.answered is None:
            seen.answered = time.monotonic()
            self.after(self._random.uniform(1.5, 6), lambda: self._hang_up(side))
        self._send(self._gateway, side.ok, source)
        self.after(wait, lambda: self._answer(side, source, min(wait * 2, 4), deadline))

    # --- both sides

    def _on_request(self, sock: socket.socket, side: _Side, text: str, source: tuple[str, int]) -> None:
        method = text.split(" ", 1)[0]
        if method == "ACK":
            return
        self._send(sock, self._reply(text, 200, "OK").encode(), source)
        seen, now = side.seen, time.monotonic()
        if method == "CANCEL" and seen.answered is None:
            self._send(
                sock, self._reply(side.invite, 487, "Request Terminated", to=side.local).encode(), source
            )
            seen.ended, seen.ended_by = seen.ended or now, "box"
        elif method == "BYE" and seen.ended is None:
            seen.ended, seen.ended_by = now, "box"

    def _hang_up(self, side: _Side) -> None:
        seen = side.seen
        if not seen.up:
            return
        seen.ended, seen.ended_by = time.monotonic(), "us"
        side.cseq += 1
        side.bye = self._request(side, "BYE", side.cseq).encode()
        self._send_bye(side, T1, time.monotonic() + 32)

    def _send_bye(self, side: _Side, wait: float, deadline: float) -> None:
        if not side.bye or time.monotonic() > deadline:
            return
        sock = self._gateway if side.gateway else self._caller
        self._send(sock, side.bye, self._box)
        self.after(wait, lambda: self._send_bye(side, min(wait * 2, 4), deadline))

    def _take_dialog(self, side: _Side, text: str) -> None:
        found = re.search(r"<([^>]*)>", _header(text, "Contact"))
        side.target = found.group(1) if found else ""
        address = re.search(r"^c=IN IP4 (\S+)\r?$", text, re.M)
        port = re.search(r"^m=audio (\d+)", text, re.M)
        if address and port:
            side.rtp = (address.group(1), int(port.group(1)))
            self._by_rtp[side.rtp] = side.seen

    def _talk(self, side: _Side) -> None:
        seen = side.seen
        if not seen.up or side.rtp is None:
            return
        packet = struct.pack(
            "!BBHII", 0x80, 8, side.sequence & 0xFFFF, side.sequence * 160, 0x10000 + side.gateway
        )
        side.sequence += 1
        _put(self._gateway_rtp if side.gateway else self._caller_rtp, packet + TONE, side.rtp)
        seen.packets_out += 1
        started = seen.answered or 0.0
        self.after(
            max(0.0, started + side.sequence * PACKET_SECONDS - time.monotonic()), lambda: self._talk(side)
        )

    def _on_rtp(self, sock: socket.socket) -> None:
        for _ in range(64):
            try:
                data, source = sock.recvfrom(2048)
            except BlockingIOError:
                return
            except ConnectionError:
                continue
            if (seen := self._by_rtp.get(source)) is not None:
                seen.packets_in += 1
                self._hear(seen, data[12:], source, sock is self._gateway_rtp)

    def _hear(self, seen: Seen, payload: bytes, source: tuple[str, int], gateway: bool) -> None:
        """Take what a side hears; here it is only counted."""

    # --- messages

    def _request(self, side: _Side, method: str, cseq: int, via: str = "") -> str:
        host, port = (self._gateway if side.gateway else self._caller).getsockname()
        uri = side.target or f"sip:{self._number}@{self._box[0]}:{self._box[1]}"
        branch = f"z9hG4bK{method}{next(self._ids)}x{self._run_id}"
        via = via or f"SIP/2.0/UDP {host}:{port};branch={branch}"
        return (
            f"{method} {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\n"
            f"From: {side.local}\r\nTo: {side.remote}\r\n"
            f"Call-ID: {side.seen.call_id}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n"
        )

    @staticmethod
    def _reply(
        request: str, status: int, reason: str, *, to: str = "", more: str = "", body: str = ""
    ) -> str:
        head = _head(request)
        vias = "".join(f"Via: {value}\r\n" for value in re.findall(r"^Via:\s*(.*?)\r?$", head, re.M | re.I))
        return (
            f"SIP/2.0 {status} {reason}\r\n{vias}From: {_header(head, 'From')}\r\n"
            f"To: {to or _header(head, 'To')}\r\n"
            f"Call-ID: {_header(head, 'Call-ID')}\r\nCSeq: {_header(head, 'CSeq')}\r\n{more}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )

    @staticmethod
    def _sdp(rtp: socket.socket) -> str:
        host, port = rtp.getsockname()
        return (
            f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 8 101\r\n"
            "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n"
        )

    def _send(self, sock: socket.socket, data: bytes, to: tuple[str, int]) -> None:
        self._pass(lambda: _put(sock, data, to))

    def _receive(
        self, sock: socket.socket, heard: Callable[[socket.socket, str, tuple[str, int]], None]
    ) -> None:
        try:
            data, source = sock.recvfrom(65535)
        except (BlockingIOError, ConnectionError):
            return
        self._pass(lambda: heard(sock, data.decode("utf-8", "replace"), source))

    def _pass(self, deliver: Callable[[], None]) -> None:
        """Let one datagram through the weather."""
        weather = self._weather
        copies = (self._random.random() >= weather.loss) + (self._random.random() < weather.duplicate)
        for _ in range(copies):
            if weather.jitter:
                self.after(self._random.uniform(0, weather.jitter), deliver)
            else:
                deliver()


def _put(sock: socket.socket, data: bytes, to: tuple[str, int]) -> None:
    # the box may be being restarted; retransmission is what SIP has for this
    with contextlib.suppress(BlockingIOError, ConnectionError):
        sock.sendto(data, to)


def _head(text: str) -> str:
    return text.split("\r\n\r\n", 1)[0]


def _header(text: str, name: str) -> str:
    found = re.search(rf"^{name}:\s*(.*?)\r?$", _head(text), re.M | re.I)
    return found.group(1) if found else ""


def _tone() -> bytes:
    """One 20 ms packet of a square-ish tone in A-law, never silence."""
    return bytes(0xAA if index % 16 < 8 else 0x2A for index in range(160))


TONE = _tone()
