"""What the tests of the transports share: a receiver that remembers, waiting for a condition."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet import reactor
from twisted.internet.defer import inlineCallbacks
from twisted.internet.task import deferLater

from b2bua.sip.flow import Flow
from b2bua.sip.message import Message


class Remembering:
    """A receiver that keeps what it was given."""

    def __init__(self) -> None:
        self.messages: list[tuple[object, Flow]] = []
        self.failed: list[Flow] = []
        self.explode = False

    def received(self, message: object, flow: Flow) -> None:
        """Keep it."""
        self.messages.append((message, flow))
        if self.explode:
            raise RuntimeError("a bug of ours")

    def flow_failed(self, flow: Flow) -> None:
        """Keep it."""
        self.failed.append(flow)

    @property
    def methods(self) -> list[str]:
        """The methods or statuses of the messages so far."""
        return [getattr(m, "method", None) or str(getattr(m, "status", m)) for m, _ in self.messages]


@inlineCallbacks
def until(condition: Callable[[], object], seconds: float = 5.0):
    """Wait in the reactor until a condition holds; fail after a bound."""
    for _ in range(int(seconds / 0.005)):
        if condition():
            return
        yield deferLater(reactor, 0.005)
    raise AssertionError("it never came true")


@inlineCallbacks
def receive(sock, enough=1, seconds=5.0):
    """Read from a peer's socket while the reactor runs, until so many bytes are there or the end."""
    sock.setblocking(False)
    got = [b""]

    def look():
        try:
            data = sock.recv(65536)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            data = b""
        got[0] += data
        return not data or len(got[0]) >= enough

    yield until(look, seconds)
    return got[0]


def options(call_id: str = "c1", branch: str = "1", body: bytes = b"", extra: str = "") -> bytes:
    """Make the bytes of an OPTIONS."""
    return (
        f"OPTIONS sip:box SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK{branch}\r\n"
        f"From: <sip:a@b>;tag=1\r\nTo: <sip:box>\r\nCall-ID: {call_id}\r\nCSeq: 1 OPTIONS\r\n{extra}"
        f"Max-Forwards: 70\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def name_of(message: Message) -> str:
    """Give the Call-ID, by which the tests tell messages apart."""
    return message.get("Call-ID") or ""
