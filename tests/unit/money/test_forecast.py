"""How long a balance lasts: "about 12 days left"."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from domain.money.forecast import Runway, runway

MONDAY = date(2026, 11, 23)


def test_a_steady_use_is_a_division() -> None:
    """10 yuan a day: 125 yuan last 12 whole days."""
    assert runway(125_000, [10_000] * 28, MONDAY) == Runway(12, 10_000)


def test_weekdays_differ() -> None:
    """An office that calls Monday to Friday: 6 days' worth of money lasts over the weekend."""
    weeks = ([10_000] * 5 + [0, 0]) * 4
    assert runway(60_000, weeks, MONDAY).days == 8


def test_monthly_fees_are_part_of_it() -> None:
    """Due on the first: 8 days away."""
    assert runway(100_000, [0] * 28, MONDAY, monthly_li=200_000).days == 8


def test_the_next_month_may_cost_less() -> None:
    """A number opened in the middle of a month: the first minimum is its share, the second is whole."""
    assert runway(100_000, [], MONDAY, monthly_li=90_000, first_li=20_000).days == 8 + 31
    assert runway(100_000, [], MONDAY, monthly_li=0, first_li=100_001).days == 8


def test_nothing_left_nothing_used_nothing_known() -> None:
    """0 days; no end in sight; a tenant of today has no past."""
    assert runway(0, [10_000], MONDAY).days == 0
    assert runway(-5, [], MONDAY).days == 0
    assert runway(100_000, [0] * 28, MONDAY) == Runway(None, 0)
    assert runway(100_000, [], MONDAY) == Runway(None, 0)
    assert runway(10**9, [1], MONDAY).days is None


@given(
    st.integers(-1000, 10**7), st.integers(0, 10**6), st.lists(st.integers(0, 10**5), max_size=40),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 10**6),
)  # fmt: skip
def test_more_money_never_lasts_shorter(
    balance: int, more: int, used: list[int], today: date, monthly: int
) -> None:
    """Whatever the past was like."""

    def days(li: int) -> int:
        found = runway(li, used, today, monthly).days
        return 10**6 if found is None else found

    assert 0 <= days(balance) <= days(balance + more)
