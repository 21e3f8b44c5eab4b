"""What a class of numbers costs: minimum monthly spend, term, fees; and what was agreed for one number."""

from __future__ import annotations

import calendar
from datetime import date
from typing import Final

import msgspec

from domain.money.amounts import LI_OF_YUAN
from domain.money.fees import Agreement, SpendStep

MOST_YEARS: Final = 30


class ClassTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The terms of a vanity class. Amounts are 厘."""

    minimum_li: int | None = None
    """最低消费 a month; None: the operator has not set one, so the class is not offered."""
    years: int = 0
    """承诺在网; 0: no term."""
    fee_li: int = 0
    """选号费, once."""
    deposit_li: int = 0
    """预存话费, before activation."""
    step_month: int = 0
    """From this natural month after activation on (that of activation is month 0) ... 0: no step."""
    step_minimum_li: int = 0
    """... this is the minimum ..."""
    step_patterns: tuple[str, ...] = ()
    """... of numbers that fit one of these patterns; empty: of all."""
    fee_instead_li: int | None = None
    """选号费 that a customer may pay instead of a minimum and a term; None: he may not."""


def _yuan(amount: int) -> int:
    return amount * LI_OF_YUAN


_B: Final = ClassTerms(
    minimum_li=_yuan(30_000), years=2, step_month=7, step_minimum_li=_yuan(20_000),
    step_patterns=("400695****", "4006*95***"),
)  # fmt: skip
SHIPPED_TERMS: Final[dict[str, ClassTerms]] = {
    "special": ClassTerms(),
    "A": ClassTerms(minimum_li=_yuan(50_000), years=3),
    "B": _B,
    "C": ClassTerms(),
    "D": ClassTerms(minimum_li=_yuan(3_000), years=1),
    "E": _B,
}
"""features.md 1. Of special numbers and class C it names none: the operator sets one before offering them."""


class Contract(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What was agreed for one number; later changes of its class do not touch it. Amounts are 厘."""

    begins: str
    """Day of activation, ``YYYY-MM-DD`` in Beijing."""
    ends: str = ""
    """Last day of the term; empty: no term."""
    minimum_li: int = 0
    step_month: int = 0
    step_minimum_li: int = 0
    fee_li: int = 0
    deposit_li: int = 0

    def agreement(self, number: str) -> Agreement:
        """Return what the ledger charges by."""
        steps = (SpendStep(self.step_month, self.step_minimum_li),) if self.step_month else ()
        return Agreement(number, self.begins, picking_li=self.fee_li, minimum_li=self.minimum_li, steps=steps)


class Offer(msgspec.Struct, frozen=True):
    """What one number is offered for: the terms of its class, and what was set for it by hand. 厘."""

    minimum_li: int | None
    """None: it is not offered."""
    years: int
    fee_li: int
    deposit_li: int
    step_month: int = 0
    step_minimum_li: int = 0
    fee_instead_li: int | None = None

    def agreed(self, begins: date, *, fee_instead: bool = False) -> Contract:
        """Return the contract that begins on a day; raises ValueError for what is not offered so."""
        if fee_instead:
            if self.fee_instead_li is None:
                raise ValueError("no fee instead of the minimum")
            return Contract(begins.isoformat(), fee_li=self.fee_instead_li, deposit_li=self.deposit_li)
        if self.minimum_li is None:
            raise ValueError("no minimum set")
        return Contract(
            begins.isoformat(), ends_of(begins, self.years), self.minimum_li, self.step_month,
            self.step_minimum_li, self.fee_li, self.deposit_li,
        )  # fmt: skip


def ends_of(begins: date, years: int) -> str:
    """Return the last day of a term: the day before its anniversary; "" without a term."""
    if not years:
        return ""
    year = begins.year + years
    last = min(begins.day, calendar.monthrange(year, begins.month)[1])
    anniversary = date(year, begins.month, last)
    if last < begins.day:  # 29 February: the term ends on the 28th
        return anniversary.isoformat()
    return date.fromordinal(anniversary.toordinal() - 1).isoformat()
