"""Reliable provisional responses and PRACK, both ways (RFC 3262)."""

from __future__ import annotations

from b2bua.calls.ports import LegEnd
from b2bua.sdp import SessionDescription
from b2bua.sip.message import Request, Response
from tests.flows.box import answer, offer
from tests.flows.scene import OFFER, Scene, answer_to
from tests.flows.test_offers import end

REQUIRES = (("Require", "100rel"),)


def prack(scene: Scene, response: Response, cseq: int, *, body: bytes = b"") -> Request:
    """Write the caller's PRACK to a reliable provisional."""
    rows = (("RAck", f"{response.get('RSeq')} {response.cseq}"),)
    return scene.caller.in_dialog("PRACK", response, cseq, rows=rows, body=body)


def test_a_caller_who_requires_it_gets_reliable_ringing() -> None:
    """180 carries RSeq, is repeated until PRACK, and no more after it."""
    scene = Scene()
    leg = scene.received(scene.caller.invite(body=OFFER, rows=REQUIRES))
    leg.ring()
    ringing = scene.caller.expect_response("180 INVITE")
    assert "100rel" in ringing.tokens("Require")
    again = scene.caller.expect_response("180 INVITE", within=0.6)
    assert again.get("RSeq") == ringing.get("RSeq")
    scene.caller.send(prack(scene, ringing, 2))
    scene.caller.expect("200 PRACK")
    scene.network.run(3.0)
    assert scene.caller.inbox == []
    leg.refuse(404, "Not Found")
    scene.caller.expect("404 INVITE")
    scene.assert_nothing_left()


def test_the_next_provisional_waits_for_the_prack_of_the_last() -> None:
    """183 follows 180 only after its PRACK; RSeq grows by one."""
    scene = Scene()
    leg = scene.received(scene.caller.invite(body=OFFER, rows=REQUIRES))
    assert leg.invitation.offer is not None
    leg.ring()
    leg.progress(answer(leg.invitation.offer))
    ringing = scene.caller.expect_response("180 INVITE")
    scene.network.run(0.1)
    assert scene.caller.inbox == []
    scene.caller.send(prack(scene, ringing, 2))
    early = scene.caller.expect_response("183 INVITE")
    assert int(early.get("RSeq") or "") == int(ringing.get("RSeq") or "") + 1
    assert early.body
    scene.caller.send(prack(scene, early, 3))
    scene.caller.expect("200 PRACK")
    leg.answer(answer(leg.invitation.offer)).addErrback(lambda failure: None)
    ok = scene.caller.expect_response("200 INVITE")
    assert ok.body == b""  # answered already, in the 183
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 1))
    end(scene, ok)


def test_the_answer_waits_for_the_prack_of_a_183_with_sdp() -> None:
    """200 is held back until the caller has the answer in the 183 for sure (RFC 3262 3)."""
    scene = Scene()
    leg = scene.received(scene.caller.invite(body=OFFER, rows=REQUIRES))
    assert leg.invitation.offer is not None
    leg.progress(answer(leg.invitation.offer))
    leg.answer(answer(leg.invitation.offer)).addErrback(lambda failure: None)
    early = scene.caller.expect_response("183 INVITE")
    scene.network.run(0.2)
    assert "200 INVITE" not in scene.caller.seen
    scene.caller.send(prack(scene, early, 2))
    ok = scene.caller.expect_response("200 INVITE")
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 1))
    end(scene, ok)


def test_the_owner_hangs_up_while_the_answer_waits() -> None:
    """The call is refused instead."""
    scene = Scene()
    leg = scene.received(scene.caller.invite(body=OFFER, rows=REQUIRES))
    assert leg.invitation.offer is not None
    leg.progress(answer(leg.invitation.offer))
    leg.answer(answer(leg.invitation.offer)).addErrback(lambda failure: None)
    leg.hang_up()
    scene.caller.expect("480 INVITE")
    scene.assert_nothing_left()


def test_a_caller_who_never_sends_prack_is_refused() -> None:
    """After 32 s without PRACK the INVITE gets 504."""
    scene = Scene()
    leg = scene.received(scene.caller.invite(body=OFFER, rows=REQUIRES))
    leg.ring()
    scene.network.run(31.0)
    assert not leg.is_over
    scene.caller.expect("504 INVITE", within=2.0)
    assert scene.box.ends == [LegEnd(by_peer=True, status=504, reason="No PRACK")]
    scene.assert_nothing_left()


def test_a_wrong_prack_gets_481_and_a_broken_one_400() -> None:
    """PRACK must name what waits."""
    scene = Scene()
    leg = scene.received(scene.caller.invite(body=OFFER, rows=REQUIRES))
    leg.ring()
    ringing = scene.caller.expect_response("180 INVITE")
    wrong = scene.caller.in_dialog("PRACK", ringing, 2, rows=(("RAck", "77 1 INVITE"),))
    scene.caller.send(wrong)
    scene.caller.expect("481 PRACK")
    scene.caller.send(scene.caller.in_dialog("PRACK", ringing, 3, rows=(("RAck", "x"),)))
    scene.caller.expect("400 PRACK")
    scene.caller.send(scene.caller.in_dialog("PRACK", ringing, 4))
    scene.caller.expect("400 PRACK")
    leg.refuse(404, "Not Found")
    scene.assert_nothing_left()


def test_early_media_for_a_caller_without_offer_goes_reliably() -> None:
    """Late offer with 100rel: our offer is in the 183, his answer in the PRACK, the 200 is bare."""
    scene = Scene()
    leg = scene.received(scene.caller.invite(rows=REQUIRES))
    answers: list[SessionDescription] = []
    leg.on_answer = answers.append
    leg.progress(offer())
    early = scene.caller.expect_response("183 INVITE")
    scene.caller.send(prack(scene, early, 2, body=answer(SessionDescription.parse(early.body)).encode()))
    scene.caller.expect("200 PRACK")
    assert len(answers) == 1
    leg.answer(offer()).addErrback(lambda failure: None)
    ok = scene.caller.expect_response("200 INVITE")
    assert ok.body == b""
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 1))
    end(scene, ok)


def test_early_media_for_a_caller_without_offer_and_without_100rel_has_no_sdp() -> None:
    """An offer cannot travel in what may be lost: 183 goes bare."""
    scene = Scene()
    leg = scene.received(scene.caller.invite())
    leg.progress(offer())
    assert scene.caller.expect_response("183 INVITE").body == b""
    leg.refuse(404, "Not Found")
    scene.assert_nothing_left()


def test_a_prack_may_bring_a_new_offer() -> None:
    """The first exchange is done in the 183, so the PRACK may offer; its 200 has the answer."""
    scene = Scene()
    leg = scene.received(scene.caller.invite(body=OFFER, rows=REQUIRES))
    assert leg.invitation.offer is not None
    leg.on_reoffer = lambda sdp: answer(sdp, 6000)
    leg.progress(answer(leg.invitation.offer))
    early = scene.caller.expect_response("183 INVITE")
    scene.caller.send(prack(scene, early, 2, body=offer(4002, 2).encode()))
    assert b"6000" in scene.caller.expect_response("200 PRACK").body
    leg.refuse(404, "Not Found")
    scene.assert_nothing_left()


def test_an_update_in_the_early_dialog_is_answered() -> None:
    """After the reliable 183 the caller moves his media with UPDATE, as IMS does."""
    scene = Scene()
    leg = scene.received(scene.caller.invite(body=OFFER, rows=REQUIRES))
    assert leg.invitation.offer is not None
    leg.on_reoffer = lambda sdp: answer(sdp, 6000)
    leg.progress(answer(leg.invitation.offer))
    early = scene.caller.expect_response("183 INVITE")
    scene.caller.send(prack(scene, early, 2))
    scene.caller.expect("200 PRACK")
    scene.caller.send(scene.caller.in_dialog("UPDATE", early, 3, body=offer(4002, 2).encode()))
    assert b"6000" in scene.caller.expect_response("200 UPDATE").body
    leg.refuse(404, "Not Found")
    scene.assert_nothing_left()


def reliable(scene: Scene, invite: Request, status: int, rseq: int, body: bytes = b"") -> Response:
    """Let the target send a reliable provisional."""
    rows = (("Require", "100rel"), ("RSeq", str(rseq)))
    return scene.callee.respond(invite, status, rows=rows, body=body)


def test_the_box_acknowledges_a_targets_reliable_provisionals() -> None:
    """Each new RSeq in order gets one PRACK; repeats and gaps get none."""
    scene = Scene()
    invite = scene.dialled()
    assert "100rel" in invite.tokens("Supported")
    progress: list[int] = []
    scene.outbound.on_progress = lambda status, sdp: progress.append(status)
    ringing = reliable(scene, invite, 180, 100)
    first = scene.callee.expect_request("PRACK")
    assert first.get("RAck") == f"100 {invite.cseq}"
    scene.callee.respond(first, 200)
    scene.callee.send(ringing)
    reliable(scene, invite, 183, 102)
    scene.network.run(0.2)
    assert scene.callee.inbox == []
    reliable(scene, invite, 183, 101, answer_to(invite))
    second = scene.callee.expect_request("PRACK")
    assert second.get("RAck") == f"101 {invite.cseq}"
    assert second.cseq.number == first.cseq.number + 1
    scene.callee.respond(second, 200)
    answers: list[SessionDescription] = []
    scene.outbound.answered.addCallback(answers.append)
    scene.callee.respond(invite, 200)  # without SDP: it was in the 183
    scene.callee.expect("ACK")
    assert len(answers) == 1
    assert progress == [180, 183]
    scene.callee.send(scene.callee.in_dialog("BYE", invite, 1))
    scene.assert_nothing_left()


def test_the_box_takes_an_update_in_the_targets_early_dialog() -> None:
    """The target changes its early media with UPDATE after a reliable 183."""
    scene = Scene()
    invite = scene.dialled()
    scene.outbound.on_reoffer = lambda sdp: answer(sdp, 6000)
    reliable(scene, invite, 183, 1, answer_to(invite))
    scene.callee.respond(scene.callee.expect_request("PRACK"), 200)
    scene.callee.send(scene.callee.in_dialog("UPDATE", invite, 1, body=offer(4002, 2).encode()))
    assert b"6000" in scene.callee.expect_response("200 UPDATE").body
    scene.callee.respond(invite, 200)
    scene.callee.expect("ACK")
    scene.callee.send(scene.callee.in_dialog("BYE", invite, 2))
    scene.assert_nothing_left()


def test_100rel_is_not_offered_where_the_trunk_forbids_it() -> None:
    """A trunk with reliable provisionals off: no 100rel in Supported."""
    scene = Scene()
    scene.box.hops.list = [scene.box.hop(scene.callee.address, reliable_provisional=False)]
    invite = scene.dialled()
    assert "100rel" not in invite.tokens("Supported")
    scene.callee.respond(invite, 486)
    scene.outbound.answered.addErrback(lambda failure: None)
    scene.assert_nothing_left()
