"""Percentages are exact over a hundred calls, whatever they are."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from domain.routing.turns import sequence


@st.composite
def splits(draw: st.DrawFn) -> tuple[int, ...]:
    """Make whole percentages that sum to 100."""
    cuts = sorted(draw(st.sets(st.integers(1, 99), max_size=20)))
    return tuple(high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True))


@given(splits(), st.integers(0, 10_000))
def test_any_hundred_calls_in_a_row_are_shared_out_exactly(percents: tuple[int, ...], begin: int) -> None:
    """Wherever one begins to count."""
    turns = sequence(percents)
    seen = Counter(turns[(begin + call) % len(turns)] for call in range(100))
    assert [seen[index] for index in range(len(percents))] == list(percents)


@given(splits())
def test_after_any_number_of_calls_nobody_is_far_from_his_share(percents: tuple[int, ...]) -> None:
    """No run of calls goes to one place: the difference to the exact share stays small."""
    seen = Counter[int]()
    for call, turn in enumerate(sequence(percents), 1):
        seen[turn] += 1
        assert all(abs(seen[index] - percent * call / 100) < 3 for index, percent in enumerate(percents))


def test_nothing_to_share() -> None:
    """All weights 0."""
    assert sequence((0, 0)) == ()
    assert sequence(()) == ()
