"""What takes the time that an RFC says: session timers, and peers that fall silent. All at the same time."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.wire.conftest import Wire, running_box
from tests.wire.leg import Leg
from tests.wire.peer import StreamPeer
from tests.wire.slow import CAN_TIMER, Scenarios, Scene, configuration
from tests.wire.torture import folder, messages

scenario = Scenarios()
BOX_REFRESHES = [("Session-Expires", "90;refresher=uac"), ("Require", "timer")]
"""What a bound number answers that leaves the refreshing to us."""
GIVE_UP = 45.0
"""64 T1 is 32 s; the machine may be busy."""


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """Return a box on which all scenarios are under way."""
    with running_box(tmp_path_factory.mktemp("slow"), configuration(len(scenario.all))) as wire:
        place = wire.place
        scenario.start(lambda index: Scene(index, place.sip, place.carrier, place.gateway))
        try:
            yield wire
        finally:
            scenario.end()


# peers that fall silent


@scenario
def no_ack(scene: Scene) -> Leg:
    """The caller never acknowledges the 200."""
    caller = scene.call()
    callee = Leg.rung(scene.gateway)
    callee.answer()
    ok = caller.final()
    caller.settle(ok)
    bye = scene.request(caller, "BYE", GIVE_UP, callee)
    assert "No ACK" in bye["reason"]
    assert scene.carrier.repeats[ok.raw] == 10, "T1 doubling to T2 for 64 T1"
    caller.reply(200, to=bye)
    callee.hung_up()
    return caller


def test_a_200_without_ack(slow: Wire) -> None:
    """RFC 3261 13.3.1.4: sent again for 32 s, then BYE; the call was answered, and is charged until then."""
    record = slow.record(scenario.result("no_ack"))
    assert (record.outcome, record.hung_up_by) == ("answered", "caller")
    assert 31_000 < record.talk_ms < 45_000


@scenario
def no_prack(scene: Scene) -> Leg:
    """The caller never acknowledges a reliable 180."""
    caller = scene.call([("Require", "100rel")])
    callee = Leg.rung(scene.gateway)
    callee.reply(180)
    caller.expect(180)
    assert caller.final(seconds=GIVE_UP).status == 504
    callee.reply(200, to=callee.expect("CANCEL"))
    callee.reply(487)
    callee.expect("ACK")
    return caller


def test_a_reliable_answer_without_prack(slow: Wire) -> None:
    """RFC 3262 3: after 32 s the INVITE is refused, the bound number is cancelled, nothing is charged."""
    slow.free(scenario.result("no_prack"), "gave-up-ringing", "caller", 504)


@scenario
def no_answer_to_bye(scene: Scene) -> Leg:
    """The caller is gone when the bound number hangs up."""
    caller, callee, _ = scene.bridge()
    scene.pause(0.1, caller, callee)
    callee.hang_up()
    bye = caller.expect("BYE")
    scene.pause(33)
    assert scene.carrier.repeats[bye.raw] == 10
    return caller


def test_a_bye_without_answer(slow: Wire) -> None:
    """RFC 3261 17.1.2: repeated for 32 s; the record does not wait for it."""
    record = slow.answered(scenario.result("no_answer_to_bye"), by="answerer")
    assert record.end_ms < 10_000


@scenario
def no_word_from_the_trunk(scene: Scene) -> Leg:
    """The only trunk does not answer the INVITE at all."""
    caller = scene.call()
    callee = Leg.rung(scene.gateway)
    assert caller.final(seconds=GIVE_UP).status == 503
    callee.reply(200)  # too late
    callee.expect("ACK")
    callee.hung_up()
    return caller


def test_the_last_trunk_is_silent(slow: Wire) -> None:
    """It is given 16 s; what it says afterwards is ended, and nobody is charged."""
    record = slow.free(scenario.result("no_word_from_the_trunk"), "trunk-down", "box", 503)
    assert record.end_ms < 30_000


@scenario
def no_final_answer_after_cancel(scene: Scene) -> Leg:
    """The bound number answers neither the CANCEL nor the INVITE, and picks up much later."""
    caller = scene.call()
    callee = Leg.rung(scene.gateway)
    callee.reply(180)
    caller.expect(180)
    caller.cancel()
    assert caller.final().status == 487
    callee.expect("CANCEL")
    scene.pause(20)
    callee.reply(200)
    callee.expect("ACK")
    callee.hung_up()
    return caller


def test_a_bound_number_that_ignores_cancel(slow: Wire) -> None:
    """Its late 200 is ended by BYE; the record was closed when the caller gave up."""
    record = slow.free(scenario.result("no_final_answer_after_cancel"), "gave-up-ringing", "caller", 487)
    assert record.end_ms < 10_000


@scenario
def a_minute_of_ringing(scene: Scene) -> Leg:
    """Nobody picks up for over a minute."""
    caller = scene.call()
    callee = Leg.rung(scene.gateway)
    callee.reply(180)
    ringing = caller.expect(180)
    until = time.monotonic() + 75
    while not scene.carrier.repeats[ringing.raw]:
        assert time.monotonic() < until, "the 180 never came again"
        scene.pause(0.5)
    callee.reply(200)
    callee.expect("ACK")
    caller.up()
    caller.hang_up()
    callee.hung_up()
    return caller


def test_ringing_is_repeated_each_minute(slow: Wire) -> None:
    """RFC 3261 13.3.1.1: so that no proxy on the way gives the call up."""
    record = slow.record(scenario.result("a_minute_of_ringing"))
    assert (record.outcome, record.hung_up_by) == ("answered", "caller")
    assert record.access_ms < 10_000


# session timers (RFC 4028)


@scenario
def caller_refreshes(scene: Scene) -> Leg:
    """The caller keeps his session up by UPDATE, the bound number its own by re-INVITE."""
    timer = ("Session-Expires", "90;refresher=uac")
    caller, callee, ok = scene.bridge([*CAN_TIMER, timer], [("Session-Expires", "90;refresher=uas")])
    assert ok["session-expires"] == "90;refresher=uac"
    assert "timer" in ok["require"]
    scene.pause(40, caller, callee)
    caller.send("UPDATE", [*CAN_TIMER, timer])
    assert caller.final("UPDATE")["session-expires"] == "90;refresher=uac"
    callee.send("INVITE", [*CAN_TIMER, timer], callee.offer())
    refreshed = callee.final("INVITE")
    assert refreshed["session-expires"] == "90;refresher=uac"
    callee.ack(refreshed)
    scene.pause(26, caller, callee)
    caller.hang_up()
    callee.hung_up()
    return caller


def test_sessions_that_both_peers_refresh(slow: Wire) -> None:
    """The call outlives the time at which the box would have given them up."""
    record = slow.answered(scenario.result("caller_refreshes"))
    assert record.talk_ms > 64_000


@scenario
def caller_never_refreshes(scene: Scene) -> Leg:
    """He promised to, and does not."""
    timer = ("Session-Expires", "90;refresher=uac")
    caller, callee, ok = scene.bridge([*CAN_TIMER, timer], BOX_REFRESHES)
    assert ok["session-expires"] == "90;refresher=uac"
    refresh = scene.request(callee, "INVITE", 60, caller, callee)  # the box refreshes the other side
    assert refresh["session-expires"] == "90;refresher=uac"
    callee.reply(200, BOX_REFRESHES, to=refresh)
    callee.expect("ACK")
    bye = scene.request(caller, "BYE", 30, caller, callee)
    assert "expired" in bye["reason"]
    caller.reply(200, to=bye)
    callee.hung_up()
    return caller


def test_a_caller_who_never_refreshes(slow: Wire) -> None:
    """RFC 4028 10: BYE shortly before the session ends; the box ended it, and the talk is charged."""
    record = slow.answered(scenario.result("caller_never_refreshes"), by="box")
    assert 58_000 < record.talk_ms < 80_000


@scenario
def callee_never_refreshes(scene: Scene) -> Leg:
    """The bound number promised to, and does not."""
    answer = [("Session-Expires", "90;refresher=uas"), ("Require", "timer")]
    caller, callee, _ = scene.bridge([*CAN_TIMER, ("Session-Expires", "1800;refresher=uac")], answer)
    bye = scene.request(callee, "BYE", 80, caller, callee)
    assert "expired" in bye["reason"]
    callee.reply(200, to=bye)
    caller.hung_up()
    return caller


def test_a_bound_number_that_never_refreshes(slow: Wire) -> None:
    """The same on the other side; the caller refreshed nothing, either, but had the time."""
    record = slow.answered(scenario.result("callee_never_refreshes"), by="box")
    assert 58_000 < record.talk_ms < 80_000


@scenario
def box_refreshes_by_update(scene: Scene) -> Leg:
    """The caller has no timers but takes UPDATE; he wants a longer interval first."""
    caller, callee, ok = scene.bridge(
        [("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE")],
        [("Allow", "UPDATE"), *BOX_REFRESHES],
    )
    assert ok["session-expires"] == "90;refresher=uas"
    update = scene.request(caller, "UPDATE", 60, caller, callee)
    assert (update["session-expires"], update.body) == ("90;refresher=uac", b"")
    caller.reply(422, [("Min-SE", "200")], to=update)
    again = scene.request(caller, "UPDATE", 10, caller, callee)
    assert again["session-expires"] == "200;refresher=uac"
    assert again.cseq == update.cseq + 1
    caller.reply(200, [("Session-Expires", "200;refresher=uac"), ("Require", "timer")], to=again)
    other = scene.request(callee, "UPDATE", 20, caller, callee)
    callee.reply(200, BOX_REFRESHES, to=other)
    scene.pause(20, caller, callee)
    caller.hang_up()
    callee.hung_up()
    return caller


def test_the_box_refreshes_by_update(slow: Wire) -> None:
    """At half time, on both sides, without a description; 422 makes it ask for more (RFC 4028 7.4)."""
    record = slow.answered(scenario.result("box_refreshes_by_update"))
    assert record.talk_ms > 60_000


@scenario
def box_refreshes_by_invite(scene: Scene) -> Leg:
    """Neither side takes UPDATE; their own new offers meet the box's."""
    caller, callee, _ = scene.bridge((), BOX_REFRESHES)
    refresh = scene.request(caller, "INVITE", 60, caller, callee)
    assert refresh.body != b""
    caller.send("INVITE", body=caller.offer(version=2))
    assert caller.final("INVITE").status == 491, "the box's own waits for its answer"
    caller.reply(491, to=refresh)
    caller.expect("ACK")
    again = scene.request(caller, "INVITE", 10, caller, callee)
    assert again.cseq == refresh.cseq + 1
    assert again.body == refresh.body
    caller.reply(200, [("Session-Expires", "90;refresher=uac")], to=again)
    caller.expect("ACK")
    other = scene.request(callee, "INVITE", 20, caller, callee)
    callee.reply(488, to=other)
    callee.expect("ACK")
    scene.pause(10, caller, callee)
    caller.hang_up()
    callee.hung_up()
    return caller


def test_glare_with_the_boxs_own_refresh(slow: Wire) -> None:
    """RFC 3261 14.1: 491 both ways, tried again after a while; one refused refresh does not end the call."""
    record = slow.answered(scenario.result("box_refreshes_by_invite"))
    assert record.talk_ms > 50_000


@scenario
def refresh_finds_nobody(scene: Scene) -> Leg:
    """The bound number has forgotten the call when the box refreshes it."""
    caller, callee, _ = scene.bridge((), BOX_REFRESHES)
    refresh = scene.request(callee, "INVITE", 60, caller, callee)
    callee.reply(481, to=refresh)
    callee.expect("ACK")
    bye = scene.request(callee, "BYE", 10, caller, callee)
    callee.reply(481, to=bye)
    caller_bye = scene.request(caller, "BYE", 10, caller, callee)
    caller.reply(200, to=caller_bye)
    return caller


def test_a_refresh_that_is_answered_481(slow: Wire) -> None:
    """RFC 3261 12.2.1.2: that dialog is over, so is the call."""
    record = slow.answered(scenario.result("refresh_finds_nobody"), by="answerer")
    assert 40_000 < record.talk_ms < 60_000


@scenario
def callee_wants_longer_sessions(scene: Scene) -> Leg:
    """422 to the first INVITE."""
    caller = scene.call()
    first = Leg.rung(scene.gateway)
    assert first.invite is not None
    assert first.invite["session-expires"].split(";")[0] == "90"
    first.reply(422, [("Min-SE", "300")])
    first.expect("ACK")
    callee = Leg.rung(scene.gateway)
    assert callee.invite is not None
    assert (callee.invite["session-expires"].split(";")[0], callee.invite["min-se"]) == ("300", "300")
    assert (callee.call_id, callee.invite.cseq) == (first.call_id, first.invite.cseq + 1)
    callee.answer()
    caller.up()
    scene.pause(0.1, caller, callee)
    caller.hang_up()
    callee.hung_up()
    return caller


def test_a_bound_number_that_wants_longer_sessions(slow: Wire) -> None:
    """RFC 4028 7.3: the INVITE comes again with its minimum; one leg, one record."""
    record = slow.answered(scenario.result("callee_wants_longer_sessions"))
    assert len(record.legs) == 1


# connections


@scenario
def half_a_message(scene: Scene) -> Leg:
    """A Content-Length beyond what is sent, over TCP (RFC 4475 clerr where it is there)."""
    directory = folder()
    named = [one for one in messages(directory, "rfc4475") if one.name == "clerr"] if directory else []
    data = named[0].data if named else b"OPTIONS sip:x SIP/2.0\r\nContent-Length: 9999\r\n\r\nfew"
    stuck = StreamPeer((scene.carrier.host, 0), scene.carrier.box)
    try:
        stuck.send(data)
        until = time.monotonic() + GIVE_UP
        while stuck.is_open:
            assert time.monotonic() < until, "the connection is still open"
            stuck.listen(1.0)
    finally:
        stuck.close()
    return Leg.of(scene.carrier, scene.number, scene.caller)


def test_half_a_message_ends_its_connection(slow: Wire) -> None:
    """The box waits for the rest for a bounded time, and nobody else waits with it."""
    assert slow.journal.calls(scenario.result("half_a_message").call_id) == []
    slow.ping()


@scenario
def two_forks_ring_for_long(scene: Scene) -> Leg:
    """A fork answers long after another one: its INVITE is over, and still it is ended."""
    caller = scene.call()
    callee = Leg.rung(scene.gateway)
    other = Leg.to(scene.gateway, callee.invite)  # type: ignore[arg-type]
    callee.answer()
    caller.up()
    scene.pause(25, caller, callee)
    other.reply(200)
    acknowledged = scene.gateway.wait(
        lambda one: one.method == "ACK" and one.tag("to") == other.tag, "the ACK to the second fork"
    )
    assert acknowledged.call_id == callee.call_id
    bye = scene.gateway.wait(lambda one: one.method == "BYE" and one.tag("to") == other.tag, "its BYE")
    other.reply(200, to=bye)
    caller.hang_up()
    callee.hung_up()
    return caller


def test_a_late_second_fork(slow: Wire) -> None:
    """RFC 3261 13.2.2.4 with RFC 6026: within 32 s every 200 is acknowledged, and the extra one hung up."""
    record = slow.answered(scenario.result("two_forks_ring_for_long"))
    assert len(record.legs) == 1
