"""The INVITE client transaction, row by row of its table."""

from __future__ import annotations

from b2bua.sip.flow import Flow
from b2bua.sip.message import Response
from b2bua.sip.transaction import InviteClient, Transactions
from tests.unit.sip_core.recording import TCP, UDP, Edge, request, response

KEY = ("z9hG4bKa", "INVITE")
INVITE = "send INVITE sip:4001003721@10.0.0.1 SIP/2.0"
ACK = "send ACK sip:4001003721@10.0.0.1 SIP/2.0"


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

    def on_all_forks_heard(self) -> None:
        """Keep it."""
        self.heard.append("all heard")


def machine(flow: Flow = UDP) -> tuple[Edge, Transactions, InviteClient, User]:
    """Make one."""
    edge, home, user = Edge(), Transactions(), User()
    client = InviteClient(edge, home, KEY, request("INVITE"), flow, edge.reliable(flow), user)
    return edge, home, client, user


def over(edge: Edge, home: Transactions) -> bool:
    """Tell whether nothing is left."""
    return not home.clients and not edge.pending()


def test_the_invite_is_repeated_until_the_first_answer() -> None:
    """A doubles without bound; 1xx stops A and B."""
    edge, _, client, user = machine()
    assert edge.take() == ["set B 32", "set A 0.5", INVITE]
    for delay in ("1", "2", "4", "8", "16"):
        edge.fire("A")
        assert edge.take() == [INVITE, f"set A {delay}"]
    client.on_response(response(100, "INVITE"))
    client.on_response(response(180, "INVITE"))
    assert edge.pending() == set()
    assert user.heard == ["100", "180"]


def test_silence_ends_by_b() -> None:
    """The user learns 408."""
    edge, home, _, user = machine()
    edge.fire("B")
    assert over(edge, home)
    assert user.heard == ["none 408"]


def test_a_200_is_passed_up_each_time() -> None:
    """The user acknowledges; other answers are ignored; M ends it."""
    edge, home, client, user = machine()
    client.on_response(response(200, "INVITE"))
    client.on_response(response(200, "INVITE"))
    client.on_response(response(180, "INVITE"))
    client.on_response(response(486, "INVITE"))
    assert user.heard == ["200", "200"]
    assert edge.pending() == {"M"}
    edge.fire("M")
    assert user.heard[-1] == "all heard"
    assert over(edge, home)


def test_a_refusal_is_acknowledged_each_time_and_told_once() -> None:
    """The ACK has the INVITE's branch and the refusal's To."""
    edge, home, client, user = machine()
    edge.take()
    client.on_response(response(486, "INVITE"))
    assert edge.take() == [ACK, "set D 32"]
    client.on_response(response(486, "INVITE"))
    client.on_response(response(180, "INVITE"))
    assert edge.take() == [ACK]
    assert user.heard == ["486"]
    edge.fire("D")
    assert over(edge, home)


def test_reliable_transports_repeat_nothing() -> None:
    """No A, and no D."""
    edge, home, client, user = machine(TCP)
    assert edge.take() == ["set B 32", INVITE]
    client.on_response(response(486, "INVITE"))
    assert over(edge, home)
    assert user.heard == ["486"]


def test_a_dead_flow_is_told_while_we_wait() -> None:
    """503; after the final answer it means nothing."""
    edge, home, client, user = machine()
    client.on_flow_failed()
    assert user.heard == ["none 503"]
    assert over(edge, home)
    edge, home, client, user = machine()
    client.on_response(response(200, "INVITE"))
    client.on_flow_failed()
    assert user.heard == ["200"]


def test_a_hushed_invite_is_sent_no_more_but_heard() -> None:
    """Given up before the first answer."""
    edge, _, client, user = machine()
    client.hush()
    assert edge.pending() == {"B"}
    client.on_response(response(180, "INVITE"))
    client.hush()
    assert user.heard == ["180"]


def test_abandoning_tells_nobody() -> None:
    """And can be done twice."""
    edge, home, client, user = machine()
    client.on_response(response(180, "INVITE"))
    client.abandon()
    client.abandon()
    assert over(edge, home)
    assert user.heard == ["180"]
