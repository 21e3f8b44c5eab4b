"""Nobody is rung without end: so many legs of a tenant a second, so many to one number a minute."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from b2bua.calls.authorise import Payer, TooOften, authorise
from b2bua.calls.rates import SWEEP_AT, DialRates, Limit
from domain.outcomes import Outcome
from domain.snapshot import (
    BoundNumber,
    BoxSnapshot,
    ExtensionSnapshot,
    NumberPlan,
    RingStrategy,
    TargetKind,
    TenantSnapshot,
    TrunkSnapshot,
)
from storage.journal.events import LegDialled, Step
from tests.twins.stage import NUMBER, TARGETS, Stage, a_plan, sdp

TWENTY = tuple(f"139000011{number:02}" for number in range(20))


def refused_of(rates: DialRates, legs: int, at: float, number: str = "1", **limits: object) -> int:
    """Ring so many legs at a moment and count what is refused."""
    given = {"per_second": None, "per_minute": None, **limits}
    asked = [rates.take("acme", given["per_second"], number, given["per_minute"], at) for _ in range(legs)]  # type: ignore[arg-type]
    return sum(limit is not None for limit in asked)


def test_a_tenants_legs_gather_for_four_seconds() -> None:
    """A hundred a second: 400 at once, then a hundred more each second."""
    rates = DialRates()
    assert refused_of(rates, 400, 10.0, per_second=100.0) == 0
    assert refused_of(rates, 1, 10.0, per_second=100.0) == 1
    assert refused_of(rates, 101, 11.0, per_second=100.0) == 1
    assert rates.refused == {Limit.TENANT: 2}


def test_even_a_slow_tenant_may_ring_twenty_numbers_twice_at_once() -> None:
    """The least burst."""
    rates = DialRates()
    assert refused_of(rates, 41, 0.0, per_second=0.1) == 1


def test_one_tenants_haste_is_not_anothers() -> None:
    """Each has a bucket of his own."""
    rates = DialRates()
    refused_of(rates, 50, 0.0, per_second=1.0)
    assert rates.take("rival", 1.0, "1", None, 0.0) is None


def test_a_new_limit_holds_at_once() -> None:
    """The operator raised it."""
    rates = DialRates()
    refused_of(rates, 41, 0.0, per_second=1.0)
    assert refused_of(rates, 1, 0.0, per_second=1.0) == 1
    assert refused_of(rates, 1, 0.0, per_second=20.0) == 0
    assert refused_of(rates, 100, 0.0) == 0


def test_one_number_is_rung_so_often_within_any_minute() -> None:
    """By all tenants together; what is older counts less and less, then no more."""
    rates = DialRates()
    assert refused_of(rates, 31, 100.0, per_minute=30) == 1
    assert rates.take("rival", None, "1", 30, 130.0) is Limit.NUMBER
    assert rates.take("rival", None, "2", 30, 130.0) is None
    assert refused_of(rates, 30, 190.0, per_minute=30) == 15
    assert refused_of(rates, 31, 400.0, per_minute=30) == 1


def test_a_leg_that_its_number_refuses_costs_the_tenant_nothing() -> None:
    """His token is given back."""
    rates = DialRates()
    assert refused_of(rates, 1000, 0.0, per_second=1.0, per_minute=1) == 999
    assert refused_of(rates, 39, 0.0, number="2", per_second=1.0) == 0


def test_numbers_that_are_not_rung_any_more_are_forgotten() -> None:
    """The table does not grow for ever."""
    rates = DialRates()
    for number in range(SWEEP_AT):
        rates.take("acme", None, str(number), 10, 0.0)
    rates.take("acme", None, "new", 10, 200.0)
    assert len(rates._numbers) == 1


def limited(**box: object) -> Stage:
    """Set up a box with these limits."""
    snapshot = BoxSnapshot(
        trunks=(TrunkSnapshot(name="carrier-a"),),
        extensions=(ExtensionSnapshot(name="8001", tenant="acme", secret="s"),),
        **box,  # type: ignore[arg-type]
    )
    plan = NumberPlan(
        number=NUMBER,
        bound=(BoundNumber(number=TARGETS[0]), BoundNumber(number="8001", kind=TargetKind.EXTENSION)),
    )
    return Stage(plan, box=snapshot)


def test_every_leave_counts_whoever_asks() -> None:
    """A queue or a transfer would ask the same way; the refusal says which limit and whose."""
    told: list[tuple[Limit, str]] = []
    stage = limited(number_rings_per_minute=2)
    ports = replace(stage.switchboard.ports, rates=DialRates(lambda *what: told.append(what)))
    payer = Payer(tenant="acme", number=NUMBER)
    for target in (TARGETS[0], "8001"):
        for _ in range(2):
            authorise(ports, target, payer)
        with pytest.raises(TooOften):
            authorise(ports, target, payer)
    assert told == [(Limit.NUMBER, TARGETS[0]), (Limit.NUMBER, "acme/8001")]


def test_a_tenant_may_have_a_limit_of_his_own() -> None:
    """Instead of the box's."""
    stage = limited(tenant_rings_per_second=1000.0)
    stage.directory.tenants = [msgspec.structs.replace(stage.tenant, rings_per_second=1.0)]
    payer = Payer(tenant="acme", number=NUMBER)
    for _ in range(40):
        authorise(stage.switchboard.ports, TARGETS[0], payer)
    with pytest.raises(TooOften):
        authorise(stage.switchboard.ports, TARGETS[0], payer)


def test_ringing_twenty_bound_numbers_at_once_is_never_too_often() -> None:
    """With the limits a box has by default, and several callers at once."""
    stage = Stage(a_plan(*TWENTY, strategy=RingStrategy.SIMULTANEOUS))
    callers = [stage.call() for _ in range(5)]
    assert len(stage.dialler.dialled) == 100
    for caller in callers:
        caller.peer_cancels()
    assert "rung-too-often" not in stage.steps()


def test_a_call_that_finds_its_number_rung_too_often_goes_on_to_the_next() -> None:
    """And says so in its steps."""
    stage = limited(number_rings_per_minute=1)
    authorise(stage.switchboard.ports, TARGETS[0], Payer(tenant="acme", number=NUMBER))
    stage.call()
    first = stage.journal.of(Step)[0]
    assert (first.name, first.detail) == ("rung-too-often", f"number {TARGETS[0]}")
    (dialled,) = stage.journal.of(LegDialled)
    assert dialled.target == "8001"
    stage.leg("b1").peer_answers(sdp())
    stage.leg("b1").peer_hangs_up()
    assert stage.end().outcome == Outcome.ANSWERED


def test_a_call_that_may_ring_nobody_ends_with_that_reason() -> None:
    """486 for the caller, its own outcome in the record."""
    stage = limited(number_rings_per_minute=1)
    payer = Payer(tenant="acme", number=NUMBER)
    for target in (TARGETS[0], "8001"):
        authorise(stage.switchboard.ports, target, payer)
    assert stage.call().final == (486, "Busy Here")
    assert stage.end().outcome == Outcome.RUNG_TOO_OFTEN
    assert stage.dialler.dialled == []


def test_numbers_of_a_hunt_count_when_they_are_rung() -> None:
    """Those that never come to ring, because the first one answers, do not."""
    stage = Stage(a_plan(*TARGETS))
    stage.call()
    stage.leg("b1").peer_answers(sdp())
    assert len(stage.switchboard.ports.rates._numbers) == 1
    stage.leg("b1").peer_hangs_up()
    assert stage.end().outcome == Outcome.ANSWERED


def test_a_tenant_without_limits() -> None:
    """null in the box's settings."""
    stage = limited(tenant_rings_per_second=None, number_rings_per_minute=None)
    for _ in range(2000):
        authorise(stage.switchboard.ports, TARGETS[0], Payer(tenant="acme", number=NUMBER))
    assert TenantSnapshot(id="x", name="x").rings_per_second is None
