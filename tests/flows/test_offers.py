"""New offers in a call: re-INVITE and UPDATE from either side, late offers, glare (RFC 3264, 3311)."""

from __future__ import annotations

from b2bua.sdp import SessionDescription
from b2bua.sip.message import Response
from tests.flows.box import answer, offer
from tests.flows.scene import OFFER, Scene, answer_to

HOLD = OFFER.replace(b"a=sendrecv", b"a=sendonly").replace(b" 1 IN IP4", b" 2 IN IP4", 1)


def collect(scene: Scene, sdp: SessionDescription) -> list[object]:
    """Make the box re-offer on the caller's leg; collects the answer, or the failure's status."""
    results: list[object] = []
    scene.inbound.reoffer(sdp).addCallbacks(
        results.append, lambda failure: results.append(failure.value.status)
    )
    return results


def end(scene: Scene, ok: Response, cseq: int = 50) -> None:
    """Let the caller hang up."""
    scene.caller.send(scene.caller.in_dialog("BYE", ok, cseq))
    scene.caller.expect("200 BYE")
    scene.assert_nothing_left()


def test_the_caller_holds_and_resumes() -> None:
    """A re-INVITE is answered by what the leg's owner says."""
    scene = Scene()
    ok = scene.answered()
    offers: list[SessionDescription] = []

    def reoffered(sdp: SessionDescription) -> SessionDescription:
        offers.append(sdp)
        return answer(sdp, 6000 + len(offers))

    scene.inbound.on_reoffer = reoffered
    for cseq, body in ((2, HOLD), (3, OFFER)):
        scene.caller.send(scene.caller.in_dialog("INVITE", ok, cseq, body=body))
        answered = scene.caller.expect_response("200 INVITE")
        assert answered.contacts
        scene.caller.send(scene.caller.in_dialog("ACK", ok, cseq))
    audio = offers[0].audio
    assert audio is not None
    assert audio.direction.value == "sendonly"
    end(scene, ok)


def test_a_reoffer_that_the_box_cannot_take_is_refused_and_the_call_goes_on() -> None:
    """488, and what was agreed before still holds."""
    scene = Scene()
    ok = scene.answered()
    scene.inbound.on_reoffer = lambda sdp: None
    reinvite = scene.caller.in_dialog("INVITE", ok, 2, body=HOLD)
    scene.caller.send(reinvite)
    scene.caller.expect("488 INVITE")
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 2, branch=reinvite.via.branch))
    assert not scene.inbound.is_over
    end(scene, ok)


def test_a_reinvite_without_offer_gets_ours_and_the_ack_has_the_answer() -> None:
    """Late offer in a call: the owner makes the offer, and gets the answer out of the ACK."""
    scene = Scene()
    ok = scene.answered()
    answers: list[SessionDescription] = []
    scene.inbound.on_offer_wanted = lambda: offer(7000, 2)
    scene.inbound.on_answer = answers.append
    scene.caller.send(scene.caller.in_dialog("INVITE", ok, 2))
    answered = scene.caller.expect_response("200 INVITE")
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 2, body=answer_to_response(answered)))
    scene.network.run(0.1)
    assert len(answers) == 1
    end(scene, ok)


def answer_to_response(response: Response) -> bytes:
    """Answer the offer in a 200."""
    return answer(SessionDescription.parse(response.body), 5001).encode()


def test_a_late_offer_never_answered_ends_the_call() -> None:
    """The ACK to our late offer has no SDP: the call cannot go on."""
    scene = Scene()
    ok = scene.answered()
    scene.inbound.on_offer_wanted = lambda: offer(7000, 2)
    scene.caller.send(scene.caller.in_dialog("INVITE", ok, 2))
    scene.caller.expect_response("200 INVITE")
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 2))
    scene.caller.respond(scene.caller.expect_request("BYE"), 200)
    assert scene.inbound.is_over
    scene.assert_nothing_left()


def test_a_caller_who_wants_our_offer_first() -> None:
    """An INVITE without SDP: our offer is in the 200, his answer in the ACK."""
    scene = Scene()
    leg = scene.received(scene.caller.invite())
    assert leg.invitation.offer is None
    answers: list[SessionDescription | None] = []
    leg.answer(offer()).addCallback(answers.append)
    ok = scene.caller.expect_response("200 INVITE")
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 1, body=answer_to_response(ok)))
    scene.network.run(0.1)
    assert answers[0] is not None
    end(scene, ok)


def test_a_caller_who_wants_our_offer_and_never_answers_it() -> None:
    """His ACK has no SDP: BYE, and the wait for his answer fails."""
    scene = Scene()
    leg = scene.received(scene.caller.invite())
    failures: list[object] = []
    leg.answer(offer()).addErrback(failures.append)
    ok = scene.caller.expect_response("200 INVITE")
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 1))
    scene.caller.respond(scene.caller.expect_request("BYE"), 200)
    assert len(failures) == 1
    scene.assert_nothing_left()


def test_the_box_reoffers_and_is_answered() -> None:
    """Our re-INVITE: the answer comes back, the ACK goes out, a repeated 200 is acknowledged again."""
    scene = Scene()
    ok = scene.answered()
    results = collect(scene, offer(8000, 2))
    reinvite = scene.caller.expect_request("INVITE")
    assert reinvite.contacts
    again = scene.caller.respond(reinvite, 200, body=answer_to(reinvite))
    assert scene.caller.expect_request("ACK").cseq.number == reinvite.cseq.number
    scene.caller.send(again)
    scene.caller.expect("ACK")
    assert isinstance(results[0], SessionDescription)
    end(scene, ok)


def test_the_box_reoffers_and_is_refused() -> None:
    """488 to our re-INVITE: the owner learns it, the call goes on."""
    scene = Scene()
    ok = scene.answered()
    results = collect(scene, offer(8000, 2))
    scene.caller.respond(scene.caller.expect_request("INVITE"), 488)
    scene.caller.expect("ACK")
    assert results == [488]
    assert not scene.inbound.is_over
    end(scene, ok)


def test_two_offers_of_the_box_go_one_after_the_other() -> None:
    """The second offer waits until the first is answered."""
    scene = Scene()
    ok = scene.answered()
    first, second = collect(scene, offer(8000, 2)), collect(scene, offer(8002, 3))
    one = scene.caller.expect_request("INVITE")
    scene.network.run(0.1)
    assert scene.caller.inbox == []
    scene.caller.respond(one, 200, body=answer_to(one))
    two = scene.caller.expect_request("INVITE")
    scene.caller.respond(two, 200, body=answer_to(two))
    scene.caller.expect("ACK")
    assert len(first) == len(second) == 1
    end(scene, ok)


def test_offers_cross_and_the_box_tries_again() -> None:
    """Glare: the caller's offer gets 491, ours too; the Call-ID is not ours, so we try again within 2 s."""
    scene = Scene()
    ok = scene.answered()
    scene.inbound.on_reoffer = lambda sdp: answer(sdp, 6000)
    results = collect(scene, offer(8000, 2))
    ours = scene.caller.expect_request("INVITE")
    theirs = scene.caller.in_dialog("INVITE", ok, 2, body=HOLD)
    scene.caller.send(theirs)
    scene.caller.expect("491 INVITE")
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 2, branch=theirs.via.branch))
    scene.caller.respond(ours, 491)
    scene.caller.expect("ACK")
    before = scene.network.clock.seconds()
    again = scene.caller.expect_request("INVITE", within=2.1)
    assert again.cseq.number == ours.cseq.number + 1
    assert scene.network.clock.seconds() - before <= 2.1
    scene.caller.respond(again, 200, body=answer_to(again))
    scene.caller.expect("ACK")
    assert isinstance(results[0], SessionDescription)
    end(scene, ok)


def test_after_glare_the_peers_offer_may_come_first() -> None:
    """While we wait after a 491, the peer's own re-INVITE is answered; ours follows."""
    scene = Scene()
    invite, _ = scene.picked_up()
    leg = scene.outbound
    leg.on_reoffer = lambda sdp: answer(sdp, 6000)
    results: list[object] = []
    leg.reoffer(offer(8000, 2)).addCallback(results.append)
    ours = scene.callee.expect_request("INVITE")
    scene.callee.respond(ours, 491)
    scene.callee.expect("ACK")
    scene.network.run(1.0)
    scene.callee.send(scene.callee.in_dialog("INVITE", invite, 1, body=HOLD))
    scene.callee.expect("200 INVITE")
    scene.callee.send(scene.callee.in_dialog("ACK", invite, 1))
    before = scene.network.clock.seconds()
    again = scene.callee.expect_request("INVITE", within=3.1)
    assert 1.0 <= scene.network.clock.seconds() - before <= 3.1  # the Call-ID's owner waits 2.1 to 4 s
    scene.callee.respond(again, 200, body=answer_to(again))
    scene.callee.expect("ACK")
    assert len(results) == 1
    scene.callee.send(scene.callee.in_dialog("BYE", invite, 2))
    scene.callee.expect("200 BYE")
    scene.assert_nothing_left()


def test_glare_without_end_is_given_up() -> None:
    """A peer that always says 491 ends the attempt, not the call."""
    scene = Scene()
    ok = scene.answered()
    results = collect(scene, offer(8000, 2))
    for _ in range(6):
        scene.caller.respond(scene.caller.expect_request("INVITE", within=5.0), 491)
        scene.caller.expect("ACK")
    assert results == [491]
    end(scene, ok)


def test_an_update_changes_the_session() -> None:
    """UPDATE with an offer is answered in its 200."""
    scene = Scene()
    ok = scene.answered()
    scene.inbound.on_reoffer = lambda sdp: answer(sdp, 6000)
    scene.caller.send(scene.caller.in_dialog("UPDATE", ok, 2, body=HOLD))
    updated = scene.caller.expect_response("200 UPDATE")
    assert b"6000" in updated.body
    scene.caller.send(scene.caller.in_dialog("UPDATE", ok, 3))
    assert scene.caller.expect_response("200 UPDATE").body == b""
    end(scene, ok)


def test_an_update_while_our_offer_is_open_gets_491() -> None:
    """Glare between our re-INVITE and the peer's UPDATE."""
    scene = Scene()
    ok = scene.answered()
    results = collect(scene, offer(8000, 2))
    reinvite = scene.caller.expect_request("INVITE")
    scene.caller.send(scene.caller.in_dialog("UPDATE", ok, 2, body=HOLD))
    scene.caller.expect("491 UPDATE")
    scene.caller.respond(reinvite, 200, body=answer_to(reinvite))
    scene.caller.expect("ACK")
    assert len(results) == 1
    end(scene, ok)


def test_an_update_before_the_answer_gets_500_while_the_offer_is_unanswered() -> None:
    """The caller changes his mind before we answered his first offer: 500 with Retry-After (RFC 3311 5.2)."""
    scene = Scene()
    leg = scene.received()
    leg.ring()
    ringing = scene.caller.expect_response("180 INVITE")
    scene.caller.send(scene.caller.in_dialog("UPDATE", ringing, 2, body=HOLD))
    refusal = scene.caller.expect_response("500 UPDATE")
    assert 1 <= int(refusal.get("Retry-After") or "0") <= 10
    leg.refuse(404, "Not Found")
    scene.assert_nothing_left()


def test_the_peers_new_contact_is_where_requests_go() -> None:
    """Target refresh: after a re-INVITE with another Contact, our BYE goes there."""
    scene = Scene()
    ok = scene.answered()
    scene.inbound.on_reoffer = lambda sdp: answer(sdp, 6000)
    reinvite = scene.caller.in_dialog("INVITE", ok, 2, body=HOLD)
    reinvite.set("Contact", "<sip:moved@10.0.0.2:5060>")
    scene.caller.send(reinvite)
    scene.caller.expect("200 INVITE")
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 2))
    scene.network.run(0.1)
    scene.inbound.hang_up()
    bye = scene.caller.expect_request("BYE")
    assert bye.uri == "sip:moved@10.0.0.2:5060"
    scene.caller.respond(bye, 200)
    scene.assert_nothing_left()


def test_a_reinvite_while_the_first_invite_is_open_gets_500() -> None:
    """A second INVITE in the dialog before the first has its answer (RFC 3261 14.2)."""
    scene = Scene()
    leg = scene.received()
    leg.ring()
    ringing = scene.caller.expect_response("180 INVITE")
    scene.caller.send(scene.caller.in_dialog("INVITE", ringing, 2, body=HOLD))
    assert scene.caller.expect_response("500 INVITE").has("Retry-After")
    leg.refuse(404, "Not Found")
    scene.assert_nothing_left()


def test_hanging_up_ends_an_open_offer() -> None:
    """The owner hangs up while his offer is open: it fails, and what still comes is acknowledged."""
    scene = Scene()
    scene.answered()
    results = collect(scene, offer(8000, 2))
    reinvite = scene.caller.expect_request("INVITE")
    scene.inbound.hang_up()
    assert results == [481]
    scene.caller.respond(scene.caller.expect_request("BYE"), 200)
    scene.caller.respond(reinvite, 200, body=answer_to(reinvite))
    scene.caller.expect("ACK")
    scene.assert_nothing_left()


def test_a_leg_that_is_over_takes_no_offer() -> None:
    """After the end an offer fails at once."""
    scene = Scene()
    ok = scene.answered()
    end(scene, ok)
    assert collect(scene, offer(8000, 2)) == [481]


def test_one_description_from_early_media_to_the_answer() -> None:
    """183 and 200 carry the same SDP, whatever the owner gives the second time."""
    scene = Scene()
    leg = scene.received()
    assert leg.invitation.offer is not None
    leg.progress(answer(leg.invitation.offer, 5000))
    early = scene.caller.expect_response("183 INVITE")
    leg.answer(answer(leg.invitation.offer, 5002)).addErrback(lambda failure: None)
    ok = scene.caller.expect_response("200 INVITE")
    assert early.body == ok.body
    assert b"5000" in ok.body
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 1))
    end(scene, ok)


def test_a_reinvite_that_overtakes_the_ack_proves_it() -> None:
    """The ACK to our 200 is late: the caller's re-INVITE shows that he has it; the answer counts as heard."""
    scene = Scene()
    leg = scene.received()
    assert leg.invitation.offer is not None
    leg.on_reoffer = lambda sdp: answer(sdp, 6000)
    acknowledged: list[object] = []
    leg.answer(answer(leg.invitation.offer)).addCallback(acknowledged.append)
    ok = scene.caller.expect_response("200 INVITE")
    scene.caller.send(scene.caller.in_dialog("INVITE", ok, 2, body=HOLD))
    assert scene.caller.expect_response("200 INVITE").cseq.number == 2
    assert acknowledged == [None]
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 1))
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 2))
    scene.network.run(1.0)
    assert scene.caller.inbox == []
    end(scene, ok)


def test_the_owner_hangs_up_instead_of_answering_an_offer() -> None:
    """The re-INVITE gets 487, the call its BYE."""
    scene = Scene()
    ok = scene.answered()
    leg = scene.inbound

    def hang_up(sdp: SessionDescription) -> SessionDescription:
        leg.hang_up()
        return answer(sdp, 6000)

    leg.on_reoffer = hang_up
    scene.caller.send(scene.caller.in_dialog("INVITE", ok, 2, body=HOLD))
    bye = scene.caller.expect_request("BYE")
    scene.caller.expect("487 INVITE")
    scene.caller.respond(bye, 200)
    scene.assert_nothing_left()
