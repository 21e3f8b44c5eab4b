"""Why a trunk is down, in the reader's language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from domain.trouble_words import trunk_trouble

STACK = Path(__file__).parents[3] / "b2bua" / "stack"


@pytest.mark.parametrize(
    ("why", "zh"),
    [
        ("unreachable", "网络不可达"),
        ("no answer to OPTIONS", "OPTIONS 无应答"),
        ("answered 503", "应答 503"),
        ("OPTIONS answered 504", "OPTIONS 应答 504"),
        ("REGISTER refused: wrong password or realm", "注册被拒绝：密码或域有误"),
        ("REGISTER refused: 423", "注册被拒绝：423"),
        ("something else", "something else"),
    ],
)
def test_in_both_languages(why: str, zh: str) -> None:
    """Numbers stay; what is not known stays whole."""
    assert trunk_trouble(why) == zh
    assert trunk_trouble(why, "en") == why


def test_what_a_registration_notes_is_known() -> None:
    """Every reason written there has words."""
    reasons = re.findall(r'_failed\(f?"([^"]+)"', (STACK / "registration.py").read_text(encoding="utf-8"))
    assert len(reasons) >= 4
    for reason in reasons:
        assert trunk_trouble(reason) != reason, reason
