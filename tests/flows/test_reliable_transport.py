"""The same over TCP: nothing is repeated but what the other end of the call must hear (RFC 3261 13.3.1.4)."""

from __future__ import annotations

from tests.flows.box import Box
from tests.flows.network import Network
from tests.flows.scene import OFFER, Scene, answer_to
from tests.flows.test_retransmission import sent_at


def tcp_scene() -> Scene:
    """Make a scene on TCP."""
    scene = Scene(network=Network(transport="tcp"))
    assert isinstance(scene.box, Box)
    return scene


def test_a_call_over_tcp() -> None:
    """Via and Contact say TCP; transactions end with their answers."""
    scene = tcp_scene()
    scene.caller.send(scene.caller.invite(body=OFFER))
    out = scene.callee.expect_request("INVITE")
    assert out.via.transport == "TCP"
    assert out.contacts[0].uri.transport == "tcp"
    scene.callee.respond(out, 200, body=answer_to(out))
    scene.callee.expect("ACK")
    ok = scene.caller.expect_response("200 INVITE")
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 1))
    scene.network.run(0.1)
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 2))
    scene.caller.expect("200 BYE")
    scene.callee.respond(scene.callee.expect_request("BYE"), 200)
    scene.assert_nothing_left()


def test_refusals_and_requests_are_sent_once() -> None:
    """No INVITE, BYE or refusal is repeated on a connection."""
    scene = tcp_scene()
    scene.received().refuse(486, "Busy Here")
    scene.box.dial().answered.addErrback(lambda failure: None)
    scene.assert_nothing_left()
    assert len(sent_at(scene, "SIP/2.0 486")) == 1
    assert len(sent_at(scene, "INVITE")) == 1


def test_a_200_is_repeated_on_tcp_too() -> None:
    """A proxy in between may speak UDP to the caller."""
    scene = tcp_scene()
    leg = scene.received()
    assert leg.invitation.offer is not None
    leg.answer(leg.invitation.offer).addErrback(lambda failure: None)
    scene.network.run(2.0)
    assert len(sent_at(scene, "SIP/2.0 200")) == 3
    ok = scene.caller.expect_response("200 INVITE")
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 1))
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 2))
    scene.assert_nothing_left()


def test_a_connection_that_is_lost_ends_what_waits_on_it() -> None:
    """A BYE whose connection breaks is not waited for."""
    scene = tcp_scene()
    scene.answered()
    scene.inbound.hang_up()
    assert scene.box.core.requests_waiting() == 1
    scene.box.driver.flow_failed(scene.box.transport.flow_to(scene.caller.address))
    assert scene.box.core.requests_waiting() == 0
    scene.assert_nothing_left()
