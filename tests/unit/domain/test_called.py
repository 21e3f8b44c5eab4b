"""Called numbers: prefixes, landing numbers, canonical 400 numbers."""

from __future__ import annotations

import pytest

from domain.calling.called import CalledRules, called_rules, read_called
from domain.snapshot import PrefixRule

LANDING = {"01061230000": "4001003721", "57188880001": "4001003722"}


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("4001003721", "4001003721"),
        ("+864001003721", "4001003721"),
        ("864001003721", "4001003721"),
        ("04001003721", "4001003721"),
        ("0086-400-100-3721", "4001003721"),
        ("", ""),
        ("alice", ""),
    ],
)
def test_the_400_number_is_found_in_every_spelling(raw, number):
    """Country code or zero in front make no difference."""
    assert read_called(raw, CalledRules()).number == number


@pytest.mark.parametrize("raw", ["01061230000", "+861061230000", "861061230000", "0086 10 6123 0000"])
def test_a_landing_number_stands_for_its_400_number(raw):
    """落地号: the carrier delivers to a landline, the call is for the 400 number."""
    assert read_called(raw, called_rules(landing_numbers=LANDING)).number == "4001003721"


def test_a_landing_number_may_be_written_as_the_trunk_writes_it():
    """The table's key matches what arrives, letter by letter, before any rule of ours."""
    assert read_called("57188880001", called_rules(landing_numbers=LANDING)).number == "4001003722"


def test_prefix_rules_come_first():
    """A routing prefix of the carrier goes before the table is asked."""
    rules = called_rules(prefixes=(PrefixRule("1789", ""),), landing_numbers=LANDING)
    assert read_called("178901061230000", rules).number == "4001003721"
    assert read_called("17894001003721", rules).number == "4001003721"


def test_an_unknown_number_keeps_its_canonical_form():
    """What no table knows is looked up as it is."""
    assert read_called("+8613900001111", called_rules(landing_numbers=LANDING)).number == "13900001111"
