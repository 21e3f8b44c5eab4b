"""Sending a call from destination to destination."""

from __future__ import annotations

from domain.outcomes import HungUpBy, Outcome
from domain.routing.destination import Destination
from domain.snapshot import BoundNumber, BoxSnapshot, NumberPlan, TargetGroup, TenantSnapshot, TrunkSnapshot
from storage.journal.events import LegDialled, Step
from tests.twins.media import Asked
from tests.twins.stage import TARGETS, Stage, a_plan, sdp

OTHER = "4001003722"
CLOSED = "44" * 32


def acme(*groups: TargetGroup, plan: NumberPlan, more: tuple[NumberPlan, ...] = ()) -> Stage:
    """Set a tenant with groups up."""
    return Stage(plan, tenant=TenantSnapshot(id="acme", name="Acme", numbers=(plan, *more), groups=groups))


def to(text: str) -> Destination:
    """Read a destination."""
    return Destination.parse(text)


def dialled(stage: Stage) -> list[str]:
    """Return whom the journal says was rung, in order."""
    return [line.target for line in stage.journal.of(LegDialled)]


def way(stage: Stage) -> list[str]:
    """Return the destinations that the journal names."""
    return [step.detail for step in stage.journal.of(Step) if step.name == "to"]


def test_a_number_may_lead_to_a_group() -> None:
    """Its targets ring, not the bound numbers."""
    sales = TargetGroup("sales", (BoundNumber(number=TARGETS[1]),))
    stage = acme(sales, plan=a_plan(TARGETS[0], entry=to("group:sales")))
    caller = stage.call()
    stage.leg("b1").peer_answers(sdp())
    caller.peer_hangs_up()
    assert dialled(stage) == [TARGETS[1]]
    assert way(stage) == ["group:sales"]
    assert stage.end().outcome == Outcome.ANSWERED


def test_a_call_that_nobody_answered_goes_on_to_where_the_plan_says() -> None:
    """Bound numbers busy: the group of the night, whose phones ring in their turn."""
    night = TargetGroup("night", (BoundNumber(number=TARGETS[2]),))
    stage = acme(night, plan=a_plan(TARGETS[0], otherwise=to("group:night")))
    stage.call()
    stage.leg("b1").peer_refuses(486, "Busy Here")
    stage.leg("b2").peer_refuses(486, "Busy Here")
    assert dialled(stage) == [TARGETS[0], TARGETS[2]]
    ended = stage.end()
    assert (ended.outcome, ended.by) == (Outcome.BUSY, HungUpBy.BOX)


def test_another_number_of_the_tenant_serves_with_its_own_rules() -> None:
    """``number:400...``: its bound numbers ring as if it had been dialled."""
    other = NumberPlan(number=OTHER, bound=(BoundNumber(number=TARGETS[2]),))
    stage = acme(plan=a_plan(TARGETS[0], entry=to(f"number:{OTHER}")), more=(other,))
    stage.call()
    stage.leg("b1").peer_refuses(486, "Busy Here")
    assert dialled(stage) == [TARGETS[2]]
    assert stage.end().outcome == Outcome.BUSY


def test_a_frozen_number_is_not_reached_by_another_one_either() -> None:
    """The call ends as if it had been dialled itself."""
    plan = a_plan(TARGETS[0], entry=to(f"number:{OTHER}"))
    other = NumberPlan(number=OTHER, bound=(BoundNumber(number=TARGETS[2]),))
    halted = {OTHER: Outcome.NUMBER_FROZEN}
    stage = Stage(plan, tenant=TenantSnapshot(id="acme", name="Acme", numbers=(plan, other), halted=halted))
    stage.call()
    assert dialled(stage) == []
    assert stage.end().outcome == Outcome.NUMBER_FROZEN


def test_the_number_of_another_tenant_is_out_of_reach() -> None:
    """Even if it were configured."""
    stage = acme(plan=a_plan(entry=to("number:4009999999")))
    stage.call()
    assert dialled(stage) == []
    assert stage.end().outcome == Outcome.NUMBER_UNKNOWN


def test_an_announcement_is_heard_to_its_end_and_ends_the_call() -> None:
    """In early media, so that it is not charged."""
    stage = acme(plan=a_plan(entry=to(f"announcement:{CLOSED}")))
    stage.call()
    assert Asked("play", ((CLOSED,), False)) in stage.endpoint("a").asked
    stage.clock.advance(60)
    ended = stage.end()
    assert (ended.outcome, ended.sip_status) == (Outcome.ANNOUNCED, 480)


def test_a_plan_may_hang_up() -> None:
    """The caller is declined."""
    stage = acme(plan=a_plan(entry=to("hang-up")))
    stage.call()
    ended = stage.end()
    assert (ended.outcome, ended.sip_status) == (Outcome.REJECTED, 603)


def test_destinations_in_a_circle_end() -> None:
    """Two empty groups that name each other do not keep a call for ever."""
    groups = (TargetGroup("a", otherwise=to("group:b")), TargetGroup("b", otherwise=to("group:a")))
    stage = Stage(
        a_plan(entry=to("group:a")),
        tenant=TenantSnapshot(id="acme", name="Acme", numbers=(a_plan(entry=to("group:a")),), groups=groups),
        box=BoxSnapshot(trunks=(TrunkSnapshot(name="carrier-a"),)),
    )
    stage.call()
    assert stage.end().outcome == Outcome.ROUTED_IN_CIRCLES
