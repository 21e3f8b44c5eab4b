"""Session timers (RFC 4028): agreed, refreshed by either side, run out."""

from __future__ import annotations

from b2bua.calls.ports import LegEnd
from b2bua.sip.core_endpoint import Settings
from b2bua.sip.message import Response
from tests.flows.scene import OFFER, Scene, answer_to

TIMER = (("Supported", "timer"),)


def with_timer(seconds: int = 1800) -> Scene:
    """Make a scene whose box asks for session timers."""
    return Scene(settings=Settings(session_seconds=seconds))


def test_the_caller_refreshes() -> None:
    """The caller supports timers: he shall refresh; as long as he does, the call stays up."""
    scene = with_timer(180)
    ok = scene.answered(scene.caller.invite(body=OFFER, rows=TIMER))
    assert ok.get("Session-Expires") == "180;refresher=uac"
    assert "timer" in ok.tokens("Require")
    for cseq in (2, 3, 4):
        scene.network.run(90.0)
        scene.caller.send(
            scene.caller.in_dialog(
                "UPDATE", ok, cseq, rows=(*TIMER, ("Session-Expires", "180;refresher=uac"))
            )
        )
        refreshed = scene.caller.expect_response("200 UPDATE")
        assert refreshed.get("Session-Expires") == "180;refresher=uac"
    assert not scene.inbound.is_over
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 9))
    scene.assert_nothing_left()


def test_a_caller_who_does_not_refresh_is_gone() -> None:
    """No refresh came: BYE shortly before the interval ends."""
    scene = with_timer(180)
    scene.answered(scene.caller.invite(body=OFFER, rows=TIMER))
    scene.network.run(147.0, step=1.0)
    assert not scene.inbound.is_over
    bye = scene.caller.expect_request("BYE", within=2.0)
    assert "Session expired" in (bye.get("Reason") or "")
    assert scene.box.ends == [LegEnd(by_peer=False, status=0, reason='SIP;cause=408;text="Session expired"')]
    scene.caller.respond(bye, 200)
    scene.assert_nothing_left()


def test_the_box_refreshes_for_a_caller_without_timers() -> None:
    """The caller cannot: the box refreshes at half time, by re-INVITE with what is agreed."""
    scene = with_timer(180)
    ok = scene.answered()
    assert ok.get("Session-Expires") == "180;refresher=uas"
    assert "timer" not in ok.tokens("Require")
    scene.network.run(89.0, step=1.0)
    reinvite = scene.caller.expect_request("INVITE", within=2.0)
    assert reinvite.get("Session-Expires") == "180;refresher=uac"
    assert reinvite.body == ok.body
    scene.caller.respond(reinvite, 200, body=answer_to(reinvite))
    scene.caller.expect("ACK")
    # He said nothing of a timer in his 200: none runs any more (RFC 4028 7.2).
    scene.network.run(400.0, step=1.0)
    assert not scene.inbound.is_over
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 9))
    scene.assert_nothing_left()


def test_a_caller_may_choose_the_box_as_refresher() -> None:
    """refresher=uas in the INVITE is obeyed; the refresh is an UPDATE where the caller allows it."""
    scene = with_timer(1800)
    rows = (*TIMER, ("Session-Expires", "600;refresher=uas"), ("Allow", "INVITE, ACK, BYE, UPDATE"))
    ok = scene.answered(scene.caller.invite(body=OFFER, rows=rows))
    assert ok.get("Session-Expires") == "600;refresher=uas"
    for _ in range(3):
        update = scene.caller.expect_request("UPDATE", within=301.0)
        assert update.body == b""
        assert update.get("Session-Expires") == "600;refresher=uac"
        scene.caller.respond(update, 200, rows=(("Session-Expires", "600;refresher=uac"),))
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 9))
    scene.assert_nothing_left()


def test_a_refresh_that_is_not_answered_ends_the_call() -> None:
    """The caller is gone: our refresh stays unanswered, the call is ended."""
    scene = with_timer(1800)
    rows = (*TIMER, ("Session-Expires", "600;refresher=uas"), ("Allow", "UPDATE"))
    scene.answered(scene.caller.invite(body=OFFER, rows=rows))
    scene.caller.expect("UPDATE", within=301.0)
    scene.network.run(33.0, step=0.5)
    assert [end.status for end in scene.box.ends] == [408]
    scene.assert_nothing_left()


def test_a_refused_refresh_ends_the_call_at_its_time() -> None:
    """The caller refuses the refresh: BYE only when the interval is nearly over."""
    scene = with_timer(1800)
    rows = (*TIMER, ("Session-Expires", "600;refresher=uas"), ("Allow", "UPDATE"))
    scene.answered(scene.caller.invite(body=OFFER, rows=rows))
    scene.caller.respond(scene.caller.expect_request("UPDATE", within=301.0), 500)
    scene.network.run(260.0, step=1.0)
    assert not scene.inbound.is_over
    scene.caller.respond(scene.caller.expect_request("BYE", within=20.0), 200)
    scene.assert_nothing_left()


def test_an_interval_that_is_too_small_is_refused() -> None:
    """Session-Expires below Min-SE: 422 with ours, and a record of the refusal."""
    scene = with_timer()
    rows = (*TIMER, ("Session-Expires", "30"))
    scene.caller.send(scene.caller.invite(body=OFFER, rows=rows))
    refusal = scene.caller.expect_response("422 INVITE")
    assert refusal.get("Min-SE") == "90"
    assert scene.box.refusals == [(422, "Session Interval Too Small")]
    assert scene.box.legs == []
    scene.assert_nothing_left()


def dialled_with_timer(scene: Scene, seconds: int = 1800) -> None:
    """Let the box dial a target and ask for a timer."""
    scene.box.hops.list = [scene.box.hop(scene.callee.address, session_seconds=seconds)]


def test_the_target_wants_a_longer_interval() -> None:
    """422 from the target: the INVITE goes out again with its Min-SE, in the same call."""
    scene = Scene()
    dialled_with_timer(scene, 120)
    first = scene.dialled()
    assert first.get("Session-Expires") == "120"
    scene.callee.respond(first, 422, rows=(("Min-SE", "600"),))
    scene.callee.expect("ACK")
    second = scene.callee.expect_request("INVITE")
    assert second.get("Session-Expires") == "600"
    assert second.get("Min-SE") == "600"
    assert second.call_id == first.call_id
    assert second.from_.tag == first.from_.tag
    assert second.cseq.number == first.cseq.number + 1
    scene.callee.respond(second, 486)
    scene.outbound.answered.addErrback(lambda failure: None)
    scene.assert_nothing_left()


def test_the_box_refreshes_at_the_target() -> None:
    """refresher=uac in the target's 200: the box refreshes at half time."""
    scene = Scene()
    dialled_with_timer(scene)
    invite = scene.dialled()
    rows = (("Session-Expires", "600;refresher=uac"), ("Require", "timer"), ("Allow", "INVITE, UPDATE"))
    scene.callee.respond(invite, 200, rows=rows, body=answer_to(invite))
    scene.callee.expect("ACK")
    update = scene.callee.expect_request("UPDATE", within=301.0)
    assert update.get("Session-Expires") == "600;refresher=uac"
    scene.callee.respond(update, 200, rows=(("Session-Expires", "600;refresher=uac"),))
    scene.callee.send(scene.callee.in_dialog("BYE", invite, 1))
    scene.assert_nothing_left()


def test_the_target_refreshes() -> None:
    """refresher=uas: the target refreshes; when it stops, the box ends the call."""
    scene = Scene()
    dialled_with_timer(scene)
    invite = scene.dialled()
    scene.callee.respond(
        invite, 200, rows=(("Session-Expires", "600;refresher=uas"),), body=answer_to(invite)
    )
    scene.callee.expect("ACK")
    scene.network.run(300.0, step=1.0)
    rows = (("Supported", "timer"), ("Session-Expires", "600;refresher=uac"))
    scene.callee.send(scene.callee.in_dialog("UPDATE", invite, 1, rows=rows))
    answered = scene.callee.expect("200 UPDATE")
    assert isinstance(answered, Response)
    assert answered.get("Session-Expires") == "600;refresher=uac"
    scene.network.run(560.0, step=1.0)
    assert not scene.outbound.is_over
    scene.callee.respond(scene.callee.expect_request("BYE", within=20.0), 200)
    scene.assert_nothing_left()
