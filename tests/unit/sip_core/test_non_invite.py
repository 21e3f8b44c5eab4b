"""The non-INVITE transactions, row by row of their tables, and how messages find transactions."""

from __future__ import annotations

import pytest

from b2bua.sip.flow import Flow
from b2bua.sip.message import Response
from b2bua.sip.transaction import NonInviteClient, NonInviteServer, Transactions
from b2bua.sip.transaction.table import client_key, server_key
from tests.unit.sip_core.recording import TCP, UDP, Edge, request, response

BYE = "send BYE sip:4001003721@10.0.0.1 SIP/2.0"


class User:
    """Keeps what the machine says."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_response(self, response: Response) -> None:
        """Keep it."""
        self.heard.append(str(response.status))

    def on_no_response(self, status: int) -> None:
        """Keep it."""
        self.heard.append(f"none {status}")


def client(flow: Flow = UDP) -> tuple[Edge, Transactions, NonInviteClient, User]:
    """Make a client machine."""
    edge, home, user = Edge(), Transactions(), User()
    data = request("BYE").encode()
    made = NonInviteClient(edge, home, ("z9hG4bKa", "BYE"), data, "id", flow, edge.reliable(flow), user)
    return edge, home, made, user


def server(flow: Flow = UDP) -> tuple[Edge, Transactions, NonInviteServer]:
    """Make a server machine."""
    edge, home = Edge(), Transactions()
    return edge, home, NonInviteServer(edge, home, ("k",), None, "id", flow, edge.reliable(flow))


def test_the_request_is_repeated_until_answered() -> None:
    """E doubles up to T2, and is T2 at once after a provisional."""
    edge, home, made, user = client()
    assert edge.take() == ["set F 32", "set E 0.5", BYE]
    edge.fire("E")
    assert edge.take() == [BYE, "set E 1"]
    made.on_response(response(100, "BYE"))
    edge.fire("E")
    assert edge.take() == [BYE, "set E 4"]
    made.on_response(response(200, "BYE"))
    made.on_response(response(200, "BYE"))
    assert edge.take() == ["set K 5"]
    assert user.heard == ["100", "200"]
    edge.fire("K")
    assert not home.clients
    assert not edge.pending()


def test_silence_and_dead_flows_are_told() -> None:
    """408 and 503."""
    edge, home, made, user = client()
    edge.fire("F")
    assert user.heard == ["none 408"]
    assert not home.clients
    edge, home, made, user = client()
    made.on_flow_failed()
    assert user.heard == ["none 503"]
    assert not edge.pending()
    edge, home, made, user = client()
    made.on_response(response(200, "BYE"))
    made.on_flow_failed()
    assert user.heard == ["200"]
    assert made.is_waiting() is False


def test_reliable_clients_repeat_nothing_and_end_at_once() -> None:
    """No E, and no K."""
    edge, home, made, user = client(TCP)
    assert edge.take() == ["set F 32", BYE]
    made.on_response(response(200, "BYE"))
    assert not home.clients
    assert not edge.pending()
    assert user.heard == ["200"]


def test_the_answer_is_repeated_for_a_repeated_request() -> None:
    """Until J; a request that comes again before the answer is absorbed."""
    edge, home, made = server()
    made.on_request(request("BYE"))
    assert edge.take() == []
    made.respond(200, b"SIP/2.0 200 OK\r\n")
    made.on_request(request("BYE"))
    assert edge.take() == ["send 200", "set J 32", "send 200"]
    edge.fire("J")
    assert not home.servers
    with pytest.raises(AssertionError):
        made.respond(200, b"SIP/2.0 200 OK\r\n")


def test_reliable_servers_end_with_their_answer() -> None:
    """No J; abandoning does no harm."""
    edge, home, made = server(TCP)
    made.respond(200, b"SIP/2.0 200 OK\r\n")
    assert not home.servers
    assert not edge.pending()
    made.abandon()
    edge, home, made = server()
    made.abandon()
    assert not home.servers


def test_transactions_are_found_by_branch_sent_by_and_method() -> None:
    """RFC 3261 17.1.3 and 17.2.3; an ACK finds its INVITE."""
    invite, ack = request("INVITE"), request("ACK")
    key = ("z9hG4bKa", "10.0.0.2", 5060, "id", "INVITE")
    assert server_key(invite, "INVITE") == server_key(ack, "INVITE") == key
    assert server_key(request("BYE", branch="z9hG4bKb"), "BYE") != server_key(request("BYE"), "BYE")
    assert client_key(response(200, "BYE")) == ("z9hG4bKa", "BYE")


@pytest.mark.parametrize("branch", ["", "1", "z9hG4b", "z9hG4bK"])
def test_peers_of_rfc_2543_are_found_by_what_stays_the_same(branch: str) -> None:
    """Without the cookie: Via, Request-URI, From tag, Call-ID, CSeq; the ACK's To tag is ours and
    left out."""
    invite = request("INVITE", branch=branch or "x")
    ack = request("ACK", branch=branch or "x", to_tag="ours")
    assert server_key(invite, "INVITE") == server_key(ack, "INVITE")
    other = request("INVITE", branch=branch or "x")
    other.set("Call-ID", "another")
    assert server_key(invite, "INVITE") != server_key(other, "INVITE")
