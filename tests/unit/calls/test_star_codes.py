"""Star codes: which keys of an agent are one, and which go to the other side."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.calls.star_codes import LONGEST_TARGET, Code, StarCodes


def keyed(keys: str, *, consulting: bool = False, then_wait: bool = True) -> list[str]:
    """Return what keys lead to, in order: what is passed on, and codes."""
    codes = StarCodes()
    results = [codes.press(key, consulting=consulting) for key in keys]
    if then_wait:
        results.append(codes.time_out())
    told: list[str] = []
    for result in results:
        if result.pass_on:
            told.append(result.pass_on)
        if result.code is not None:
            told.append(f"{result.code} {result.target}".strip())
    return told


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("5", ["5"]),
        ("12#", ["1", "2", "#"]),
        ("*18002#", ["blind 8002"]),
        ("*18002", ["blind 8002"]),
        ("*2013800002222#", ["ask 013800002222"]),
        ("*4", ["hold"]),
        ("*4*4", ["hold", "hold"]),
        ("*", ["*"]),
        ("*1", ["*1"]),
        ("*1#", ["*1#"]),
        ("*9", ["*9"]),
        ("*0", ["*0"]),
        ("*3", ["*3"]),
        ("**4", ["*", "hold"]),
        ("*180*4", ["*180", "hold"]),
        ("*18A", ["*18A"]),
        ("7*4", ["7", "hold"]),
    ],
)
def test_during_a_talk(keys: str, told: list[str]) -> None:
    """``*1`` and ``*2`` take a target; it is complete with ``#`` or when no more keys come."""
    assert keyed(keys) == told


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("*2", ["complete"]),
        ("*0", ["return"]),
        ("*3", ["join"]),
        ("*18002#", ["blind 8002"]),
        ("*28", ["complete", "8"]),
    ],
)
def test_during_a_consultation(keys: str, told: list[str]) -> None:
    """``*2`` completes, ``*0`` returns, ``*3`` joins, at once."""
    assert keyed(keys, consulting=True, then_wait=False) == told


def test_a_target_of_any_length_is_none() -> None:
    """A caller's card number behind ``*1`` is no extension: it is passed on."""
    digits = "9" * (LONGEST_TARGET + 1)
    assert keyed(f"*1{digits}", then_wait=False) == [f"*1{digits}"]


@given(st.text("0123456789*#ABCD", max_size=40), st.booleans())
def test_no_key_is_lost_or_told_twice(keys: str, consulting: bool) -> None:
    """What is not part of a code reaches the other side, in order."""
    codes = StarCodes()
    found = ""
    for result in [*(codes.press(key, consulting=consulting) for key in keys), codes.time_out()]:
        found += result.pass_on
        if result.code is not None:
            found += f"({result.code.value}{result.target})"
    spelled = {
        Code.HOLD: "*4",
        Code.COMPLETE: "*2",
        Code.RETURN: "*0",
        Code.JOIN: "*3",
        Code.BLIND: "*1",
        Code.ASK: "*2",
    }
    again = found
    for code, stars in spelled.items():
        again = again.replace(f"({code.value}", stars)
    assert again.replace(")", "").replace("#", "") == keys.replace("#", "")
    assert not codes.is_waiting
