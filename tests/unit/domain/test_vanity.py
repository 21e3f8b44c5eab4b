"""Vanity classes of 400 numbers (features.md 1)."""

from __future__ import annotations

import pytest

from domain.numbers.vanity import PatternError, VanityRule, VanityTable

TABLE = VanityTable()


@pytest.mark.parametrize(
    ("number", "vanity_class"),
    [
        ("4008123456", "B"),
        ("4006128866", "special"),
        ("4006210066", "special"),
        ("4001003721", "D"),
        ("4000001006", "D"),
        ("4006012666", "special"),
        ("4006011112", "A"),
        ("4006123321", "B"),
        ("4006130890", "D"),
        ("4006130789", "B"),
        ("4006130166", "B"),
        ("4006130155", "C"),
        ("400613015", ""),
        ("5006130155", ""),
    ],
)
def test_a_number_has_the_class_of_the_first_rule_that_fits(number: str, vanity_class: str) -> None:
    """The trade's samples, runs without a step from 9 to 0, and what is no 400 number."""
    assert TABLE.classify(number) == vanity_class


def test_the_table_is_data() -> None:
    """An operator who puts another rule first gets another class."""
    table = VanityTable((VanityRule("lucky", ("400K****8*",)), *TABLE.rules))
    assert table.classify("4006128886") == "lucky"
    assert table.classify("4006128866") == "special"
    assert VanityTable(()).classify("4006128866") == ""


@pytest.mark.parametrize("pattern", ["", "400K", "300K******", "400K*****?", "400K*******", "400k******"])
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    """It has ten places: 400, the carrier's digit, six digits, stars or capital letters."""
    with pytest.raises(PatternError):
        VanityTable((VanityRule("x", (pattern,)),))
