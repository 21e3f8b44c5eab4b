"""The reseller's tables of numbers: carriers by prefix, vanity rules, terms by class; all are editable."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from domain.numbers.lifecycle import NumberCard
from domain.numbers.terms import SHIPPED_TERMS, ClassTerms, Offer
from domain.numbers.vanity import DEFAULT_RULES, VanityRule, VanityTable

CARRIERS: Final[dict[str, str]] = {
    "4000": "中国联通",
    "4006": "中国联通",
    "4001": "中国移动",
    "4007": "中国移动",
    "4008": "中国电信",
    "4009": "中国电信",
}
"""Segments as they were given out; 4007 was 中国铁通 before it became 中国移动."""


class Doubt(NamedTuple):
    """What somebody has to look at before a number is offered."""

    en: str
    zh: str


E: Final = "E"
"""The class that no rule gives, only a hand."""


class Numbering(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the reseller sells numbers; part of the box's configuration."""

    number_carriers: dict[str, str] = {}
    """Leading digits -> carrier, over the shipped table; an empty name takes a shipped line away."""
    vanity_rules: tuple[VanityRule, ...] = ()
    """In order; empty: the shipped ones."""
    class_terms: dict[str, ClassTerms] = {}
    """Class -> its terms, instead of the shipped ones."""
    reservation_days: int = 7
    activation_days: int = 7
    """Working days within which an application is promised to be active."""
    renewal_days: tuple[int, ...] = (60, 30, 7)
    """Days before the end of a term, or of a document, on which a reminder goes out."""


class NumberBook:
    """The tables, ready to be asked. Immutable."""

    def __init__(self, numbering: Numbering | None = None) -> None:
        """Raise PatternError for a rule or a step whose pattern cannot be read."""
        self.numbering = numbering or Numbering()
        self.carriers = {**CARRIERS, **self.numbering.number_carriers}
        self.rules = self.numbering.vanity_rules or DEFAULT_RULES
        self.terms = {**SHIPPED_TERMS, **self.numbering.class_terms}
        self._table = VanityTable(self.rules)
        self._steps = {
            name: VanityTable((VanityRule("step", terms.step_patterns),))
            for name, terms in self.terms.items()
            if terms.step_patterns
        }

    @property
    def classes(self) -> tuple[str, ...]:
        """Every class there is, those of the rules first, in their order."""
        return tuple(dict.fromkeys((*(rule.vanity_class for rule in self.rules), *self.terms, E)))

    def classify(self, number: str) -> str:
        """Return the class that the rules give a number; "" when none fits."""
        return self._table.classify(number)

    def count(self, segment: str) -> dict[str, int]:
        """Count the classes of all numbers that begin with ``segment`` (4 to 9 digits)."""
        found = self._table.count(segment)
        return {name: found[name] for name in self.classes if found[name]} | (
            {"": found[""]} if found[""] else {}
        )

    def carrier(self, number: str) -> str:
        """Return the carrier by the longest prefix that fits; "" for none."""
        for length in range(len(number), 2, -1):
            found = self.carriers.get(number[:length])
            if found is not None:
                return found
        return ""

    def doubts(self, card: NumberCard) -> tuple[Doubt, ...]:
        """Return what is odd about a number: it may be mistyped, or a table lacks a line."""
        found, prefix = [], card.number[:4]
        if not self.carrier(card.number):
            found.append(
                Doubt(
                    f"No carrier has numbers that begin with {prefix}: look whether it is typed right; "
                    "if it is, enter the carrier of these digits in the settings.",
                    f"没有运营商启用 {prefix} 开头的号码：请核对号码是否输错；"
                    "确实无误的，请在系统设置中填写该号段的运营商。",
                )
            )
        if not card.effective_class:
            found.append(
                Doubt(
                    "No rule gives it a class, so it has no price: choose a class by hand, "
                    "or add a rule for such numbers.",
                    "没有分类规则适用于该号码，因此没有资费：请手工指定分类，或补充分类规则。",
                )
            )
        return tuple(found)

    def offer(self, card: NumberCard) -> Offer:
        """Return what a number is offered for."""
        name = card.effective_class
        terms = self.terms.get(name, ClassTerms())
        table = self._steps.get(name)
        steps = bool(terms.step_month) and (table is None or table.classify(card.number) != "")
        # A minimum of its own is meant for all its months.
        steps = steps and card.minimum_li is None
        return Offer(
            minimum_li=terms.minimum_li if card.minimum_li is None else card.minimum_li,
            years=terms.years,
            fee_li=terms.fee_li if card.fee_li is None else card.fee_li,
            deposit_li=terms.deposit_li if card.deposit_li is None else card.deposit_li,
            step_month=terms.step_month if steps else 0,
            step_minimum_li=terms.step_minimum_li if steps else 0,
            fee_instead_li=terms.fee_instead_li,
        )
