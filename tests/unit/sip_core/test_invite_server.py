"""The INVITE server transaction, row by row of its table."""

from __future__ import annotations

import pytest

from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.sip.transaction import InviteServer, Transactions
from tests.unit.sip_core.recording import TCP, UDP, Edge, request

KEY = ("z9hG4bKa", "10.0.0.2", 5060, "id", "INVITE")
MERGE = ("id", "x", 1, "INVITE")


class User:
    """Keeps what the machine says."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_ack(self, request: Request) -> None:
        """Keep it."""
        self.heard.append("ack")

    def on_no_ack(self) -> None:
        """Keep it."""
        self.heard.append("no ack")


def machine(flow: Flow = UDP) -> tuple[Edge, Transactions, InviteServer, User]:
    """Make one."""
    edge, home, user = Edge(), Transactions(), User()
    server = InviteServer(edge, home, KEY, MERGE, "id", flow, edge.reliable(flow))
    server.user = user
    assert home.servers == {KEY: server}
    assert home.merged == {MERGE: KEY}
    return edge, home, server, user


def over(edge: Edge, home: Transactions) -> bool:
    """Tell whether nothing is left."""
    return not home.servers and not home.merged and not edge.pending()


def test_provisional_answers_are_repeated_for_a_repeated_invite() -> None:
    """The last one is."""
    edge, _, server, _ = machine()
    server.on_request(request("INVITE"))
    assert edge.take() == []
    server.respond(100, b"SIP/2.0 100 Trying\r\n")
    server.respond(180, b"SIP/2.0 180 Ringing\r\n")
    server.on_request(request("INVITE"))
    assert edge.take() == ["send 100", "send 180", "send 180"]


def test_a_200_is_left_to_the_session() -> None:
    """The machine absorbs INVITEs, passes ACKs up and ends with L (RFC 6026)."""
    edge, home, server, user = machine()
    server.respond(200, b"SIP/2.0 200 OK\r\n")
    server.on_request(request("INVITE"))
    assert edge.take() == ["send 200", "set L 32"]
    server.on_request(request("ACK"))
    assert user.heard == ["ack"]
    edge.fire("L")
    assert over(edge, home)


def test_a_refusal_is_repeated_until_its_ack() -> None:
    """G doubles up to T2; the ACK stops it; I absorbs further ACKs."""
    edge, home, server, user = machine()
    server.respond(486, b"SIP/2.0 486 Busy\r\n")
    assert edge.take() == ["send 486", "set H 32", "set G 0.5"]
    for delay in ("1", "2", "4", "4"):
        edge.fire("G")
        assert edge.take() == ["send 486", f"set G {delay}"]
    server.on_request(request("INVITE"))
    assert edge.take() == ["send 486"]
    server.on_request(request("ACK"))
    assert edge.take() == ["set I 5"]
    assert edge.pending() == {"I"}
    server.on_request(request("ACK"))
    server.on_request(request("INVITE"))
    assert edge.take() == []
    edge.fire("I")
    assert over(edge, home)
    assert user.heard == []


def test_a_refusal_without_ack_ends_by_h() -> None:
    """The user learns it."""
    edge, home, server, user = machine()
    server.respond(486, b"SIP/2.0 486 Busy\r\n")
    edge.fire("H")
    assert over(edge, home)
    assert user.heard == ["no ack"]


def test_reliable_transports_repeat_nothing() -> None:
    """No G, and no I."""
    edge, home, server, _ = machine(TCP)
    server.respond(486, b"SIP/2.0 486 Busy\r\n")
    assert edge.take() == ["send 486", "set H 32"]
    server.on_request(request("ACK"))
    assert over(edge, home)


def test_a_second_final_answer_is_our_own_mistake() -> None:
    """It crashes loudly."""
    _, _, server, _ = machine()
    server.respond(486, b"SIP/2.0 486 Busy\r\n")
    with pytest.raises(AssertionError):
        server.respond(200, b"SIP/2.0 200 OK\r\n")


def test_abandoning_ends_at_once() -> None:
    """In any state, also twice."""
    edge, home, server, _ = machine()
    server.respond(486, b"SIP/2.0 486 Busy\r\n")
    server.abandon()
    server.abandon()
    assert over(edge, home)
