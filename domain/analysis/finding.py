"""A finding: what calls tell, with the figures behind it and what to do about it. Pure.

The words stand in ``domain/data/findings.toml``, in Chinese and English.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from domain.analysis.dimensions import hour_words, weekday_words
from domain.analysis.report import Slot

WORDS: Final = Path(__file__).parents[1] / "data" / "findings.toml"
Fact = str | int | float | Slot | tuple[str, str]
"""What a text names; a pair is Chinese and English."""


class Weight(StrEnum):
    """How much it matters."""

    BAD = "bad"
    WARN = "warn"
    GOOD = "good"


class Finding(NamedTuple):
    """One finding."""

    kind: str
    weight: Weight
    facts: Mapping[str, Fact]
    asked: Mapping[str, str] = {}
    """The calls behind it, as the list of calls is asked for them."""
    result: str = ""
    """Likewise; empty: no calls stand behind it."""

    def text(self, language: str) -> str:
        """Return what was found, ``zh`` or ``en``."""
        return self._said(language, "")

    def advice(self, language: str) -> str:
        """Return what to do, or nothing."""
        return self._said(language, "advice_")

    def whole(self, language: str) -> str:
        """Return both."""
        return f"{self.text(language)} {self.advice(language)}".strip()

    def _said(self, language: str, part: str) -> str:
        words = finding_words()[self.kind].get(part + language, "")
        return words.format(**{name: _fact(value, language) for name, value in self.facts.items()})


def _fact(value: Fact, language: str) -> str:
    match value:
        case Slot():
            return slot_words(value, language)
        case (zh, en):
            return str(zh if language == "zh" else en)
        case float():
            return f"{value:.1f}"
        case _:
            return str(value)


@cache
def finding_words() -> dict[str, dict[str, str]]:
    """Return what findings say, by kind."""
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


def slot_words(slot: Slot, language: str) -> str:
    """Return an hour of the week: ``周一 9-10 点``."""
    return f"{weekday_words(slot.weekday, language)} {hour_words(slot.hour, language)}"


def slot_asked(slot: Slot) -> dict[str, str]:
    """Return how the list of calls is asked for the calls of an hour of the week."""
    return {"weekday": str(slot.weekday + 1), "hour": str(slot.hour)}


def percent(share: float) -> str:
    """Return a share as people write it: ``35 %``."""
    return f"{share * 100:.0f} %"
