"""A call from a carrier through the box to a target and back, on the in-memory network."""

from __future__ import annotations

from b2bua.sdp import SessionDescription
from tests.flows.scene import OFFER, Scene, answer_to


def test_caller_and_callee_talk_and_the_caller_hangs_up() -> None:
    """A call is answered, and when the caller hangs up the callee's line is freed."""
    scene = Scene()
    caller, callee = scene.caller, scene.callee
    caller.send(caller.invite(body=OFFER))
    caller.expect("100 INVITE")
    invite = callee.expect_request("INVITE")
    callee.respond(invite, 100, tag=None)
    callee.respond(invite, 180)
    caller.expect("180 INVITE")
    callee.respond(invite, 200, body=answer_to(invite))
    callee.expect("ACK")
    ok = caller.expect_response("200 INVITE")
    assert SessionDescription.parse(ok.body).audio is not None
    caller.send(caller.in_dialog("ACK", ok, 1))
    scene.network.run(1.0)
    caller.send(caller.in_dialog("BYE", ok, 2))
    caller.expect("200 BYE")
    callee.respond(callee.expect_request("BYE"), 200)
    scene.assert_nothing_left()
    assert caller.seen == ["100 INVITE", "180 INVITE", "200 INVITE", "200 BYE"]
    assert callee.seen == ["INVITE", "ACK", "BYE"]
    assert scene.box.hops.log == ["begin out", "tried out 180", "end out"]


def test_caller_and_callee_talk_and_the_callee_hangs_up() -> None:
    """When the callee hangs up, the caller's line is freed."""
    scene = Scene()
    _, invite = scene.bridged()
    scene.callee.send(scene.callee.in_dialog("BYE", invite, 1))
    scene.callee.expect("200 BYE")
    scene.caller.respond(scene.caller.expect_request("BYE"), 200)
    scene.assert_nothing_left()


def test_nothing_of_the_callers_call_id_or_tags_goes_to_the_other_side() -> None:
    """What identifies the caller's dialog stays with the caller's carrier."""
    scene = Scene()
    ok, invite = scene.bridged()
    assert invite.call_id != ok.call_id
    assert invite.from_.tag not in (ok.from_.tag, ok.to.tag)
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 2))
    scene.callee.respond(scene.callee.expect_request("BYE"), 200)
    scene.assert_nothing_left()
