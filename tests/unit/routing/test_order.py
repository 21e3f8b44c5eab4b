"""Who of a group rings, and in which order (docs/routing.md)."""

from __future__ import annotations

from collections import Counter

import pytest

from domain.outcomes import Outcome
from domain.routing.forwards import next_forward
from domain.routing.live import LineUse, Remembered
from domain.routing.order import Ordering, order
from domain.routing.plan import RoutePlan
from domain.routing.simulate import memory_of
from domain.routing.target import BoundNumber, RingStrategy, TargetGroup, TargetKind
from tests.unit.routing.plans import NUMBER, SHENYANG, Live, at, facts, hours, plan

WHEN = facts().when
A, B, C = (BoundNumber(number) for number in ("13800000001", "13800000002", "13800000003"))


def ordered(group: TargetGroup, live: Live | None = None, remembered: str | None = None) -> Ordering:
    """Order a group's phones."""
    return order("acme", group, live or Live(), WHEN, remembered)


def numbers(ordering: Ordering) -> list[str]:
    """Return the last digits of who rings."""
    return [target.number[-1] for target in ordering.targets]


def test_in_order_all_at_once_and_alone() -> None:
    """顺序 and 同振."""
    assert ordered(TargetGroup("g", (A, B))).rounds == ((A,), (B,))
    assert ordered(TargetGroup("g", (A, B), RingStrategy.SIMULTANEOUS)).rounds == ((A, B),)
    assert ordered(TargetGroup("g", (A,), RingStrategy.ROTATING)).reasons == ()
    assert ordered(TargetGroup("g")).outcome is Outcome.NOTHING_BOUND


def test_in_rotation_each_call_begins_one_further_on() -> None:
    """轮循, also past one that is switched off."""
    group = TargetGroup("g", (A, B, C), RingStrategy.ROTATING)
    live = Live()
    seen = []
    for _ in range(4):
        found = ordered(group, live)
        seen.append("".join(numbers(found)))
        live.count(found.turn)
    assert seen == ["123", "231", "312", "123"]
    live.uses[B.line("acme")] = LineUse(talking=1, engaged=1)
    assert numbers(ordered(group, live)) == ["3", "1"]


def test_least_recent_and_longest_idle_look_at_different_times() -> None:
    """最久未用 by the last ring, 最长空闲 by the end of the last talk; who never was comes first."""
    live = Live()
    live.uses = {
        A.line("acme"): LineUse(rung=10.0, idle_since=90.0),
        B.line("acme"): LineUse(rung=50.0, idle_since=60.0),
    }
    assert numbers(ordered(TargetGroup("g", (A, B, C), RingStrategy.LEAST_RECENT), live)) == ["3", "1", "2"]
    assert numbers(ordered(TargetGroup("g", (A, B, C), RingStrategy.LONGEST_IDLE), live)) == ["3", "2", "1"]


def test_by_weight_the_first_ring_is_shared_out_exactly() -> None:
    """3:1, and a weight of 0 only after the others."""
    targets = (BoundNumber("1", weight=3), BoundNumber("2", weight=1), BoundNumber("3", weight=0))
    live, first = Live(), Counter[str]()
    for _ in range(40):
        found = ordered(TargetGroup("g", targets, RingStrategy.WEIGHTED), live)
        live.count(found.turn)
        first[found.targets[0].number] += 1
        assert found.targets[-1].number == "3"
    assert first == {"1": 30, "2": 10}
    nothing = TargetGroup(
        "g", (BoundNumber("1", weight=0), BoundNumber("2", weight=0)), RingStrategy.WEIGHTED
    )
    assert numbers(ordered(nothing)) == ["1", "2"]


@pytest.mark.parametrize("strategy", RingStrategy)
def test_who_is_off_off_duty_or_talking_is_not_rung(strategy: RingStrategy) -> None:
    """And it is said why."""
    off = BoundNumber("1", enabled=False)
    night = BoundNumber("2", schedule=hours("daily 20:00-23:00"))
    day = BoundNumber("3", schedule=hours("workdays 09:00-18:00"))
    talking, patient = BoundNumber("4"), BoundNumber("5", skip_busy=False)
    live = Live()
    live.uses = {each.line("acme"): LineUse(engaged=1, talking=1) for each in (talking, patient)}
    found = ordered(TargetGroup("g", (off, night, day, talking, patient), strategy), live)
    assert numbers(found) == ["3", "5"]
    assert [each.code for each in found.reasons if each.code.startswith("skip")] == [
        "skip-off",
        "skip-hours",
        "skip-busy",
    ]
    assert all(each.text("zh") != each.text("en") for each in found.reasons)


def test_all_known_busy_is_busy() -> None:
    """Without ringing anybody; all switched off is not."""
    live = Live()
    live.uses[A.line("acme")] = LineUse(engaged=1, talking=1)
    assert ordered(TargetGroup("g", (A,)), live) == ordered(TargetGroup("g", (A,)), live)
    assert ordered(TargetGroup("g", (A,)), live).outcome is Outcome.BUSY
    assert ordered(TargetGroup("g", (BoundNumber("1", enabled=False),))).outcome is Outcome.NOTHING_BOUND


def test_a_pbx_is_busy_only_when_all_its_channels_are_taken() -> None:
    """Ringing calls take a channel too."""
    pbx = BoundNumber("01088880000", TargetKind.PBX, trunk="acme-pbx", channels=3)
    live = Live()
    live.uses[pbx.line("acme")] = LineUse(engaged=2, talking=2)
    assert ordered(TargetGroup("g", (pbx,)), live).rounds == ((pbx,),)
    live.uses[pbx.line("acme")] = LineUse(engaged=3, talking=1)
    full = ordered(TargetGroup("g", (pbx,)), live)
    assert (full.rounds, full.outcome) == ((), Outcome.BUSY)
    assert full.reasons[0].text() == "all 3 channels of 01088880000 are taken"


def test_who_answered_last_time_is_rung_first_and_alone() -> None:
    """来电转接记忆; not when he talks or has gone."""
    all_at_once = TargetGroup("g", (A, B, C), RingStrategy.SIMULTANEOUS)
    assert ordered(all_at_once, remembered=B.number).rounds == ((B,), (A, C))
    assert numbers(ordered(TargetGroup("g", (A, B, C)), remembered=C.number)) == ["3", "1", "2"]
    assert numbers(ordered(TargetGroup("g", (A, B)), remembered=C.number)) == ["1", "2"]
    live = Live()
    live.uses[B.line("acme")] = LineUse(engaged=1, talking=1)
    assert ordered(all_at_once, live, B.number).rounds == ((A, C),)


def test_memory_ends_with_its_days() -> None:
    """And there is none for withheld numbers, or when it is off."""
    live = Live()
    now = at("2026-10-10 09:30").timestamp()
    live.memory[NUMBER, SHENYANG] = Remembered(A.number, now - 6.9 * 86400)
    assert memory_of(plan(RoutePlan(memory_days=7)), facts(), live) == A.number
    assert memory_of(plan(RoutePlan(memory_days=6)), facts(), live) is None
    assert memory_of(plan(RoutePlan()), facts(), live) is None
    assert memory_of(plan(), facts(), live) is None
    assert memory_of(plan(RoutePlan(memory_days=7)), facts("anonymous"), live) is None


def test_forwards_follow_what_became_of_the_last_try() -> None:
    """遇忙 and 无应答 have two numbers each; three are rung at most."""
    routing = RoutePlan(
        when_busy=(BoundNumber("1"), BoundNumber("2")),
        when_no_answer=(BoundNumber("3"), BoundNumber("4")),
    )

    def forwarded(*failures: Outcome) -> list[str]:
        rung: list[str] = []
        for failure in failures:
            found = next_forward("acme", routing, rung, failure, Live(), WHEN)
            if found is None:
                break
            rung.append(found[0].number)
        return rung

    busy, silent = Outcome.BUSY, Outcome.NO_ANSWER
    assert forwarded(busy, busy, busy, busy) == ["1", "2"]
    assert forwarded(silent, silent, silent) == ["3", "4"]
    assert forwarded(busy, silent, silent, silent, busy) == ["1", "3", "4"]
    assert forwarded(silent, busy, Outcome.REFUSED_BY_TARGET, busy) == ["3", "1", "4"]
    found = next_forward("acme", routing, ["1"], silent, Live(), WHEN)
    assert found is not None
    assert found[1].text() == "forwarded to 3 on no answer (2 of 3)"
    assert found[1].text("zh") == "无应答前转至 3（第 2 次，最多 3 次）"


def test_a_forward_number_that_is_off_or_talking_is_passed_over() -> None:
    """The other one is rung."""
    live = Live()
    live.uses["2"] = LineUse(engaged=1, talking=1)
    night = hours("daily 20:00-23:00")
    numbers = (BoundNumber("1", enabled=False), BoundNumber("3"))
    found = next_forward("acme", RoutePlan(when_busy=numbers), [], Outcome.BUSY, live, WHEN)
    assert found is not None
    assert found[0].number == "3"
    numbers = (BoundNumber("2"), BoundNumber("4", schedule=night))
    assert next_forward("acme", RoutePlan(when_busy=numbers), [], Outcome.BUSY, live, WHEN) is None


def test_more_than_two_forward_numbers_of_a_kind_are_no_plan() -> None:
    """Four in all."""
    with pytest.raises(ValueError, match="two forward numbers"):
        RoutePlan(when_busy=(BoundNumber("1"), BoundNumber("2"), BoundNumber("3")))
