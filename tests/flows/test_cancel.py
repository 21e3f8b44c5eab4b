"""Giving up before the answer, from either side (RFC 3261 9, 13.2.2.4, 15)."""

from __future__ import annotations

from b2bua.calls.ports import LegEnd
from b2bua.sip.message import Request
from tests.flows.scene import OFFER, Scene, answer_to


def cancel_of(scene: Scene, invite: Request, rows: tuple[tuple[str, str], ...] = ()) -> Request:
    """Write the CANCEL of the caller's INVITE."""
    return scene.caller.request(
        "CANCEL",
        call_id=invite.call_id,
        from_=invite.get("From") or "",
        to=invite.get("To") or "",
        cseq=invite.cseq.number,
        branch=invite.via.branch,
        rows=rows,
    )


def acknowledge(scene: Scene, invite: Request, status: str) -> None:
    """Let the caller acknowledge a refusal of his INVITE."""
    refusal = scene.caller.expect_response(status)
    scene.caller.send(
        scene.caller.request(
            "ACK",
            call_id=invite.call_id,
            from_=invite.get("From") or "",
            to=refusal.get("To") or "",
            cseq=invite.cseq.number,
            branch=invite.via.branch,
        )
    )


def test_the_caller_gives_up_while_it_rings() -> None:
    """CANCEL is answered, the INVITE gets 487, the target's phone stops ringing."""
    scene = Scene()
    invite = scene.caller.invite(body=OFFER)
    scene.caller.send(invite)
    out = scene.callee.expect_request("INVITE")
    scene.callee.respond(out, 180)
    scene.caller.expect("180 INVITE")
    scene.caller.send(cancel_of(scene, invite, (("Reason", 'SIP;cause=487;text="gone"'),)))
    scene.caller.expect("200 CANCEL")
    acknowledge(scene, invite, "487 INVITE")
    cancel = scene.callee.expect_request("CANCEL")
    assert cancel.via.branch == out.via.branch
    assert cancel.uri == out.uri
    assert cancel.cseq.number == out.cseq.number
    assert cancel.to.tag is None
    scene.callee.respond(cancel, 200)
    scene.callee.respond(out, 487)
    scene.callee.expect("ACK")
    assert scene.box.ends == [LegEnd(by_peer=True, status=487, reason='SIP;cause=487;text="gone"')]
    scene.assert_nothing_left()


def test_a_cancel_that_crosses_our_200_changes_nothing() -> None:
    """The answer was on its way when the caller gave up: he gets 200 to CANCEL, and ends by BYE."""
    scene = Scene()
    invite = scene.caller.invite(body=OFFER)
    ok = scene.answered(invite)
    scene.caller.send(cancel_of(scene, invite))
    scene.caller.expect("200 CANCEL")
    assert not scene.inbound.is_over
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 2))
    scene.caller.expect("200 BYE")
    scene.assert_nothing_left()


def test_a_cancel_of_nothing_gets_481() -> None:
    """A CANCEL without its INVITE is refused."""
    scene = Scene()
    scene.caller.send(cancel_of(scene, scene.caller.invite("no-such-call")))
    scene.caller.expect("481 CANCEL")
    scene.assert_nothing_left()


def test_our_cancel_waits_for_the_first_provisional() -> None:
    """Nothing was heard of the target yet: CANCEL goes out only after its first word (RFC 3261 9.1)."""
    scene = Scene()
    out = scene.dialled()
    scene.outbound.answered.addErrback(lambda failure: None)
    scene.outbound.hang_up()
    assert scene.outbound.is_over
    scene.network.run(0.1)
    assert scene.callee.seen == ["INVITE"]
    scene.callee.respond(out, 100, tag=None)
    scene.callee.respond(scene.callee.expect_request("CANCEL"), 200)
    scene.callee.respond(out, 487)
    scene.callee.expect("ACK")
    scene.assert_nothing_left()


def test_a_200_that_crosses_our_cancel_is_acknowledged_and_ended() -> None:
    """The target picked up in the same moment: ACK, then BYE."""
    scene = Scene()
    out = scene.dialled()
    scene.outbound.answered.addErrback(lambda failure: None)
    scene.callee.respond(out, 180)
    scene.network.run(0.1)
    scene.outbound.hang_up()
    scene.callee.expect("CANCEL")
    ok = scene.callee.respond(out, 200, body=answer_to(out))
    scene.callee.expect("ACK")
    bye = scene.callee.expect_request("BYE")
    scene.callee.respond(bye, 200)
    scene.callee.send(ok)
    scene.callee.expect("ACK")
    scene.assert_nothing_left()


def test_a_200_after_a_silent_attempt_was_given_up_is_ended() -> None:
    """A trunk that was given up for its silence answers late: ACK, then BYE."""
    scene = Scene()
    out = scene.dialled()
    scene.outbound.answered.addErrback(lambda failure: None)
    scene.network.run(17.0, step=0.1)
    assert scene.outbound.is_over
    scene.callee.respond(out, 200, body=answer_to(out))
    scene.callee.expect("ACK")
    scene.callee.respond(scene.callee.expect_request("BYE"), 200)
    scene.assert_nothing_left()


def test_a_target_that_never_ends_a_cancelled_invite_is_forgotten() -> None:
    """It answers the CANCEL but never the INVITE: after 32 s nothing of it is left."""
    scene = Scene()
    out = scene.dialled()
    scene.outbound.answered.addErrback(lambda failure: None)
    scene.callee.respond(out, 180)
    scene.network.run(0.1)
    scene.outbound.hang_up('Q.850;cause=16;text="Normal"')
    cancel = scene.callee.expect_request("CANCEL")
    assert cancel.get("Reason") == 'Q.850;cause=16;text="Normal"'
    scene.callee.respond(cancel, 200)
    scene.assert_nothing_left()


def test_an_invite_that_expires_is_ended() -> None:
    """The caller said how long he waits (Expires): then the INVITE gets 487."""
    scene = Scene()
    invite = scene.caller.invite(body=OFFER, rows=(("Expires", "20"),))
    leg = scene.received(invite)
    scene.network.run(19.0)
    assert not leg.is_over
    scene.network.run(1.5)
    assert leg.is_over
    acknowledge(scene, invite, "487 INVITE")
    scene.assert_nothing_left()
