"""The control socket: one JSON line for each request, one for its answer."""

from __future__ import annotations

import msgspec
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport

from b2bua.control import (
    Begun,
    Calls,
    Done,
    Failed,
    Hold,
    InCallRequest,
    InForce,
    LiveCall,
    Request,
    Response,
    Status,
    TryMenu,
    TryTrunk,
)
from b2bua.control_server import ControlProtocol
from domain.flow.document import Flow, HangUp

FLOW = Flow(name="main", start="main", nodes={"main": HangUp()})
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

    def in_call(self, request: InCallRequest) -> Done | Failed:
        """Note it; refuse to hold."""
        self.asked.append(f"{type(request).__name__} {request.call} {request.by}")
        return Failed("no", "不行") if isinstance(request, Hold) else Done()

    def call_back(self, tenant: str, contact: str, agent: str) -> Deferred[Response]:
        """Answer when the test lets it."""
        self.asked.append(f"call back {tenant} {contact} {agent}")
        self.begun: Deferred[Response] = Deferred()
        return self.begun

    def trial(self, request: TryMenu | TryTrunk) -> Response:
        """Note it."""
        self.asked.append(f"trial {request}")
        return Begun("01M8172EV8WM5RPGMQH3500BQN")

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


def test_calls_that_are_up_are_worked_on() -> None:
    """Transfer, hold, resume, supervise, take down: granted, or refused in both languages."""
    box, answers, _ = ask(
        b'{"do":"transfer","call":"01","target":"8002","by":"root"}',
        b'{"do":"hold","call":"01","by":"root"}',
        b'{"do":"resume","call":"01","by":"root"}',
        b'{"do":"supervise","call":"01","extension":"8009","mode":"barge","by":"root"}',
        b'{"do":"take-down","call":"01","by":"root"}',
        b'{"do":"take-down","call":"01"}',
    )
    assert [type(answer) for answer in answers] == [Done, Failed, Done, Done, Done, Failed]
    assert answers[1] == Failed("no", "不行")
    assert [asked.split()[0] for asked in box.asked] == [
        "Transfer",
        "Hold",
        "Resume",
        "Supervise",
        "TakeDown",
    ]


def test_test_calls_are_begun() -> None:
    """A menu comes whole, as it stands in the editor."""
    hang_up = {"main": {"kind": "hang-up", "prompts": []}}
    asked = [
        {"do": "try-trunk", "trunk": "unicom", "to": "13900001111", "shows": "4001003721"},
        {
            "do": "try-menu", "tenant": "acme", "number": "4001003721", "phone": "8001",
            "flow": {"name": "main", "start": "main", "nodes": hang_up},
        },
    ]  # fmt: skip
    box, answers, _ = ask(*map(msgspec.json.encode, asked))
    assert answers == [Begun("01M8172EV8WM5RPGMQH3500BQN")] * 2
    assert len(box.asked) == 2


def test_what_takes_time_is_answered_in_its_turn() -> None:
    """A call-back looks its contact up first; what was asked after it is answered after it."""
    box, answers, transport = ask(
        b'{"do":"call-back","tenant":"acme","contact":"01","agent":"8001"}', b'{"do":"ping"}'
    )
    assert answers == []
    assert box.asked == ["call back acme 01 8001"]
    box.begun.callback(Begun("02"))
    told = [msgspec.json.decode(line, type=Response) for line in transport.value().splitlines()]
    assert told == [Begun("02"), Done()]


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
        needed = [name for name in request.__struct_fields__ if name not in ("on", "seen")]
        value = request(**{name: {"flow": FLOW, "loads": {}}.get(name, "01") for name in needed})
        assert msgspec.json.decode(msgspec.json.encode(value), type=Request) == value
