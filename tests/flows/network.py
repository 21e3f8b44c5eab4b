"""A network in memory, on a fake clock: it delays, loses, doubles and reorders datagrams as a seed says.

``Box`` is a whole SIP stack on it (driver, core, legs, dialler); ``Peer`` is a hand-driven phone that
knows only how to write messages, so that a test says exactly what crosses the wire.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from twisted.internet.task import Clock

from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.message import Message, Request, Response
from b2bua.sip.parse import parse_message

Address = tuple[str, int]


@dataclass
class Network:
    """Carries datagrams between nodes; everything it does follows from ``seed``."""

    clock: Clock = field(default_factory=Clock)
    seed: int = 1
    transport: str = "udp"
    loss: float = 0.0
    duplicates: float = 0.0
    delay: float = 0.001
    jitter: float = 0.0
    keep_log: bool = True
    log: list[tuple[float, Address, Address, bytes]] = field(default_factory=list)
    """What was sent: time, from, to, bytes."""
    in_flight: int = 0
    sent: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.nodes: dict[Address, Callable[[bytes, Address], None]] = {}

    def send(self, data: bytes, source: Address, target: Address) -> None:
        """Carry one datagram, or lose it."""
        self.sent += 1
        if self.keep_log:
            self.log.append((self.clock.seconds(), source, target, data))
        copies = 2 if self.duplicates and self.chance.random() < self.duplicates else 1
        for _ in range(copies):
            if self.loss and self.chance.random() < self.loss:
                continue
            self.in_flight += 1
            delay = self.delay + (self.jitter * self.chance.random() if self.jitter else 0.0)
            self.clock.callLater(delay, self._deliver, data, source, target)

    def _deliver(self, data: bytes, source: Address, target: Address) -> None:
        self.in_flight -= 1
        node = self.nodes.get(target)
        if node is not None:
            node(data, source)

    def run(self, seconds: float, step: float = 0.01) -> None:
        """Let time pass."""
        end = self.clock.seconds() + seconds
        while self.clock.seconds() < end - 1e-9:
            self.clock.advance(min(step, end - self.clock.seconds()))

    def idle_until_quiet(self, limit: float = 400.0) -> None:
        """Let time pass until nothing is pending any more."""
        end = self.clock.seconds() + limit
        while self.clock.getDelayedCalls() and self.clock.seconds() < end:
            self.clock.advance(max(0.0, self.clock.getDelayedCalls()[0].getTime() - self.clock.seconds()))

    def lines(self, *nodes: Address) -> list[str]:
        """Give the first lines of what was sent between these nodes (all, if none is named), for
        assertions."""
        return [
            data.split(b"\r\n", 1)[0].decode()
            for _, source, target, data in self.log
            if not nodes or (source in nodes and target in nodes)
        ]


class MemoryTransport:
    """Twin of the byte transports, on one address."""

    def __init__(self, network: Network, address: Address) -> None:
        self.network = network
        self.address = address
        self.name = network.transport
        self.receiver: Callable[[Message | SipError, Flow], None] = lambda message, flow: None
        network.nodes[address] = self._arrived

    def send(self, data: bytes, flow: Flow) -> None:
        """Send along a flow."""
        self.network.send(data, self.address, flow.remote)

    def reliable(self, flow: Flow) -> bool:
        """Whether the flow needs no retransmission."""
        return flow.transport != "udp"

    def sent_by(self, flow: Flow) -> tuple[str, int]:
        """Give what Via and Contact show."""
        return self.address

    def flow_to(self, target: Address) -> Flow:
        """Give the flow to an address."""
        return Flow(self.name, self.address, target, "carrier")

    def find_flow(self, listener: str, transport: str, remote: Address) -> Flow | None:
        """Give flows to next hops."""
        return Flow(transport, self.address, remote, listener) if transport == self.name else None

    def _arrived(self, data: bytes, source: Address) -> None:
        message: Message | SipError
        try:
            message = parse_message(data)
        except SipError as error:
            message = error
        self.receiver(message, Flow(self.name, self.address, source, "carrier"))


class Peer:
    """A phone or carrier that a test drives by hand."""

    def __init__(self, network: Network, address: Address, box: Address) -> None:
        self.network = network
        self.address = address
        self.box = box
        self.inbox: list[Message] = []
        self.seen: list[str] = []
        """Everything that arrived, as ``INVITE`` or ``200 INVITE``."""
        self._number = 0
        network.nodes[address] = self._arrived

    def _arrived(self, data: bytes, source: Address) -> None:
        message = parse_message(data)
        self.inbox.append(message)
        self.seen.append(title(message))

    def send(self, message: Message) -> None:
        """Send to the box."""
        self.network.send(message.encode(), self.address, self.box)

    def expect(self, what: str, within: float = 0.5) -> Message:
        """Take the next message with this title (``INVITE``, ``200 INVITE``); others before it are
        dropped."""
        end = self.network.clock.seconds() + within
        while True:
            while self.inbox:
                message = self.inbox.pop(0)
                if title(message) == what:
                    return message
            assert self.network.clock.seconds() < end, f"no {what}; seen {self.seen}"
            self.network.run(0.01)

    def expect_request(self, method: str, within: float = 0.5) -> Request:
        """Take the next request of this method."""
        message = self.expect(method, within)
        assert isinstance(message, Request)
        return message

    def expect_response(self, what: str, within: float = 0.5) -> Response:
        """Take the next response (``200 INVITE``)."""
        message = self.expect(what, within)
        assert isinstance(message, Response)
        return message

    def branch(self) -> str:
        """Make a branch."""
        self._number += 1
        return f"z9hG4bK-{self.address[0]}-{self._number}"

    def via(self, branch: str | None = None) -> str:
        """Write a Via value."""
        transport = self.network.transport.upper()
        host, port = self.address
        return f"SIP/2.0/{transport} {host}:{port};rport;branch={branch or self.branch()}"

    @property
    def contact(self) -> str:
        """Our Contact value."""
        return f"<sip:peer@{self.address[0]}:{self.address[1]}>"

    def request(
        self,
        method: str,
        *,
        call_id: str,
        from_: str,
        to: str,
        cseq: int,
        uri: str | None = None,
        rows: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        branch: str | None = None,
    ) -> Request:
        """Write a request."""
        headers = [
            ("Via", self.via(branch)),
            ("Max-Forwards", "70"),
            ("From", from_),
            ("To", to),
            ("Call-ID", call_id),
            ("CSeq", f"{cseq} {method}"),
            *rows,
        ]
        if body:
            headers.append(("Content-Type", "application/sdp"))
        return Request(method, uri or f"sip:4001003721@{self.box[0]}:{self.box[1]}", headers, body)

    def invite(
        self,
        call_id: str = "call-1",
        *,
        body: bytes = b"",
        rows: tuple[tuple[str, str], ...] = (),
        cseq: int = 1,
        branch: str | None = None,
    ) -> Request:
        """Write an INVITE that asks for a new call."""
        return self.request(
            "INVITE",
            call_id=call_id,
            from_="<sip:13900001111@carrier>;tag=peer",
            to="<sip:4001003721@box>",
            cseq=cseq,
            rows=(("Contact", self.contact), *rows),
            body=body,
            branch=branch,
        )

    def in_dialog(
        self,
        method: str,
        answer: Message,
        cseq: int,
        *,
        rows: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        branch: str | None = None,
    ) -> Request:
        """Write a request in the dialog that a response to us, or a request to us, belongs to."""
        if isinstance(answer, Response):
            from_, to = answer.get("From") or "", answer.get("To") or ""
        else:
            from_, to = f"{answer.get('To')};tag=callee", answer.get("From") or ""
        target = str(answer.contacts[0].uri) if answer.contacts else None
        if method in ("INVITE", "UPDATE"):
            rows = (("Contact", self.contact), *rows)
        return self.request(
            method,
            call_id=answer.call_id,
            from_=from_,
            to=to,
            cseq=cseq,
            uri=target,
            rows=rows,
            body=body,
            branch=branch,
        )

    def respond(
        self,
        request: Request,
        status: int,
        *,
        tag: str | None = "callee",
        rows: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        reason: str = "Whatever",
    ) -> Response:
        """Send a response."""
        headers = [("Via", value) for value in request.get_all("Via")]
        headers += [("Record-Route", value) for value in request.get_all("Record-Route")]
        to = request.get("To") or ""
        if tag is not None and "tag=" not in to:
            to = f"{to};tag={tag}"
        headers += [
            ("From", request.get("From") or ""),
            ("To", to),
            ("Call-ID", request.call_id),
            ("CSeq", str(request.cseq)),
        ]
        if request.method in ("INVITE", "UPDATE") and status < 300:
            headers.append(("Contact", self.contact))
        headers += rows
        if body:
            headers.append(("Content-Type", "application/sdp"))
        response = Response(status, reason, headers, body)
        self.send(response)
        return response


def title(message: Message) -> str:
    """Name a message: ``INVITE``, ``200 INVITE``."""
    if isinstance(message, Request):
        return message.method
    assert isinstance(message, Response)
    return f"{message.status} {(message.get('CSeq') or '').rpartition(' ')[2]}"
