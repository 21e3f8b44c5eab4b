"""A phone takes the place of another by INVITE with Replaces (docs/call-flows/pick-up.md)."""

from __future__ import annotations

import pytest

from b2bua.calls.in_call import InCall
from b2bua.sdp import SessionDescription
from domain.snapshot import BoundNumber, TargetKind
from storage.journal.events import Ended, Started
from storage.records.fold import fold
from storage.records.record import CallRecord
from storage.records.rows import row_of
from tests.twins.legs import MemoryInboundLeg, MemoryLeg
from tests.twins.stage import NUMBER, Stage, a_plan, an_invitation, sdp
from tests.unit.calls.talks import TalkStage


def take(
    stage: Stage,
    leg: MemoryLeg,
    by: str = "8002",
    *,
    late_offer: bool = False,
    offer: SessionDescription | None = None,
) -> MemoryInboundLeg:
    """Let an extension's phone send INVITE with Replaces."""
    offer = None if late_offer else offer or sdp(port=47000)
    phone = MemoryInboundLeg(an_invitation("8001", offer=offer, trunk=None, extension=by), stage.log)
    phone.late_answer = sdp(port=47000) if late_offer else None
    phone.replaces = leg
    stage.switchboard.arrive(phone)
    return phone


def records(stage: Stage) -> list[CallRecord]:
    """Return the records of all calls, over by now, in the order of their beginning."""
    assert not stage.switchboard.calls
    assert not stage.media.open_endpoints()
    assert not stage.clock.pending()
    assert len(stage.journal.of(Ended)) == len(stage.journal.of(Started))
    calls = [event.call for event in stage.journal.of(Started)]
    return [fold([e for e in stage.journal.events if getattr(e, "call", "") == call]) for call in calls]


@pytest.mark.parametrize("late_offer", [False, True])
def test_a_colleague_takes_over_who_talks(late_offer: bool) -> None:
    """The agent's leg is ended, the caller hears the colleague; both INVITEs have their record."""
    stage = TalkStage()
    stage.clock.advance(5)
    phone = take(stage, stage.leg("b1"), late_offer=late_offer)
    assert phone.up
    assert stage.leg("b1").over
    assert (stage.endpoint("a").hears(), stage.endpoint("b2").hears()) == ({"b2"}, {"a"})
    stage.clock.advance(4)
    phone.peer_hangs_up()
    call, line = records(stage)
    assert (call.answered_by, call.talk_ms, call.hung_up_by) == ("8002", 9000, "answerer")
    assert [(each.who, each.part) for each in call.participants] == [("8001", "talk"), ("8002", "talk")]
    assert "picked-up 8001 by 8002" in [moment.detail for moment in call.timeline]
    assert (line.outcome, line.direction, line.number) == ("answered", "pickup", NUMBER)
    assert line.hung_up_by == "caller"
    assert row_of(line).direction == "pickup"


def test_the_caller_hangs_up_on_who_took_over() -> None:
    """The phone gets BYE, and its own record ends with it."""
    stage = TalkStage()
    phone = take(stage, stage.leg("b1"))
    stage.caller.peer_hangs_up()
    assert phone.over
    assert phone.reasons == [""]
    _, line = records(stage)
    assert (line.outcome, line.hung_up_by) == ("answered", "box")


def test_who_took_over_can_hold_consult_and_transfer() -> None:
    """His phone is the agent's from then on: REFER, star codes, re-INVITE."""
    stage = TalkStage()
    phone = take(stage, stage.leg("b1"))
    assert phone.peer_refers("8009") == 202
    assert stage.rings() == ["8009"]
    stage.answer("b3")
    assert phone.over
    assert phone.reports[-1] == (200, True)
    assert stage.endpoint("a").hears() == {"b3"}
    stage.caller.peer_hangs_up()
    assert records(stage)[0].answered_by == "8009"


def test_a_ringing_phone_is_picked_up() -> None:
    """代接: whoever rings stops with "completed elsewhere", the caller is connected."""
    stage = Stage(a_plan())
    caller = stage.call()
    phone = take(stage, stage.leg("b1"), "8001")
    assert caller.up
    assert stage.leg("b1").over
    assert "completed elsewhere" in stage.leg("b1").reasons[0]
    assert stage.endpoint("a").hears() == {"b2"}
    caller.peer_hangs_up()
    assert phone.over
    call, _ = records(stage)
    assert (call.answered_by, call.outcome) == ("8001", "answered")


def test_a_colleague_who_is_consulted_lets_another_phone_talk() -> None:
    """Of the two who consult, too; and of three."""
    stage = TalkStage()
    stage.key("*28002#")
    stage.answer("b2")
    take(stage, stage.leg("b2"), "8009")
    assert stage.leg("b2").over
    assert stage.endpoint("b1").hears() == {"b3"}
    stage.key("*3")
    take(stage, stage.leg("b1"), "8001")
    stage.caller.peer_hangs_up()
    assert records(stage)[0].answered_by == "8001"


def test_the_colleagues_phone_completes_an_attended_transfer() -> None:
    """The agent's phone sent REFER to the colleague's, which now asks for the agent's place."""
    stage = TalkStage()
    stage.key("*28002#")
    stage.answer("b2")
    take(stage, stage.leg("b1"), "8002")
    assert stage.leg("b1").over
    assert stage.leg("b2").over
    assert stage.endpoint("a").hears() == {"b3"}
    stage.caller.peer_hangs_up()
    assert records(stage)[0].answered_by == "8002"


def refused(stage: Stage, phone: MemoryInboundLeg) -> None:
    """Make sure that a phone got 403 and nothing else changed."""
    assert phone.final == (403, "Forbidden")
    assert stage.endpoint("a").hears() == {"b1"}
    (outcome,) = [ended.outcome for ended in stage.journal.of(Ended)]
    assert outcome == "pick-up-refused"


def test_another_tenants_phone_may_not() -> None:
    """403, and the talk goes on."""
    stage = TalkStage()
    refused(stage, take(stage, stage.leg("b1"), "9001"))


def test_the_callers_own_leg_may_not_be_taken() -> None:
    """It is the carrier's."""
    stage = TalkStage()
    refused(stage, take(stage, stage.caller))


def test_a_supervisors_place_may_not_be_taken() -> None:
    """Who may supervise is another question."""
    stage = TalkStage()
    InCall(stage.switchboard.calls).supervise(stage.live().id, "8009", "listen", "root")
    stage.answer("b2")
    refused(stage, take(stage, stage.leg("b2")))


def test_who_answers_first_keeps_the_call() -> None:
    """The phone that rang was picked up while the other one's audio was being prepared."""
    stage = Stage(a_plan())
    caller = stage.call()
    stage.media.hold_back = True
    phone = take(stage, stage.leg("b1"), "8001")
    stage.leg("b1").peer_answers(sdp(port=41002))
    stage.media.let_go()
    assert phone.final == (403, "Forbidden")
    assert stage.endpoint("a").hears() == {"b1"}
    caller.peer_hangs_up()
    records(stage)


def test_the_phone_gives_up_before_it_is_answered() -> None:
    """CANCEL: nothing changes."""
    stage = TalkStage()
    stage.media.hold_back = True
    phone = take(stage, stage.leg("b1"))
    phone.peer_cancels()
    assert stage.endpoint("a").hears() == {"b1"}
    stage.caller.peer_hangs_up()
    assert records(stage)[0].answered_by == "8001"


def test_the_call_ends_before_the_phone_is_answered() -> None:
    """Its audio is given back."""
    stage = TalkStage()
    stage.media.hold_back = True
    phone = take(stage, stage.leg("b1"))
    stage.caller.peer_hangs_up()
    stage.media.let_go()
    assert phone.final == (403, "Forbidden")
    records(stage)


def test_who_sits_at_a_phone_that_took_over_is_busy() -> None:
    """His phone is skipped by the next call, as when it had been rung."""
    stage = TalkStage()
    use = stage.switchboard.ports.live.use
    phone = take(stage, stage.leg("b1"))
    line = BoundNumber(number="8002", kind=TargetKind.EXTENSION).line("acme")
    assert (use(line).engaged, use(line).talking) == (1, 1)
    phone.peer_hangs_up()
    assert (use(line).engaged, use(line).talking) == (0, 0)
