"""The control socket: one JSON line for each request, one for its answer."""

from __future__ import annotations

import msgspec
import pytest
from twisted.internet.testing import StringTransport

from b2bua.control import Calls, Done, Failed, InForce, LiveCall, Request, Response, Status
from b2bua.control_server import ControlProtocol

LIVE = LiveCall(
    call="01", number="4001003721", tenant="acme", caller="139", state="talking", who="010", trunk="t",
    seconds=3.5, talk_seconds=1.0, area_code="0755", place="广东 深圳",
)  # fmt: skip


class Box:
    """A box that does what is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def status(self) -> Status:
        """Break, as our own mistake would."""
        raise RuntimeError("a mistake")

    def calls(self) -> Calls:
        """One call is up."""
        return Calls([LIVE])

    def hang_up(self, call: str) -> bool:
        """Know one call."""
        return call == "01"

    def reload(self) -> InForce:
        """Tell versions."""
        return InForce(box=2, tenants={"acme": 7})

    def flush_trace(self) -> None:
        """Note it."""
        self.asked.append("flush")

    def refuse_calls(self, on: bool) -> None:
        """Note it."""
        self.asked.append(f"refuse {on}")


def ask(*lines: bytes) -> tuple[Box, list[Response], StringTransport]:
    """Send lines in one piece and return what was answered."""
    box = Box()
    protocol = ControlProtocol(box)
    transport = StringTransport()
    protocol.makeConnection(transport)
    protocol.dataReceived(b"".join(line + b"\n" for line in lines))
    answers = [msgspec.json.decode(line, type=Response) for line in transport.value().splitlines()]
    return box, answers, transport


def test_requests_are_answered_in_order() -> None:
    """Several in one piece."""
    box, answers, _ = ask(
        b'{"do":"ping"}',
        b'{"do":"calls"}',
        b'{"do":"hangup","call":"01"}',
        b'{"do":"hangup","call":"02"}',
        b'{"do":"reload"}',
        b'{"do":"flush-trace"}',
        b'{"do":"drain"}',
        b'{"do":"drain","on":false}',
    )
    assert answers == [
        Done(),
        Calls([LIVE]),
        Done(),
        Failed("no call 02 is up"),
        InForce(box=2, tenants={"acme": 7}),
        Done(),
        Done(),
        Done(),
    ]
    assert box.asked == ["flush", "refuse True", "refuse False"]


@pytest.mark.parametrize("line", [b"", b"{", b'{"do":"dance"}', b'{"do":"hangup"}', b"\xff\xfe", b"[]"])
def test_what_is_not_understood_is_said_so_and_the_connection_stays(line: bytes) -> None:
    """The next request is answered as usual."""
    _, answers, transport = ask(line, b'{"do":"ping"}')
    assert isinstance(answers[0], Failed)
    assert answers[1] == Done()
    assert not transport.disconnecting


def test_our_own_mistake_is_answered_too(caplog: pytest.LogCaptureFixture) -> None:
    """A broken status must not hang a command line."""
    _, answers, _ = ask(b'{"do":"status"}', b'{"do":"ping"}')
    assert answers == [Failed("internal error: a mistake"), Done()]


def test_every_request_can_be_written_and_read() -> None:
    """The client's side of the protocol."""
    for request in Request.__args__:
        value = request(call="01") if "call" in request.__struct_fields__ else request()
        assert msgspec.json.decode(msgspec.json.encode(value), type=Request) == value
