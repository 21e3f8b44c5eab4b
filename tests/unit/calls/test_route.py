"""The route plan on calls (docs/routing.md, docs/call-flows/pin.md, forwards.md, press-1.md, memory.md)."""

from __future__ import annotations

import pytest

from domain.days.schedule_text import parse_schedule
from domain.outcomes import Outcome
from domain.routing.destination import Destination
from domain.routing.live import UNUSED, Remembered
from domain.routing.plan import RoutePlan, Rule, Share
from domain.routing.reasons import read_reasons
from domain.routing.target import BoundNumber, RingStrategy, TargetGroup, TargetKind
from domain.snapshot import BoxSnapshot, NumberPlan, TenantSnapshot, TrunkSnapshot
from storage.journal.events import Bridged, Key, LegDialled, Spooled, Step
from tests.twins.directory import SHIPPED
from tests.twins.legs import MemoryInboundLeg
from tests.twins.stage import CALLER, NUMBER, TARGETS, Stage, a_plan, sdp

FIRST, SECOND, THIRD = (BoundNumber(number) for number in TARGETS)
PHONE = sdp(host="127.0.0.3")


def to(text: str) -> Destination:
    return Destination.parse(text)


def stage_of(routing: RoutePlan | None, *groups: TargetGroup, **fields: object) -> Stage:
    """Set a stage with this route plan and the shipped voice."""
    fields.setdefault("bound", (FIRST,))
    plan = NumberPlan(number=NUMBER, routing=routing, **fields)  # type: ignore[arg-type]
    tenant = TenantSnapshot(id="acme", name="Acme", numbers=(plan,), groups=groups)
    return Stage(plan, tenant=tenant, shipped=SHIPPED)


def dialled(stage: Stage) -> list[str]:
    return [line.target for line in stage.journal.of(LegDialled)]


def reasons(stage: Stage, step: str) -> list[str]:
    """Return the codes that the record keeps by a step."""
    return [
        each.code
        for line in stage.journal.of(Step)
        if line.name == step
        for each in read_reasons(line.detail)
    ]


def press(stage: Stage, leg: str, keys: str) -> None:
    for key in keys:
        stage.endpoint(leg).press(key)


def talked(stage: Stage, caller: MemoryInboundLeg) -> str:
    """Let the caller hang up; return the outcome."""
    caller.peer_hangs_up()
    return stage.end().outcome


# -- turned away -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("routing", "outcome", "status", "prompt"),
    [
        (RoutePlan(blacklist={CALLER: "骚扰"}), Outcome.BLACKLISTED, 603, "caller-barred"),
        (RoutePlan(deny=("新疆",)), Outcome.AREA_DENIED, 603, "area-barred"),
        (RoutePlan(allow=("010",)), Outcome.AREA_DENIED, 603, "area-barred"),
        (RoutePlan(hours=parse_schedule([])), Outcome.CLOSED, 480, "after-hours"),
    ],
)
def test_who_may_not_call_hears_why_and_is_not_charged(
    routing: RoutePlan, outcome: Outcome, status: int, prompt: str
) -> None:
    """In early media; nobody is rung and nothing is recorded."""
    stage = stage_of(routing)
    caller = stage.call()
    assert stage.sent() == ["a 183"]
    assert stage.endpoint("a").playing == (prompt,)
    assert stage.journal.of(Spooled) == []
    stage.clock.advance(60)
    assert caller.final is not None
    assert caller.final[0] == status
    assert stage.end().outcome == outcome
    assert dialled(stage) == []
    assert reasons(stage, "routed")[:2] == ["caller", "moment"]


def test_a_closed_number_leads_where_it_says() -> None:
    """Another group at night."""
    night = TargetGroup("night", (SECOND,))
    stage = stage_of(RoutePlan(hours=parse_schedule([]), closed=to("group:night")), night)
    stage.call()
    assert dialled(stage) == [SECOND.number]


# -- where to --------------------------------------------------------------------------------------


def test_a_rule_sends_the_caller_to_its_group_and_the_record_says_why() -> None:
    """Caller, moment, rule, group."""
    group = TargetGroup("west", (SECOND,))
    stage = stage_of(RoutePlan(rules=(Rule(callers=("西北",), to=to("group:west")),)), group)
    caller = stage.call()
    assert dialled(stage) == [SECOND.number]
    assert reasons(stage, "routed") == ["caller", "moment", "rule", "to"]
    stage.leg("b1").peer_answers(PHONE)
    assert talked(stage, caller) == Outcome.ANSWERED


def test_shares_are_taken_call_by_call() -> None:
    """Half and half: the second call goes to the other group."""
    groups = (TargetGroup("a", (SECOND,)), TargetGroup("b", (THIRD,)))
    split = (Share(to("group:a"), 50), Share(to("group:b"), 50))
    stage = stage_of(RoutePlan(rules=(Rule(split=split),)), *groups)
    for _ in range(4):
        stage.call()
        stage.dialler.legs[-1].peer_refuses(486)
        stage.clock.advance(60)
    assert dialled(stage) == [SECOND.number, THIRD.number] * 2


def test_a_number_without_rules_says_nothing_more_than_before() -> None:
    """No line of the journal is spent on it."""
    stage = stage_of(None)
    stage.call()
    assert stage.steps() == []


def test_another_number_of_the_tenant_has_its_own_rules() -> None:
    """Its blacklist holds for who is sent on to it."""
    other = NumberPlan(number="4001003722", routing=RoutePlan(blacklist={CALLER: ""}))
    plan = a_plan(entry=to("number:4001003722"))
    tenant = TenantSnapshot(id="acme", name="Acme", numbers=(plan, other))
    stage = Stage(plan, tenant=tenant, shipped=SHIPPED)
    stage.call()
    stage.clock.advance(60)
    assert stage.end().outcome == Outcome.BLACKLISTED


# -- who rings -------------------------------------------------------------------------------------


def test_a_phone_that_talks_is_passed_over_until_it_is_free() -> None:
    """A busy line goes on to a free one by itself."""
    stage = stage_of(None, bound=(FIRST, SECOND))
    first = stage.call()
    stage.leg("b1").peer_answers(PHONE)
    second = stage.call()
    assert dialled(stage) == [FIRST.number, SECOND.number]
    assert reasons(stage, "ring-order") == ["skip-busy"]
    second.peer_cancels()
    first.peer_hangs_up()
    stage.call()
    assert dialled(stage)[-1] == FIRST.number


def test_all_phones_talking_is_busy_without_ringing() -> None:
    """486."""
    stage = stage_of(None)
    stage.call()
    stage.leg("b1").peer_answers(PHONE)
    second = stage.call()
    stage.clock.advance(60)
    assert second.final == (486, "Busy Here")
    assert len(dialled(stage)) == 1


def test_a_phone_that_began_to_talk_meanwhile_is_not_rung() -> None:
    """Its turn comes 25 s after the order was made."""
    stage = stage_of(None, bound=(FIRST, SECOND, THIRD))
    stage.call()
    other = stage.switchboard.ports.live.hold(SECOND.line("acme"), 0.0)
    other.talk()
    stage.clock.advance(25)
    assert dialled(stage) == [FIRST.number, THIRD.number]
    assert "busy-meanwhile" in stage.steps()


def test_in_rotation_the_next_call_begins_one_further_on() -> None:
    """轮循 over real calls."""
    group = TargetGroup("g", (FIRST, SECOND, THIRD), RingStrategy.ROTATING)
    stage = stage_of(None, group, entry=to("group:g"))
    for _ in range(4):
        stage.call().peer_cancels()
    assert dialled(stage) == [*TARGETS, TARGETS[0]]


def test_the_longest_idle_one_is_rung() -> None:
    """By the end of the last talk, not by rings in vain."""
    group = TargetGroup("g", (FIRST, SECOND), RingStrategy.LONGEST_IDLE)
    stage = stage_of(None, group, entry=to("group:g"))
    for name in ("b1", "b1"):
        caller = stage.call()
        stage.dialler.legs[-1].peer_answers(PHONE)
        stage.clock.advance(10)
        caller.peer_hangs_up()
        assert name
    assert dialled(stage) == [FIRST.number, SECOND.number]
    stage.call()
    assert dialled(stage)[-1] == FIRST.number


def test_every_way_a_leg_ends_gives_its_phone_back() -> None:
    """Refused, cancelled, hung up by either side: nothing counts on."""
    stage = stage_of(None)
    live, line = stage.switchboard.ports.live, FIRST.line("acme")
    stage.call()
    assert live.use(line)[2:] == (1, 0)
    stage.dialler.legs[-1].peer_refuses(486)
    stage.clock.advance(60)
    stage.call().peer_cancels()
    for hang_up in ("caller", "phone"):
        caller = stage.call()
        stage.dialler.legs[-1].peer_answers(PHONE)
        assert live.use(line)[2:] == (1, 1)
        (caller if hang_up == "caller" else stage.dialler.legs[-1]).peer_hangs_up()
        stage.clock.advance(60)
    assert live.use(line)[2:] == (0, 0)
    assert live.use(line).idle_since >= 0
    assert live.use("nobody") is UNUSED


def test_a_pbx_is_rung_by_its_own_trunk_as_long_as_a_channel_is_free() -> None:
    """And nobody else's calls leave by that trunk."""
    pbx = BoundNumber("01088880000", TargetKind.PBX, trunk="acme-pbx", channels=2)
    plan = NumberPlan(number=NUMBER, bound=(pbx, FIRST))
    box = BoxSnapshot(trunks=(TrunkSnapshot(name="carrier-a"), TrunkSnapshot(name="acme-pbx", tenant="acme")))
    stage = Stage(plan, box=box)
    for _ in range(3):
        stage.call()
    assert [(leg.target, leg.trunks) for leg in stage.dialler.dialled] == [
        (pbx.number, ("acme-pbx",)),
        (pbx.number, ("acme-pbx",)),
        (FIRST.number, ("carrier-a",)),
    ]


def test_a_pbx_on_somebody_elses_trunk_has_no_way_out() -> None:
    """Whatever a plan says."""
    pbx = BoundNumber("01088880000", TargetKind.PBX, trunk="rivals")
    box = BoxSnapshot(trunks=(TrunkSnapshot(name="carrier-a"), TrunkSnapshot(name="rivals", tenant="rival")))
    stage = Stage(NumberPlan(number=NUMBER, bound=(pbx,)), box=box)
    assert stage.call().final == (503, "Service Unavailable")
    assert not stage.dialler.dialled


# -- forwards --------------------------------------------------------------------------------------


def test_busy_and_no_answer_have_their_own_forward_numbers() -> None:
    """遇忙前转 rings two on busy; three forwards are the most."""
    routing = RoutePlan(
        when_busy=(BoundNumber("13600000001"), BoundNumber("13600000002")),
        when_no_answer=(BoundNumber("13600000003"), BoundNumber("13600000004")),
    )
    stage = stage_of(routing)
    caller = stage.call()
    stage.leg("b1").peer_refuses(486)
    stage.leg("b2").peer_refuses(486)
    stage.clock.advance(25)
    stage.clock.advance(25)
    assert dialled(stage) == [FIRST.number, "13600000001", "13600000002", "13600000003"]
    assert reasons(stage, "forward") == ["forward-busy", "forward-busy", "forward-no-answer"]
    stage.clock.advance(60)
    assert caller.final is not None
    assert stage.end().outcome == Outcome.NO_ANSWER


def test_who_answers_a_forward_talks_with_the_caller() -> None:
    """And it counts as answered."""
    stage = stage_of(RoutePlan(when_no_answer=(SECOND,)))
    caller = stage.call()
    stage.clock.advance(25)
    stage.leg("b2").peer_answers(PHONE)
    assert stage.endpoint("a").bridged is stage.endpoint("b2")
    assert talked(stage, caller) == Outcome.ANSWERED


def test_after_the_forwards_comes_the_overflow() -> None:
    """otherwise: an announcement here."""
    stage = stage_of(RoutePlan(when_busy=(SECOND,)), otherwise=to("announcement:goodbye"))
    stage.call()
    stage.leg("b1").peer_refuses(486)
    stage.leg("b2").peer_refuses(486)
    stage.clock.advance(60)
    assert stage.end().outcome == Outcome.ANNOUNCED


def test_forwards_are_counted_over_the_whole_call() -> None:
    """Also when the call went on to another group."""
    routing = RoutePlan(
        when_busy=(BoundNumber("13600000001"), BoundNumber("13600000002")),
        when_no_answer=(BoundNumber("13600000003"), BoundNumber("13600000004")),
    )
    stage = stage_of(routing, TargetGroup("late", (THIRD,)), otherwise=to("group:late"))
    stage.call()
    for leg, status in (("b1", 486), ("b2", 480), ("b3", 486), ("b4", 486)):
        stage.leg(leg).peer_refuses(status)
    assert dialled(stage)[-2:] == ["13600000002", THIRD.number]
    stage.leg("b5").peer_refuses(486)
    stage.clock.advance(60)
    assert len(dialled(stage)) == 5
    stage.end()


# -- press 1 ---------------------------------------------------------------------------------------

CAREFUL = BoundNumber(TARGETS[0], confirm_seconds=10)


def test_who_picks_up_must_press_1_and_the_caller_is_not_charged_before() -> None:
    """A mobile's voicemail presses nothing."""
    stage = stage_of(None, bound=(CAREFUL,))
    caller = stage.call()
    stage.leg("b1").peer_answers(PHONE)
    assert stage.endpoint("b1").playing == ("accept-call",)
    assert not caller.up
    press(stage, "b1", "51")
    assert caller.up
    assert stage.endpoint("b1").playing == ()
    assert stage.endpoint("a").bridged is stage.endpoint("b1")
    assert stage.steps()[-2:] == ["asked-to-accept", "accepted"]
    assert len(stage.journal.of(Bridged)) == 1
    assert talked(stage, caller) == Outcome.ANSWERED


def test_who_presses_nothing_is_hung_up_and_the_next_one_rings() -> None:
    """After his seconds."""
    stage = stage_of(None, bound=(CAREFUL, SECOND))
    stage.call()
    stage.leg("b1").peer_answers(PHONE)
    stage.clock.advance(9.9)
    assert stage.leg("b1").up
    stage.clock.advance(0.2)
    assert "b1 BYE" in stage.sent()
    assert dialled(stage) == [FIRST.number, SECOND.number]
    stage.leg("b2").peer_refuses(486)
    stage.clock.advance(60)
    assert stage.end().outcome == Outcome.NO_ANSWER


def test_who_hangs_up_instead_has_not_accepted() -> None:
    """The call goes on."""
    stage = stage_of(None, bound=(CAREFUL, SECOND))
    stage.call()
    stage.leg("b1").peer_answers(PHONE)
    stage.leg("b1").peer_hangs_up()
    assert stage.steps()[-1] == "not-accepted"
    stage.leg("b2").peer_answers(PHONE)
    stage.leg("b2").peer_hangs_up()
    assert stage.end().outcome == Outcome.ANSWERED


def test_while_one_is_asked_the_others_ring_on() -> None:
    """Who answers first without being asked has the call."""
    stage = stage_of(None, bound=(CAREFUL, SECOND), strategy=RingStrategy.SIMULTANEOUS)
    caller = stage.call()
    stage.leg("b1").peer_answers(PHONE)
    assert not stage.leg("b2").over
    stage.leg("b2").peer_answers(PHONE)
    assert stage.leg("b1").over
    assert stage.endpoint("a").bridged is stage.endpoint("b2")
    press(stage, "b1", "1")
    assert talked(stage, caller) == Outcome.ANSWERED


def test_the_no_answer_time_does_not_cut_who_is_just_asked() -> None:
    """The others are given up, he keeps his seconds."""
    stage = stage_of(None, bound=(CAREFUL, SECOND), strategy=RingStrategy.SIMULTANEOUS, no_answer_seconds=20)
    caller = stage.call()
    stage.clock.advance(19)
    stage.leg("b1").peer_answers(PHONE)
    stage.clock.advance(5)
    assert stage.leg("b2").over
    press(stage, "b1", "1")
    assert stage.endpoint("a").bridged is stage.endpoint("b1")
    assert talked(stage, caller) == Outcome.ANSWERED
    stage = stage_of(None, bound=(CAREFUL, SECOND), strategy=RingStrategy.SIMULTANEOUS, no_answer_seconds=20)
    stage.call()
    stage.clock.advance(19)
    stage.leg("b1").peer_answers(PHONE)
    stage.clock.advance(60)
    stage.clock.advance(60)
    assert stage.end().outcome == Outcome.NO_ANSWER


def test_a_caller_who_gives_up_while_one_is_asked_ends_it_all() -> None:
    """Nothing is left playing or waiting."""
    stage = stage_of(None, bound=(CAREFUL,))
    caller = stage.call()
    stage.leg("b1").peer_answers(PHONE)
    caller.peer_cancels()
    assert stage.leg("b1").over
    assert stage.end().outcome == Outcome.GAVE_UP_RINGING


# -- memory ----------------------------------------------------------------------------------------


def test_the_caller_first_reaches_who_answered_last_time() -> None:
    """来电转接记忆, over two calls; without it the order stays."""
    for days, rung in ((7.0, SECOND.number), (0.0, FIRST.number)):
        stage = stage_of(RoutePlan(memory_days=days), bound=(FIRST, SECOND))
        caller = stage.call()
        stage.leg("b1").peer_refuses(486)
        stage.leg("b2").peer_answers(PHONE)
        caller.peer_hangs_up()
        stage.call()
        assert dialled(stage)[-1] == rung
        assert ("remembered" in reasons(stage, "ring-order")) is (days > 0)


def test_memory_fades_and_forgets_who_is_gone() -> None:
    """Too long ago, or no target any more."""
    stage = stage_of(RoutePlan(memory_days=1), bound=(FIRST, SECOND))
    live = stage.switchboard.ports.live
    live.memory[f"{NUMBER} {CALLER}"] = Remembered(SECOND.number, stage.clock.utc() - 86401)
    stage.call()
    assert dialled(stage) == [FIRST.number]
    stage = stage_of(RoutePlan(memory_days=1), bound=(FIRST, SECOND))
    stage.switchboard.ports.live.remember(NUMBER, CALLER, THIRD.number, stage.clock.utc())
    stage.call()
    assert dialled(stage) == [FIRST.number]


# -- PIN -------------------------------------------------------------------------------------------


def test_the_right_pin_connects_and_the_record_keeps_no_digit() -> None:
    """Keyed into the prompt, ended by #."""
    stage = stage_of(None, pin="2580")
    caller = stage.call()
    assert caller.up
    assert stage.endpoint("a").playing == ("enter-pin",)
    press(stage, "a", "2580#")
    assert dialled(stage) == [FIRST.number]
    assert [key.digit for key in stage.journal.of(Key)] == ["x"] * 5
    stage.leg("b1").peer_answers(PHONE)
    press(stage, "a", "7")
    assert stage.journal.of(Key)[-1].digit == "7"
    assert talked(stage, caller) == Outcome.ANSWERED


def test_a_pin_without_the_hash_is_taken_after_a_second() -> None:
    """No stray # is left for the menu behind."""
    stage = stage_of(None, pin="2580")
    stage.call()
    press(stage, "a", "2580")
    assert dialled(stage) == []
    stage.clock.advance(1)
    assert dialled(stage) == [FIRST.number]


def test_a_wrong_pin_may_be_keyed_again_three_times_in_all() -> None:
    """Then a word, and the end."""
    stage = stage_of(None, pin="2580")
    stage.call()
    press(stage, "a", "1111#")
    assert stage.endpoint("a").playing == ("wrong-pin",)
    press(stage, "a", "25801#")
    stage.clock.advance(60)
    stage.clock.advance(60)
    stage.clock.advance(60)
    assert dialled(stage) == []
    assert [step.detail for step in stage.journal.of(Step) if step.name == "pin"] == [
        "wrong", "wrong", "nothing keyed",
    ]  # fmt: skip
    assert stage.end().outcome == Outcome.PIN_WRONG


def test_the_second_try_is_good_enough() -> None:
    """Also when digits come slowly."""
    stage = stage_of(None, pin="2580")
    stage.call()
    press(stage, "a", "#")
    for key in "2580":
        stage.clock.advance(4)
        press(stage, "a", key)
    stage.clock.advance(1)
    assert dialled(stage) == [FIRST.number]


def test_a_caller_may_key_it_while_he_is_greeted() -> None:
    """Type-ahead, and also then the record keeps no digit."""
    stage = stage_of(None, pin="2580", welcome="welcome")
    stage.call()
    assert stage.endpoint("a").playing == ("welcome",)
    press(stage, "a", "2580#")
    stage.clock.advance(30)
    assert dialled(stage) == [FIRST.number]
    assert {key.digit for key in stage.journal.of(Key)} == {"x"}


def test_who_hangs_up_at_the_pin_gave_up_there() -> None:
    """The record says at which step."""
    stage = stage_of(None, pin="2580")
    caller = stage.call()
    press(stage, "a", "25")
    assert talked(stage, caller) == Outcome.GAVE_UP_PIN
