"""Both sides of a call are ended from the journal's lines by a process that never saw it."""

from __future__ import annotations

import pytest

from b2bua.sip.dialog import DialogState, Phase, decode_state
from tests.flows.box import Box, answer, offer
from tests.flows.scene import OFFER, Scene, answer_to


def restarted(scene: Scene) -> Box:
    """Let the box die without a word and come back at its address, knowing nothing."""
    old = scene.box
    old.driver.close()
    for call in scene.network.clock.getDelayedCalls():
        if call.func == old.driver.timers._fire:
            call.cancel()
    scene.network.seed += 1000
    scene.box = Box(scene.network)
    scene.caller.inbox.clear()
    scene.callee.inbox.clear()
    return scene.box


def last(states: list[bytes]) -> DialogState:
    """Read the journal's last line of a dialog."""
    return decode_state(states[-1])


def test_an_answered_leg_gets_a_bye() -> None:
    """With tags, route set, target and a CSeq that is surely new."""
    scene = Scene()
    states: list[bytes] = []
    scene.by_hand()
    ok = scene.answered(scene.caller.invite(body=OFFER, rows=(("Record-Route", "<sip:10.0.0.2:5060;lr>"),)))
    scene.inbound.on_dialog = states.append
    box = restarted(scene)
    state = last(states)
    assert state.phase is Phase.CONFIRMED
    box.core.end_orphan(state)
    bye = scene.caller.expect_request("BYE")
    assert (bye.call_id, bye.from_.tag, bye.to.tag) == (ok.call_id, ok.to.tag, "peer")
    assert bye.get("Route") == "<sip:10.0.0.2:5060;lr>"
    assert bye.cseq.number > 1000
    scene.caller.respond(bye, 200)
    scene.assert_nothing_left()


def test_a_callers_unanswered_invite_gets_503() -> None:
    """He waits for an answer: 503, repeated until his ACK."""
    scene = Scene()
    invite = scene.caller.invite(body=OFFER)
    leg = scene.received(invite)
    states: list[bytes] = []
    leg.on_dialog = states.append
    box = restarted(scene)
    assert last(states).phase is Phase.CALLED
    box.core.end_orphan(last(states))
    refusal = scene.caller.expect_response("503 INVITE")
    scene.caller.expect("503 INVITE", within=0.6)
    scene.caller.send(
        scene.caller.request(
            "ACK",
            call_id="call-1",
            from_=invite.get("From") or "",
            to=refusal.get("To") or "",
            cseq=1,
            branch=invite.via.branch,
        )
    )
    scene.network.run(3.0)
    assert scene.caller.inbox == []
    scene.assert_nothing_left()


def ringing_orphan(scene: Scene) -> tuple[Box, DialogState]:
    """Let a target ring, and the box die."""
    scene.dialled()
    states = scene.box.states
    scene.outbound.on_dialog = states.append
    invite = next(data for _, _, target, data in scene.network.log if target == scene.callee.address)
    assert invite.startswith(b"INVITE")
    return restarted(scene), last(states)


def test_a_ringing_target_is_cancelled() -> None:
    """CANCEL with the INVITE's branch; the 487 is acknowledged."""
    scene = Scene()
    invite = scene.dialled()
    states = scene.box.states
    scene.outbound.on_dialog = states.append
    scene.callee.respond(invite, 180)
    scene.network.run(0.1)
    box = restarted(scene)
    box.core.end_orphan(last(states))
    cancel = scene.callee.expect_request("CANCEL")
    assert cancel.via.branch == invite.via.branch
    assert cancel.cseq.number == invite.cseq.number
    scene.callee.respond(cancel, 200)
    scene.callee.respond(invite, 487)
    ack = scene.callee.expect_request("ACK")
    assert ack.via.branch == invite.via.branch
    scene.callee.respond(invite, 487)
    scene.callee.expect("ACK")
    scene.assert_nothing_left()


@pytest.mark.parametrize("answers_cancel", [True, False])
def test_a_target_that_had_answered_meanwhile_is_ended(answers_cancel: bool) -> None:
    """Its 200 was on the way when the box died: ACK and BYE."""
    scene = Scene()
    invite = scene.dialled()
    states = scene.box.states
    scene.outbound.on_dialog = states.append
    scene.network.run(0.1)
    box = restarted(scene)
    box.core.end_orphan(last(states))
    cancel = scene.callee.expect_request("CANCEL")
    if answers_cancel:
        scene.callee.respond(cancel, 200)
    ok = scene.callee.respond(invite, 200, body=answer_to(invite))
    scene.callee.expect("ACK")
    bye = scene.callee.expect_request("BYE")
    assert bye.cseq.number > invite.cseq.number
    scene.callee.respond(bye, 200)
    scene.callee.send(ok)
    scene.callee.expect("ACK")
    scene.assert_nothing_left()


def test_a_target_that_is_gone_too_is_forgotten() -> None:
    """Nobody answers the CANCEL: after 32 s nothing is left."""
    scene = Scene()
    box, state = ringing_orphan(scene)
    box.core.end_orphan(state)
    scene.callee.expect("CANCEL")
    assert box.core.requests_waiting() == 2
    scene.assert_nothing_left()
    assert box.core.requests_waiting() == 0


def test_states_follow_what_changes_in_a_call() -> None:
    """A new Contact of the peer, and each offer of ours, give the journal a new line."""
    scene = Scene()
    ok = scene.answered()
    leg = scene.inbound
    leg.on_reoffer = lambda sdp: answer(sdp, 6000)
    states: list[bytes] = []
    leg.on_dialog = states.append
    reinvite = scene.caller.in_dialog("INVITE", ok, 2, body=OFFER)
    reinvite.set("Contact", "<sip:moved@10.0.0.2:5060>")
    scene.caller.send(reinvite)
    scene.caller.expect("200 INVITE")
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 2))
    scene.network.run(0.1)
    assert last(states).target == "sip:moved@10.0.0.2:5060"
    before = last(states).local_cseq
    leg.reoffer(offer(8000, 2)).addErrback(lambda failure: None)
    scene.caller.respond(scene.caller.expect_request("INVITE"), 488)
    assert last(states).local_cseq == before + 1
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 3))
    scene.assert_nothing_left()


def test_headers_that_are_no_utf8_do_not_stop_the_journal() -> None:
    """A display name in GBK, as some carriers send it: the state is written all the same."""
    scene = Scene()
    invite = scene.caller.invite(body=OFFER)
    invite.set("From", b"\xd6\xd0".decode("utf-8", "surrogateescape") + " <sip:1@c>;tag=peer")
    leg = scene.received(invite)
    states: list[bytes] = []
    leg.on_dialog = states.append
    assert last(states).remote_tag == "peer"
    leg.refuse(404, "Not Found")
    refusal = scene.caller.expect_response("404 INVITE")
    assert refusal.get("From") == invite.get("From")
    scene.assert_nothing_left()
