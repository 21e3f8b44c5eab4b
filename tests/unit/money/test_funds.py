"""Limits on calls in progress: no 厘 is spent twice, and none beyond what there is."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.money.funds import Funds, Spent, Standing, Standings, Terms
from domain.money.tariff import ChargedFrom, Edition, Price, Tariff
from domain.outcomes import HungUpBy, Outcome
from domain.snapshot import TenantSnapshot
from tests.twins.legs import MemoryInboundLeg
from tests.twins.stage import Stage, a_plan, sdp

SIX = Price(first_seconds=6, first_li=60, step_seconds=6, step_li=60)
PREPAID = Terms(tariff=Tariff("t", (Edition((SIX,)),)), credit_li=0)


def stage(balance: int, terms: Terms = PREPAID, **standing: object) -> Stage:
    """Return a box whose one tenant has so much."""
    plan = a_plan()
    box = Stage(plan, tenant=TenantSnapshot(id="acme", name="Acme", numbers=(plan,), terms=terms))
    tell(box, balance, **standing)
    return box


def tell(box: Stage, balance: int, place: tuple[int, int] = (0, 0), **standing: object) -> None:
    """Let the ledger say how the account stands."""
    held = msgspec.convert({"balance_li": balance, **standing}, Standing)
    box.switchboard.ports.funds.take(Standings(place, {"acme": held}))


def pass_time(box: Stage, seconds: float) -> None:
    """Let time pass in small steps, so that nothing is late."""
    until = box.clock.mono() + seconds
    while box.clock.mono() < until - 1e-9:
        box.clock.advance(min(0.1, until - box.clock.mono()))


def talk(box: Stage) -> MemoryInboundLeg:
    """Let a caller come and be answered at once."""
    before = len(box.dialler.legs)
    caller = box.call()
    if len(box.dialler.legs) > before:
        box.dialler.legs[-1].peer_answers(sdp())
    return caller


def test_a_prepaid_call_ends_before_its_balance_does() -> None:
    """0.60 yuan buy ten blocks of 6 s: a warning half a minute before, then the end, not a second later."""
    box = stage(600)
    talk(box)
    box.clock.advance(29.0)
    assert "tone" not in [asked.verb for asked in box.endpoint("a").asked]
    box.clock.advance(2.0)
    assert "tone" in [asked.verb for asked in box.endpoint("a").asked]
    box.clock.advance(27.0)
    assert box.switchboard.calls
    pass_time(box, 1.7)
    ended = box.end()
    assert (ended.outcome, ended.by) == (Outcome.NO_BALANCE, HungUpBy.BOX)
    assert ended.mono == pytest.approx(59.6, abs=0.11)


def test_a_call_goes_on_while_there_is_money() -> None:
    """Slice by slice; what it used is kept until the ledger has charged it, what it did not use is free."""
    box = stage(100_000)
    caller = talk(box)
    box.clock.advance(1000)
    funds = box.switchboard.ports.funds
    caller.peer_hangs_up()
    used = -(-1000 // 6) * 60
    assert funds.spendable("acme", PREPAID, "197001") == (100_000 - used, False)
    tell(box, 100_000 - used, place=(1, 10**6))
    assert funds.spendable("acme", PREPAID, "197001") == (100_000 - used, False)


def test_without_balance_nobody_is_connected() -> None:
    """Not even rung; the caller hears why, the record says it."""
    box = stage(59)
    talk(box)
    box.clock.advance(60)
    assert not box.dialler.legs
    assert box.end().outcome == Outcome.NO_BALANCE


def test_two_calls_share_what_there_is() -> None:
    """Each keeps a slice; the third finds nothing left and is turned away."""
    box = stage(600 + 60)
    talk(box)
    talk(box)
    talk(box)
    assert len(box.dialler.legs) == 2
    box.clock.advance(120)
    assert not box.switchboard.calls


def test_credit_may_be_used_and_no_more() -> None:
    """-0.60 yuan is the end of a credit of 0.60."""
    box = stage(0, msgspec.structs.replace(PREPAID, credit_li=600))
    talk(box)
    box.clock.advance(60)
    assert box.end().outcome == Outcome.NO_BALANCE


def test_a_cap_on_cost_counts_this_month_only() -> None:
    """费用控制: last month's calls do not count."""
    capped = Terms(tariff=PREPAID.tariff, monthly_cap_li=600)
    box = stage(0, capped, month="197001", month_li=599)
    talk(box)
    box.clock.advance(60)
    assert box.end().outcome == Outcome.CAPPED
    box = stage(0, capped, month="196912", month_li=599)
    talk(box)
    assert box.switchboard.calls
    box.clock.advance(60)
    assert box.end().outcome == Outcome.CAPPED


def test_a_cap_on_calls_counts_those_up_and_those_just_ended() -> None:
    """Two a month: the third is turned away before the ledger has even seen the first."""
    box = stage(0, Terms(monthly_cap_calls=2), month="197001", month_calls=0)
    talk(box).peer_hangs_up()
    talk(box)
    talk(box)
    box.clock.advance(60)
    assert len(box.dialler.legs) == 2


def test_a_tariff_may_charge_the_talk_alone() -> None:
    """Ringing uses nothing up."""
    talking = Tariff("t", (Edition((SIX,), charged_from=ChargedFrom.ANSWERER),))
    box = stage(60, Terms(tariff=talking, credit_li=0))
    box.call()
    box.clock.advance(20)
    box.leg("b1").peer_answers(sdp())
    pass_time(box, 5.5)
    assert box.switchboard.calls
    pass_time(box, 0.2)
    assert box.end().mono == pytest.approx(25.6, abs=0.11)


def test_included_time_is_used_before_money() -> None:
    """A minute is included: it lasts, though there is no balance."""
    included = Tariff("t", (Edition((SIX,), included_seconds=60),))
    box = stage(0, Terms(tariff=included, credit_li=0), month="197001")
    talk(box)
    box.clock.advance(59.0)
    assert box.switchboard.calls
    box.clock.advance(1.0)
    assert box.end().outcome == Outcome.NO_BALANCE


def test_who_has_no_limit_is_not_metered() -> None:
    """No timers, no reservations."""
    box = stage(0, Terms(tariff=PREPAID.tariff))
    caller = talk(box)
    box.clock.advance(10_000)
    caller.peer_hangs_up()
    assert box.end().outcome == Outcome.ANSWERED


calls = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 150)), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 5000), calls)
def test_no_course_of_calls_spends_more_than_there_is(balance: int, course: list[tuple[int, int]]) -> None:
    """Calls that overlap in any way are charged within the balance, to the 厘."""
    box = stage(balance)
    up: list[tuple[float, MemoryInboundLeg]] = []
    for pause, lasts in course:
        pass_time(box, pause)
        for until, leg in list(up):
            if until <= box.clock.mono():
                up.remove((until, leg))
                if not leg.ended.called:
                    leg.peer_hangs_up()
        up.append((box.clock.mono() + lasts, talk(box)))
    for _, leg in up:
        pass_time(box, 3)
        if not leg.ended.called:
            leg.peer_hangs_up()
    pass_time(box, 30)
    left, _ = box.switchboard.ports.funds.spendable("acme", PREPAID, "197001")
    assert left is not None
    assert 0 <= left <= balance


def test_a_call_that_the_ledger_has_passed_counts_once() -> None:
    """What it charged is in the balance; what ended later is still kept here."""
    funds = Funds()
    funds.settle("acme", "one", "202611", Spent(100), (1, 500))
    funds.settle("acme", "two", "202611", Spent(30), (1, 900))
    funds.take(Standings((1, 500), {"acme": Standing(balance_li=1000)}))
    assert funds.spendable("acme", PREPAID, "202611") == (970, False)
