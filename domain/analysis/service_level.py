"""服务水平: how many callers reached somebody soon enough. Pure; which formula is meant is always said.

Only calls that somebody should have answered count: the answered and the missed. Who was turned away by a
rule, or ended in a menu as it was built, waited for nobody.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from domain.analysis.cell import TARGETS, Cell


class Formula(StrEnum):
    """Which calls count; ``T`` is the target in seconds."""

    OFFERED = "offered"
    """Answered within T of all calls."""
    WITHOUT_EARLY = "without-early"
    """The same, callers who gave up within T left out."""
    ANSWERED = "answered"
    """Answered within T of the answered ones."""
    EARLY_GOOD = "early-good"
    """Answered or given up within T of all calls."""


class FormulaWords(NamedTuple):
    """A formula as it is printed."""

    en: str
    zh: str


WORDS: Final = {
    Formula.OFFERED: FormulaWords(
        "answered within {seconds} s / (answered + missed)", "{seconds} 秒内接听数 ÷（接听 + 未接）"
    ),
    Formula.WITHOUT_EARLY: FormulaWords(
        "answered within {seconds} s / (answered + missed - given up within {seconds} s)",
        "{seconds} 秒内接听数 ÷（接听 + 未接 − {seconds} 秒内放弃数）",
    ),
    Formula.ANSWERED: FormulaWords(
        "answered within {seconds} s / answered calls", "{seconds} 秒内接听数 ÷ 接听总数"
    ),
    Formula.EARLY_GOOD: FormulaWords(
        "(answered + given up within {seconds} s) / (answered + missed)",
        "（{seconds} 秒内接听数 + {seconds} 秒内放弃数）÷（接听 + 未接）",
    ),
}


class ServiceLevel(NamedTuple):
    """Counts behind a service level, so that it can be checked."""

    soon: int
    """Calls that are good by the formula."""
    counted: int
    """Calls that the formula divides by."""

    @property
    def share(self) -> float | None:
        """0 to 1; None: no call counts."""
        return self.soon / self.counted if self.counted else None


def service_level(cell: Cell, seconds: int, formula: Formula) -> ServiceLevel:
    """Return the service level of some calls for a target of :data:`TARGETS`; else raises ValueError."""
    upto = TARGETS.index(seconds) + 1
    soon, early = sum(cell.soon[:upto]), sum(cell.gone[:upto])
    match formula:
        case Formula.OFFERED:
            return ServiceLevel(soon, cell.offered)
        case Formula.WITHOUT_EARLY:
            return ServiceLevel(soon, cell.offered - early)
        case Formula.ANSWERED:
            return ServiceLevel(soon, cell.answered)
        case Formula.EARLY_GOOD:
            return ServiceLevel(soon + early, cell.offered)
