"""What is sent again, how often, and what is absorbed (RFC 3261 17, 13.3.1.4; RFC 6026)."""

from __future__ import annotations

import itertools

from b2bua.calls.ports import LegEnd
from tests.flows.scene import OFFER, TARGET, Scene, answer_to


def sent_at(scene: Scene, first_line: str) -> list[float]:
    """Give the times at which the box sent messages that begin so, rounded."""
    return [
        round(time, 2)
        for time, source, _, data in scene.network.log
        if source == scene.box.address and data.startswith(first_line.encode())
    ]


def test_an_invite_that_comes_again_makes_no_second_call() -> None:
    """The carrier repeats its INVITE: it gets the last answer again, and there is one call."""
    scene = Scene()
    invite = scene.caller.invite(body=OFFER)
    leg = scene.received(invite)
    scene.caller.send(invite)
    scene.caller.expect("100 INVITE")
    leg.ring()
    scene.caller.expect("180 INVITE")
    scene.caller.send(invite)
    scene.caller.expect("180 INVITE")
    assert len(scene.box.legs) == 1
    leg.refuse(404, "Not Found")
    refusal = scene.caller.expect_response("404 INVITE")
    scene.caller.send(
        scene.caller.request(
            "ACK",
            call_id="call-1",
            from_=refusal.get("From") or "",
            to=refusal.get("To") or "",
            cseq=1,
            branch=invite.via.branch,
        )
    )
    scene.assert_nothing_left()


def test_a_refusal_is_repeated_until_its_ack() -> None:
    """Without an ACK the refusal is repeated with growing gaps, for 32 seconds."""
    scene = Scene()
    scene.received().refuse(486, "Busy Here")
    scene.assert_nothing_left()
    times = sent_at(scene, "SIP/2.0 486")
    gaps = [round(b - a, 1) for a, b in itertools.pairwise(times)]
    assert gaps == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0]


def test_a_200_without_ack_is_repeated_and_then_ended() -> None:
    """The caller never acknowledges: after 32 s the box hangs up with a BYE and the leg is over."""
    scene = Scene()
    leg = scene.received()
    ends: list[LegEnd] = []
    leg.ended.addCallback(ends.append)
    assert leg.invitation.offer is not None
    leg.answer(leg.invitation.offer).addErrback(lambda failure: None)
    scene.network.run(31.0)
    assert ends == []
    scene.caller.expect("BYE", within=2.0)
    assert [end.status for end in ends] == [408]
    scene.assert_nothing_left()
    times = sent_at(scene, "SIP/2.0 200")
    gaps = [round(b - a, 1) for a, b in itertools.pairwise(times)]
    assert gaps == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0]


def test_a_repeated_200_is_acknowledged_again() -> None:
    """Our ACK was lost: each repeated 200 gets it again, and nothing else happens."""
    scene = Scene()
    invite = scene.dialled()
    ok = scene.callee.respond(invite, 200, body=answer_to(invite))
    scene.callee.expect("ACK")
    scene.callee.send(ok)
    scene.callee.expect("ACK")
    scene.outbound.hang_up()
    scene.callee.respond(scene.callee.expect_request("BYE"), 200)
    scene.callee.send(ok)
    scene.callee.expect("ACK")
    scene.assert_nothing_left()


def test_a_silent_target_gets_the_invite_again_until_it_is_given_up() -> None:
    """The only trunk says nothing: it is suspected after 2.5 s, given up after 16, and hears no more."""
    scene = Scene()
    scene.dialled()
    failures: list[object] = []
    scene.outbound.answered.addErrback(failures.append)
    scene.network.run(3.0)
    assert scene.box.hops.log == ["begin out", "tried out 408"]
    scene.assert_nothing_left()
    assert sent_at(scene, "INVITE") == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5]
    assert len(failures) == 1
    assert scene.box.hops.log == ["begin out", "tried out 408", "end out"]


def test_a_suspected_target_may_still_answer() -> None:
    """Three INVITEs were lost: the fourth one is answered, and the trunk is well again."""
    scene = Scene()
    scene.dialled()
    scene.network.run(3.0)
    invite = scene.callee.expect_request("INVITE", within=1.0)
    while scene.callee.inbox:
        scene.callee.inbox.pop()
    scene.callee.respond(invite, 200, body=answer_to(invite))
    scene.callee.expect("ACK")
    assert scene.box.hops.log == ["begin out", "tried out 408", "tried out 200"]
    scene.outbound.hang_up()
    scene.callee.respond(scene.callee.expect_request("BYE"), 200)
    scene.assert_nothing_left()


def test_a_bye_is_repeated_until_it_is_answered() -> None:
    """The target's answer to BYE is lost: BYE comes again at most until 32 s have passed."""
    scene = Scene()
    scene.picked_up()
    scene.outbound.hang_up()
    assert scene.outbound.is_over
    scene.assert_nothing_left()
    assert len(sent_at(scene, "BYE")) == 11


def test_a_repeated_bye_is_answered_again() -> None:
    """The caller did not get our 200 to his BYE: the repeated BYE gets it."""
    scene = Scene()
    ok = scene.answered()
    bye = scene.caller.in_dialog("BYE", ok, 2)
    scene.caller.send(bye)
    scene.caller.expect("200 BYE")
    scene.caller.send(bye)
    scene.caller.expect("200 BYE")
    scene.assert_nothing_left()


def test_a_repeated_ack_and_stray_ones_do_nothing() -> None:
    """ACKs that belong to nothing are counted and dropped."""
    scene = Scene()
    ok = scene.answered()
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 1))
    scene.network.run(0.1)
    assert scene.box.core.counters.stray_acks == 1
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 2))
    scene.assert_nothing_left()


def test_stray_responses_are_counted_and_dropped() -> None:
    """A response to nothing of ours changes nothing."""
    scene = Scene()
    invite, _ = scene.picked_up()
    stray = scene.callee.invite("other")
    scene.callee.respond(stray, 200)
    scene.network.run(0.1)
    misrouted = scene.callee.respond(invite, 200)
    misrouted.prepend("Via", invite.get("Via") or "")
    scene.callee.send(misrouted)
    scene.network.run(0.1)
    assert scene.box.core.counters.stray_responses == 2
    scene.callee.send(scene.callee.in_dialog("BYE", invite, 1))
    scene.assert_nothing_left()


def test_a_dead_flow_ends_the_attempt_at_once() -> None:
    """The target's host says that nobody listens there: the leg fails without waiting."""
    scene = Scene()
    scene.dialled()
    failures: list[object] = []
    scene.outbound.answered.addErrback(failures.append)
    scene.box.driver.flow_failed(scene.box.transport.flow_to(TARGET))
    assert len(failures) == 1
    assert scene.box.hops.log == ["begin out", "tried out 0", "end out"]
    scene.assert_nothing_left()


def test_a_caller_who_waits_long_hears_that_his_call_lives() -> None:
    """180 is repeated each minute, so that no proxy on the way gives the call up."""
    scene = Scene()
    leg = scene.received()
    leg.ring()
    scene.network.run(125.0, step=1.0)
    assert len(sent_at(scene, "SIP/2.0 180")) == 3
    leg.refuse(404, "Not Found")
    scene.assert_nothing_left()
