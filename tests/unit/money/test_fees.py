"""Fees by agreement: numbers, packages, 低消补足 with steps, storage (features.md 1, 8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money.amounts import EntryKind
from domain.money.fees import Agreement, Due, SpendStep, fees_of_month, minimum_spend, months_of, storage_fee

B_NUMBER = Agreement(
    "4006951234", "2026-03-15", minimum_li=30_000_000, steps=(SpendStep(7, 20_000_000),), monthly_li=31_000
)


@pytest.mark.parametrize(
    ("month", "minimum"),
    [
        ("202602", 0),
        ("202603", 30_000_000 * 17 // 31),
        ("202604", 30_000_000),
        ("202609", 30_000_000),
        ("202610", 20_000_000),
        ("202712", 20_000_000),
    ],
)
def test_a_minimum_steps_down_from_the_seventh_month_after_activation(month: str, minimum: int) -> None:
    """Class B at 30,000 yuan, 20,000 from the 7th natural month; the month of activation by its days."""
    assert B_NUMBER.minimum_in(month) == minimum


def test_an_agreement_that_ends_is_due_for_its_days() -> None:
    """And for nothing afterwards."""
    ended = Agreement("4001003721", "2026-01-01", until="2026-11-10", monthly_li=30_000, minimum_li=3_000_000)
    assert (ended.monthly_in("202611"), ended.minimum_in("202611")) == (10_000, 1_000_000)
    assert (ended.monthly_in("202612"), ended.minimum_in("202612")) == (0, 0)


def test_what_is_due_when_a_month_begins() -> None:
    """Package, number by its days, 选号费 once; nothing that costs nothing."""
    number = Agreement("4001003721", "2026-11-16", picking_li=500_000, monthly_li=30_000)
    assert fees_of_month([number], 100_000, "202611") == [
        Due("monthly:202611", EntryKind.MONTHLY_FEE, 100_000, ""),
        Due("monthly:202611:4001003721", EntryKind.MONTHLY_FEE, 15_000, "4001003721"),
        Due("picking:4001003721:2026-11-16", EntryKind.NUMBER_FEE, 500_000, "4001003721"),
    ]
    assert [due.kind for due in fees_of_month([number], 0, "202612")] == [EntryKind.MONTHLY_FEE]
    assert fees_of_month([number], 0, "202610") == []


def test_a_top_up_is_what_each_number_lacks_less_what_belongs_to_none() -> None:
    """A number that spends more than its minimum does not help another; the package does, once."""
    first = Agreement("4001003721", "2026-01-01", minimum_li=3_000_000, monthly_li=100_000)
    second = Agreement("4001003722", "2026-01-01", minimum_li=1_000_000)
    calls = {"4001003721": 9_000_000, "4001003722": 400_000}
    assert minimum_spend([first, second], "202611", calls, 0) == (600_000, (("4001003722", 600_000),))
    assert minimum_spend([first, second], "202611", calls, 250_000)[0] == 350_000
    assert minimum_spend([first, second], "202611", calls, 700_000)[0] == 0
    assert minimum_spend([first], "202611", {}, 0)[0] == 2_900_000


def test_recordings_are_charged_by_the_gibibyte() -> None:
    """Rounded half up to the 厘."""
    assert storage_fee(2**30, 1000) == 1000
    assert storage_fee(2**29, 1) == 1
    assert storage_fee(2**29 - 1, 1) == 0
    assert months_of("20261130", "20270101") == ["202611", "202612", "202701"]


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_month_never_comes_to_less_than_its_minimum(
    minimum: int, calls: int, fee: int, shared: int
) -> None:
    """Calls, fee, shared fees and the top-up together; and no more is topped up than is lacking."""
    agreement = Agreement("4001003721", "2026-01-01", minimum_li=minimum, monthly_li=fee)
    due, _ = minimum_spend([agreement], "202611", {"4001003721": calls}, shared)
    assert 0 <= due <= minimum
    assert calls + fee + shared + due >= minimum
    if due:
        assert calls + fee + shared + due == minimum
