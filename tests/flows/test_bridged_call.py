"""A call from a carrier through the box to a target and back, on the in-memory network."""

from __future__ import annotations

from b2bua.sdp import SessionDescription
from tests.flows.box import Box, answer, offer
from tests.flows.network import Network, Peer

CARRIER = ("10.0.0.2", 5060)
TARGET = ("10.0.0.3", 5080)


def scene() -> tuple[Network, Box, Peer, Peer]:
    network = Network()
    box = Box(network)
    caller = Peer(network, CARRIER, box.address)
    callee = Peer(network, TARGET, box.address)
    box.hops.list = [box.hop(TARGET)]
    return network, box, caller, callee


def assert_nothing_left(network: Network, box: Box) -> None:
    """Every test ends so: no timer, no transaction, no dialog."""
    network.idle_until_quiet()
    assert len(box.driver.timers) == 0
    assert box.core.endpoint.dialogs == {}
    assert box.core.endpoint.transactions.servers == {}
    assert box.core.endpoint.transactions.clients == {}
    assert box.core.endpoint.transactions.merged == {}
    assert box.driver.faults == 0
    assert network.clock.getDelayedCalls() == []


def test_caller_and_callee_talk_and_the_caller_hangs_up() -> None:
    """A call is answered, and when the caller hangs up the callee's line is freed."""
    network, box, caller, callee = scene()
    caller.send(caller.invite(body=offer().encode()))
    caller.expect("100 INVITE")
    invite = callee.expect_request("INVITE")
    callee.respond(invite, 100, tag=None)
    callee.respond(invite, 180)
    caller.expect("180 INVITE")
    callee.respond(invite, 200, body=answer(SessionDescription.parse(invite.body)).encode())
    callee.expect("ACK")
    ok = caller.expect_response("200 INVITE")
    assert SessionDescription.parse(ok.body).audio is not None
    caller.send(caller.in_dialog("ACK", ok, 1))
    network.run(1.0)
    caller.send(caller.in_dialog("BYE", ok, 2))
    caller.expect("200 BYE")
    bye = callee.expect_request("BYE")
    callee.respond(bye, 200)
    assert_nothing_left(network, box)
    assert caller.seen == ["100 INVITE", "180 INVITE", "200 INVITE", "200 BYE"]
    assert callee.seen == ["INVITE", "ACK", "BYE"]
    assert box.hops.log == ["begin out", "tried out 180", "end out"]


def test_caller_and_callee_talk_and_the_callee_hangs_up() -> None:
    """When the callee hangs up, the caller's line is freed."""
    network, box, caller, callee = scene()
    caller.send(caller.invite(body=offer().encode()))
    invite = callee.expect_request("INVITE")
    callee.respond(invite, 200, body=answer(SessionDescription.parse(invite.body)).encode())
    ok = caller.expect_response("200 INVITE")
    caller.send(caller.in_dialog("ACK", ok, 1))
    callee.expect("ACK")
    callee.send(callee.in_dialog("BYE", invite, 1))
    callee.expect("200 BYE")
    bye = caller.expect_request("BYE")
    caller.respond(bye, 200)
    assert_nothing_left(network, box)
