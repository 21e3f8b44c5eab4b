"""What a call costs (features.md 8)."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calling.caller import canonical_caller
from domain.days.calendar import BEIJING, Calendar, LocalMoment
from domain.days.schedule import Band, DayName, Schedule
from domain.money.tariff import (
    MOST_SECONDS,
    CallKind,
    ChargeLine,
    Edition,
    Price,
    Tariff,
    kind_of_call,
    rate,
)
from domain.places.place import Place

NOON = Calendar().at(datetime(2026, 11, 23, 12, tzinfo=BEIJING))
NIGHT = Calendar().at(datetime(2026, 11, 23, 23, 30, tzinfo=BEIJING))
SIX_SECONDS = Price((CallKind.LONG_DISTANCE,), first_seconds=6, first_li=60, step_seconds=6, step_li=60)
MINUTE = Price((CallKind.LOCAL,), first_li=100, step_li=100)
FLAT = Price(first_li=300, step_li=300)
TRADE = Edition((SIX_SECONDS, MINUTE, FLAT))


@pytest.mark.parametrize(
    ("kind", "seconds", "li"),
    [
        (CallKind.LONG_DISTANCE, 0, 0),
        (CallKind.LONG_DISTANCE, 0.001, 60),
        (CallKind.LONG_DISTANCE, 6, 60),
        (CallKind.LONG_DISTANCE, 6.001, 120),
        (CallKind.LONG_DISTANCE, 60, 600),
        (CallKind.LONG_DISTANCE, 61, 660),
        (CallKind.LOCAL, 1, 100),
        (CallKind.LOCAL, 60, 100),
        (CallKind.LOCAL, 60.5, 200),
        (CallKind.LOCAL, 3599, 6000),
        (CallKind.MOBILE, 59, 300),
        (CallKind.MOBILE, 61, 600),
        (CallKind.OTHER, 180, 900),
    ],
)
def test_the_prices_quoted_in_the_trade(kind: CallKind, seconds: float, li: int) -> None:
    """0.06 yuan for 6 s long-distance, 0.10 a minute local, 0.30 a minute flat."""
    assert rate(TRADE, kind, NOON, round(seconds * 1000)).li == li


def test_a_monthly_flat_rate_charges_no_call() -> None:
    """包月: the fee of the month is all there is, however long the calls are."""
    flat = Edition((Price(),), monthly_li=300_000)
    assert [rate(flat, kind, NOON, 7_200_000).li for kind in CallKind] == [0] * len(CallKind)


def test_a_charge_is_explained_line_by_line() -> None:
    """First block 3 minutes for 0.22, then 0.11 a minute: 5 minutes and a second cost 0.55."""
    tariff = Edition((Price(first_seconds=180, first_li=220, step_li=110),))
    charge = rate(tariff, CallKind.LOCAL, NOON, 301_000)
    assert charge.lines == (ChargeLine("first", 1, 180, 220), ChargeLine("step", 3, 180, 330))
    assert (charge.li, charge.seconds) == (550, 301)


def test_the_price_is_that_of_the_moment_of_the_answer() -> None:
    """Half price from 23:00 to 07:00; the first price that fits holds."""
    night = Schedule((Band(tuple(DayName)[:7], 23 * 60, 7 * 60),))
    tariff = Edition((Price(hours=night, first_li=50, step_li=50), Price(first_li=100, step_li=100)))
    assert rate(tariff, CallKind.LOCAL, NIGHT, 60_000).li == 50
    assert rate(tariff, CallKind.LOCAL, NOON, 60_000).li == 100


def test_included_minutes_are_used_before_anything_is_charged() -> None:
    """100 seconds left: one block of a minute is free, the other two are not."""
    charge = rate(TRADE, CallKind.LOCAL, NOON, 150_000, included_left=100)
    assert (charge.li, charge.included_seconds) == (200, 60)
    assert rate(TRADE, CallKind.LOCAL, NOON, 150_000, included_left=180).li == 0
    assert rate(TRADE, CallKind.LOCAL, NOON, 150_000, included_left=59).included_seconds == 0


def test_a_minimum_is_due_for_what_is_charged_at_all() -> None:
    """A call of one second costs the least charge, a call that is all included nothing."""
    tariff = Edition((Price(first_li=10, step_li=10, minimum_li=100),))
    assert rate(tariff, CallKind.LOCAL, NOON, 1000).lines[-1] == ChargeLine("minimum", 0, 0, 90)
    assert rate(tariff, CallKind.LOCAL, NOON, 1000, included_left=60).li == 0


def test_a_call_that_no_price_fits_is_told() -> None:
    """Free of charge, and the record can say why."""
    charge = rate(Edition((MINUTE,)), CallKind.MOBILE, NOON, 60_000)
    assert (charge.li, charge.price) == (0, None)


@pytest.mark.parametrize("duration", [-1, (MOST_SECONDS + 1) * 1000])
def test_an_impossible_duration_is_a_fault(duration: int) -> None:
    """Never a negative charge, never one of a year."""
    with pytest.raises(ValueError, match="no duration"):
        rate(TRADE, CallKind.LOCAL, NOON, duration)


@pytest.mark.parametrize(
    ("number", "area", "kind"),
    [
        ("01061234567", "010", CallKind.LOCAL),
        ("061234567", "010", CallKind.OTHER),
        ("61234567", "010", CallKind.LOCAL),
        ("02161234567", "021", CallKind.LONG_DISTANCE),
        ("13900001111", "010", CallKind.LOCAL),
        ("13900001111", "0755", CallKind.MOBILE),
        ("13900001111", "", CallKind.MOBILE),
        ("0044201234567", "", CallKind.INTERNATIONAL),
        ("95588", "010", CallKind.OTHER),
        ("anonymous", "010", CallKind.OTHER),
        ("0085223456789", "00852", CallKind.INTERNATIONAL),
    ],
)
def test_kinds_of_calls_to_a_tenant_in_beijing(number: str, area: str, kind: CallKind) -> None:
    """``area`` is where the caller is from, as far as it is known."""
    assert kind_of_call(canonical_caller(number), Place(area_code=area), "010") is kind


def test_the_edition_in_force_is_the_last_that_has_begun() -> None:
    """A tariff that begins in December is not charged in November."""
    old, new = Edition((FLAT,)), Edition((MINUTE,), valid_from="2026-12-01")
    tariff = Tariff("standard", (new, old))
    assert tariff.on("2026-11-30") is old
    assert tariff.on("2026-12-01") is new
    assert Tariff("standard", (new,)).on("2026-11-30") is None


prices = st.builds(
    Price,
    first_seconds=st.integers(1, 400),
    first_li=st.integers(0, 1000),
    step_seconds=st.integers(1, 400),
    step_li=st.integers(0, 1000),
    minimum_li=st.integers(0, 2000),
)
moments: st.SearchStrategy[LocalMoment] = st.sampled_from((NOON, NIGHT))


@given(prices, moments, st.integers(0, 10**7), st.integers(0, 10**6), st.integers(0, 2000))
def test_longer_never_costs_less_and_the_sum_is_that_of_the_lines(
    price: Price, when: LocalMoment, duration: int, more: int, left: int
) -> None:
    """Never negative, monotone, the sum of its parts, and no more included than was left."""
    tariff = Edition((price,))
    charge = rate(tariff, CallKind.LOCAL, when, duration, left)
    longer = rate(tariff, CallKind.LOCAL, when, duration + more, left)
    assert 0 <= charge.li <= longer.li
    assert charge.li == sum(line.li for line in charge.lines)
    assert charge.included_seconds <= left
    covered = sum(line.seconds for line in charge.lines)
    assert covered >= charge.seconds
