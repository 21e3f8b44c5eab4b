"""How an answered call ends: BYE from both sides, early, crossing, repeated, into nothing (RFC 3261 15)."""

from __future__ import annotations

from b2bua.calls.ports import LegEnd
from tests.flows.scene import OFFER, Scene
from tests.flows.test_cancel import acknowledge


def test_both_hang_up_at_once() -> None:
    """BYEs cross: both are answered with 200, and the leg has ended once."""
    scene = Scene()
    ok = scene.answered()
    scene.inbound.hang_up()
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 2))
    bye = scene.caller.expect_request("BYE")
    scene.caller.expect("200 BYE", within=0.1)
    scene.caller.respond(bye, 200)
    assert scene.box.ends == [LegEnd(by_peer=False, status=0, reason="")]
    scene.assert_nothing_left()


def test_the_caller_ends_an_early_dialog_by_bye() -> None:
    """BYE before the answer: 200 to it, and 487 to the INVITE."""
    scene = Scene()
    invite = scene.caller.invite(body=OFFER)
    leg = scene.received(invite)
    leg.ring()
    ringing = scene.caller.expect_response("180 INVITE")
    scene.caller.send(scene.caller.in_dialog("BYE", ringing, 2))
    scene.network.run(0.05)
    assert scene.caller.seen[-2:] == ["200 BYE", "487 INVITE"]
    acknowledge(scene, invite, "487 INVITE")
    assert [end.by_peer for end in scene.box.ends] == [True]
    scene.assert_nothing_left()


def test_a_bye_that_overtakes_the_ack_ends_the_call() -> None:
    """The ACK is late or lost, the BYE is there: the call ends, the 200 is repeated no more."""
    scene = Scene()
    leg = scene.received()
    assert leg.invitation.offer is not None
    leg.answer(leg.invitation.offer).addErrback(lambda failure: None)
    ok = scene.caller.expect_response("200 INVITE")
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 2))
    scene.caller.expect("200 BYE")
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 1))
    scene.assert_nothing_left()
    assert scene.caller.seen.count("200 INVITE") == 1


def test_our_bye_waits_for_the_ack() -> None:
    """We hang up before the ACK came: the leg is over at once, but BYE goes out only after the ACK."""
    scene = Scene()
    leg = scene.received()
    assert leg.invitation.offer is not None
    leg.answer(leg.invitation.offer).addErrback(lambda failure: None)
    ok = scene.caller.expect_response("200 INVITE")
    leg.hang_up()
    assert leg.is_over
    scene.network.run(0.2)
    assert "BYE" not in scene.caller.seen
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 1))
    scene.caller.respond(scene.caller.expect_request("BYE"), 200)
    scene.assert_nothing_left()


def test_our_bye_goes_out_when_no_ack_ever_comes() -> None:
    """We hung up, the ACK never came: BYE after 32 s."""
    scene = Scene()
    leg = scene.received()
    assert leg.invitation.offer is not None
    leg.answer(leg.invitation.offer).addErrback(lambda failure: None)
    leg.hang_up()
    scene.network.run(31.0)
    assert "BYE" not in scene.caller.seen
    scene.caller.respond(scene.caller.expect_request("BYE", within=2.0), 200)
    scene.assert_nothing_left()


def test_both_hang_up_before_the_ack() -> None:
    """Our BYE waits for an ACK, and the caller's BYE comes instead: nothing is sent any more."""
    scene = Scene()
    leg = scene.received()
    assert leg.invitation.offer is not None
    leg.answer(leg.invitation.offer).addErrback(lambda failure: None)
    ok = scene.caller.expect_response("200 INVITE")
    leg.hang_up()
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 2))
    scene.caller.expect("200 BYE")
    scene.assert_nothing_left()
    assert "BYE" not in scene.caller.seen


def test_requests_of_a_dialog_that_is_gone_get_481() -> None:
    """After the end, and in a dialog that never was: 481."""
    scene = Scene()
    ok = scene.answered()
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 2))
    scene.caller.expect("200 BYE")
    scene.network.run(40.0)
    for cseq, method in enumerate(("BYE", "INVITE", "INFO", "UPDATE", "OPTIONS", "REFER"), 3):
        scene.caller.send(scene.caller.in_dialog(method, ok, cseq))
        scene.caller.expect(f"481 {method}")
    scene.assert_nothing_left()


def test_the_callee_does_not_know_the_call_any_more() -> None:
    """A request of ours in the dialog gets 481: the leg is over."""
    scene = Scene()
    invite, _ = scene.picked_up()
    ends: list[LegEnd] = []
    scene.outbound.ended.addCallback(ends.append)
    assert scene.outbound.session is not None
    scene.outbound.session.request("INFO")
    scene.callee.respond(scene.callee.expect_request("INFO"), 481)
    scene.callee.respond(scene.callee.expect_request("BYE"), 481)
    assert [(end.by_peer, end.status) for end in ends] == [(True, 481)]
    assert invite.call_id
    scene.assert_nothing_left()


def test_the_reason_of_a_bye_reaches_the_record() -> None:
    """The Reason header of a BYE is kept as it came."""
    scene = Scene()
    ok = scene.answered()
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 2, rows=(("Reason", "Q.850;cause=31"),)))
    scene.caller.expect("200 BYE")
    assert scene.box.ends == [LegEnd(by_peer=True, status=0, reason="Q.850;cause=31")]
    scene.assert_nothing_left()


def test_requests_out_of_order_get_500() -> None:
    """A request with an old CSeq is refused; the call goes on (RFC 3261 12.2.2)."""
    scene = Scene()
    ok = scene.answered(scene.caller.invite(body=OFFER, cseq=10))
    scene.caller.send(scene.caller.in_dialog("OPTIONS", ok, 9))
    scene.caller.expect("500 OPTIONS")
    scene.caller.send(scene.caller.in_dialog("OPTIONS", ok, 15))
    scene.caller.expect("200 OPTIONS")
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 12))
    scene.caller.expect("500 BYE")
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 16))
    scene.caller.expect("200 BYE")
    scene.assert_nothing_left()


def test_the_target_refuses() -> None:
    """A busy target: ACK, the leg ends with the status, the caller hears of it."""
    scene = Scene()
    scene.caller.send(scene.caller.invite(body=OFFER))
    out = scene.callee.expect_request("INVITE")
    scene.callee.respond(out, 486, reason="Busy Here")
    ack = scene.callee.expect_request("ACK")
    assert ack.via.branch == out.via.branch
    assert ack.to.tag == "callee"
    refusal = scene.caller.expect_response("486 INVITE")
    assert refusal.to.tag
    scene.assert_nothing_left()


def test_an_answer_without_sdp_is_ended() -> None:
    """The target's 200 has no answer to our offer: ACK and BYE; the leg fails with 488."""
    scene = Scene()
    out = scene.dialled()
    failures: list[object] = []
    scene.outbound.answered.addErrback(failures.append)
    scene.callee.respond(out, 200)
    scene.callee.expect("ACK")
    scene.callee.respond(scene.callee.expect_request("BYE"), 200)
    assert len(failures) == 1
    scene.assert_nothing_left()


def test_an_unreadable_answer_is_ended() -> None:
    """The target's 200 has SDP that nobody can read: ACK and BYE; the leg fails."""
    scene = Scene()
    out = scene.dialled()
    failures: list[object] = []
    scene.outbound.answered.addErrback(failures.append)
    scene.callee.respond(out, 200, body=b"hello\r\n")
    scene.callee.expect("ACK")
    scene.callee.respond(scene.callee.expect_request("BYE"), 200)
    assert len(failures) == 1
    scene.assert_nothing_left()
