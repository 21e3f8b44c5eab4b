"""服务水平: how many callers reached somebody soon enough. Pure; which formula is meant is always said."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple


class Formula(StrEnum):
    """Which calls count; ``T`` is the target in seconds."""

    OFFERED = "offered"
    """Answered within T of all calls."""
    WITHOUT_EARLY = "without-early"
    """The same, callers who gave up within T left out."""
    ANSWERED = "answered"
    """Answered within T of the answered ones."""


class FormulaWords(NamedTuple):
    """A formula as it is printed."""

    en: str
    zh: str


WORDS: Final = {
    Formula.OFFERED: FormulaWords(
        "answered within {seconds} s / all calls", "{seconds} 秒内接听数 ÷ 来电总数"
    ),
    Formula.WITHOUT_EARLY: FormulaWords(
        "answered within {seconds} s / (all calls - given up within {seconds} s)",
        "{seconds} 秒内接听数 ÷（来电总数 − {seconds} 秒内放弃数）",
    ),
    Formula.ANSWERED: FormulaWords(
        "answered within {seconds} s / answered calls", "{seconds} 秒内接听数 ÷ 接听总数"
    ),
}


class Waited(NamedTuple):
    """How long a caller waited for somebody, and whether somebody came."""

    seconds: float
    answered: bool


class ServiceLevel(NamedTuple):
    """Counts behind a service level, so that it can be checked."""

    soon: int
    """Answered within the target."""
    counted: int
    """Calls that the formula divides by."""

    @property
    def share(self) -> float | None:
        """0 to 1; None: no call counts."""
        return self.soon / self.counted if self.counted else None


def service_level(waits: Iterable[Waited], seconds: float, formula: Formula) -> ServiceLevel:
    """Return the service level for a target in seconds."""
    soon = counted = 0
    for wait in waits:
        early = wait.seconds <= seconds
        soon += wait.answered and early
        if formula is Formula.OFFERED:
            counted += 1
        elif formula is Formula.ANSWERED:
            counted += wait.answered
        else:
            counted += wait.answered or not early
    return ServiceLevel(soon, counted)
