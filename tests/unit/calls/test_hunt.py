"""Ringing the bound numbers (docs/call-flows/hunt.md)."""

from __future__ import annotations

from b2bua.sdp import G729, PCMU
from domain.outcomes import HungUpBy, Outcome
from domain.snapshot import (
    BoundNumber,
    BoxSnapshot,
    RingStrategy,
    TargetKind,
    TenantSnapshot,
    TrunkSnapshot,
)
from storage.journal.events import LegDialled, LegEnded, LegProgress
from tests.twins.stage import NUMBER, TARGETS, Stage, a_plan, sdp

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
SIMULTANEOUS = RingStrategy.SIMULTANEOUS


def dialled(stage: Stage) -> list[str]:
    """Return whom the journal says was rung, in order."""
    return [line.target for line in stage.journal.of(LegDialled)]


def test_a_busy_phone_hands_on_to_the_next_at_once() -> None:
    """486 and 600 both mean busy."""
    stage = Stage(a_plan(*TARGETS))
    caller = stage.call()
    stage.leg("b1").peer_refuses(486, "Busy Here")
    stage.leg("b2").peer_refuses(600, "Busy Everywhere")
    stage.leg("b3").peer_answers(sdp())
    assert dialled(stage) == list(TARGETS)
    assert stage.endpoint("a").bridged is stage.endpoint("b3")
    caller.peer_hangs_up()
    assert [(line.leg, line.status) for line in stage.journal.of(LegEnded)] == [
        ("b1", 486),
        ("b2", 600),
        ("a", 0),
        ("b3", 0),
    ]
    stage.end()


def test_a_phone_that_refuses_hands_on_too() -> None:
    """Decline, not found, gone: the next one rings."""
    stage = Stage(a_plan(*TARGETS[:2]))
    stage.call()
    stage.leg("b1").peer_refuses(603, "Decline")
    stage.leg("b2").peer_answers(sdp())
    stage.leg("b2").peer_hangs_up()
    assert stage.end().outcome == Outcome.ANSWERED


def test_the_no_answer_timer_stops_on_answer_and_not_on_progress() -> None:
    """Carriers play "the phone is off" in a 183: that must not keep the caller there."""
    stage = Stage(a_plan(*TARGETS[:2], no_answer_seconds=20))
    stage.call()
    stage.leg("b1").peer_progresses(183, sdp())
    stage.clock.advance(19.9)
    stage.leg("b1").peer_progresses(180)
    stage.clock.advance(0.1)
    assert "b1 CANCEL" in stage.sent()
    stage.leg("b2").peer_answers(sdp())
    stage.clock.advance(3600)
    assert stage.leg("b2").up
    stage.leg("b2").peer_hangs_up()
    assert stage.end().outcome == Outcome.ANSWERED


def test_all_phones_ring_together_and_the_losers_hear_that_the_call_was_taken_elsewhere() -> None:
    """Their CANCEL carries a Reason, so that phones show no missed call."""
    stage = Stage(a_plan(*TARGETS, strategy=SIMULTANEOUS))
    caller = stage.call()
    assert [leg.id for leg in stage.dialler.legs] == ["b1", "b2", "b3"]
    stage.leg("b1").peer_progresses(180)
    stage.leg("b2").peer_answers(sdp())
    assert stage.leg("b1").reasons == stage.leg("b3").reasons == [ELSEWHERE]
    assert stage.endpoint("a").bridged is stage.endpoint("b2")
    caller.peer_hangs_up()
    stage.end()


def test_one_busy_among_phones_that_ring_together_changes_nothing_for_the_others() -> None:
    """The round goes on until the last one has failed."""
    stage = Stage(a_plan(*TARGETS, strategy=SIMULTANEOUS))
    caller = stage.call()
    stage.leg("b1").peer_refuses(486)
    stage.leg("b2").peer_refuses(404)
    assert caller.final is None
    stage.leg("b3").peer_refuses(486)
    assert caller.final == (486, "Busy Here")
    assert stage.end().outcome == Outcome.BUSY


def test_nothing_is_heard_of_phones_that_ring_together_before_one_answers() -> None:
    """Even where the trunk lets a single leg's early media through."""
    box = BoxSnapshot(trunks=(TrunkSnapshot(name="carrier-a", play_early_media=True),))
    stage = Stage(a_plan(*TARGETS[:2], strategy=SIMULTANEOUS), box=box)
    caller = stage.call()
    stage.leg("b1").peer_progresses(183, sdp())
    stage.leg("b2").peer_progresses(183, sdp())
    assert [line for line in stage.sent() if line.startswith("a")] == ["a 180"]
    assert stage.endpoint("a").bridged is None
    caller.peer_cancels()
    stage.end()


def test_a_single_legs_own_early_media_is_heard_where_the_trunk_allows_it() -> None:
    """The caller hears the mobile network's own announcement; the answer changes nothing in his SDP."""
    box = BoxSnapshot(trunks=(TrunkSnapshot(name="carrier-a", play_early_media=True),))
    stage = Stage(a_plan(*TARGETS[:2]), box=box)
    caller = stage.call()
    stage.leg("b1").peer_progresses(183, sdp(41000))
    assert [line for line in stage.sent() if line.startswith("a")] == ["a 183"]
    assert stage.endpoint("a").bridged is stage.endpoint("b1")
    stage.leg("b1").peer_refuses(480)
    assert stage.endpoint("a").bridged is None
    assert stage.endpoint("a").playing == ("ringback",)
    stage.leg("b2").peer_progresses(183, sdp(41002))
    stage.leg("b2").peer_answers(sdp(41002))
    assert stage.endpoint("a").bridged is stage.endpoint("b2")
    assert caller.descriptions[0] == caller.descriptions[1]
    caller.peer_hangs_up()
    stage.end()


def test_a_single_legs_early_media_stays_silent_where_the_trunk_does_not_allow_it() -> None:
    """The caller hears ringing only."""
    stage = Stage()
    caller = stage.call()
    stage.leg("b1").peer_progresses(183, sdp())
    assert [line for line in stage.sent() if line.startswith("a")] == ["a 180"]
    caller.peer_cancels()
    stage.end()


def test_an_answer_with_nothing_we_can_carry_hands_on() -> None:
    """Its call is ended with BYE, and the next phone rings."""
    stage = Stage(a_plan(*TARGETS[:2]))
    stage.call()
    stage.leg("b1").peer_answers(sdp(41000, G729))
    assert "b1 BYE" in stage.sent()
    stage.leg("b2").peer_answers(sdp(41000, PCMU))
    stage.leg("b2").peer_hangs_up()
    assert stage.end().outcome == Outcome.ANSWERED


def test_trunks_are_grouped_by_what_one_media_port_and_offer_can_serve() -> None:
    """The dialler fails over inside a group; the next group is a new leg from its own listener."""
    box = BoxSnapshot(
        trunks=(
            TrunkSnapshot(name="a1", listener="carrier"),
            TrunkSnapshot(name="a2", listener="carrier"),
            TrunkSnapshot(name="b", listener="office"),
            TrunkSnapshot(name="off", listener="office", enabled=False),
            TrunkSnapshot(name="in", listener="office", outbound=False),
        )
    )
    stage = Stage(box=box)
    stage.dialler.down = {"a1", "a2"}
    stage.call(trunk="a1")
    assert [dialling.trunks for dialling in stage.dialler.dialled] == [("a1", "a2"), ("b",)]
    assert stage.leg("b2").trunk == "b"
    assert stage.endpoint("b2").listener == "office"
    stage.leg("b2").peer_answers(sdp())
    stage.leg("b2").peer_hangs_up()
    assert stage.end().outcome == Outcome.ANSWERED


def test_a_tenants_own_choice_of_trunks_is_followed_in_order() -> None:
    """Others are not used."""
    plan = a_plan()
    tenant = TenantSnapshot(id="acme", name="Acme", numbers=(plan,), outbound_trunks=("carrier-b",))
    stage = Stage(plan, tenant=tenant)
    caller = stage.call()
    assert [dialling.trunks for dialling in stage.dialler.dialled] == [("carrier-b",)]
    caller.peer_cancels()


def test_an_extension_rings_on_its_own_listener() -> None:
    """A SIP phone needs no trunk."""
    plan = a_plan().__class__(number=NUMBER, bound=(BoundNumber(number="8001", kind=TargetKind.EXTENSION),))
    stage = Stage(plan)
    caller = stage.call()
    (dialling,) = stage.dialler.dialled
    assert (dialling.target, dialling.is_extension, dialling.trunks) == ("8001", True, ())
    stage.leg("b1").peer_answers(sdp())
    caller.peer_hangs_up()
    assert stage.end().outcome == Outcome.ANSWERED


def test_switched_off_numbers_do_not_ring() -> None:
    """Only the enabled ones do."""
    plan = a_plan().__class__(
        number=NUMBER,
        bound=(BoundNumber(number=TARGETS[0], enabled=False), BoundNumber(number=TARGETS[1])),
    )
    stage = Stage(plan)
    caller = stage.call()
    assert dialled(stage) == [TARGETS[1]]
    caller.peer_cancels()


def test_no_port_for_a_leg_hands_on_and_the_call_survives() -> None:
    """A full media pool is not the end for the caller who waits."""
    stage = Stage(a_plan(*TARGETS[:2]))
    stage.media.full = False
    caller = stage.call()
    stage.media.full = True
    stage.leg("b1").peer_refuses(486)
    assert caller.final == (486, "Busy Here")
    assert stage.end().by == HungUpBy.BOX


def test_each_status_of_a_leg_is_journalled_once() -> None:
    """Repeated 180s say nothing new."""
    stage = Stage()
    caller = stage.call()
    for status in (180, 180, 183, 180):
        stage.leg("b1").peer_progresses(status)
    assert [line.status for line in stage.journal.of(LegProgress)] == [180, 183]
    caller.peer_cancels()
