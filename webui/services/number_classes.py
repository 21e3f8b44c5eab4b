"""号码分类: the ordered rules and the terms of classes as a page types them, and a trial before they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from domain.money.amounts import MOST_LI, parse_yuan, yuan
from domain.numbers import lifecycle
from domain.numbers.numbering import NumberBook
from domain.numbers.terms import SHIPPED_TERMS, ClassTerms
from domain.numbers.vanity import DEFAULT_RULES, PatternError, VanityRule, VanityTable
from storage.models import Root
from storage.models.web import AuditEntry
from webui.services.box import BoxServices
from webui.services.provisioning import Done, wish

MOST_TYPED: Final = 20_000
EXAMPLES: Final = 20
WORDS: Final = {"特号": "special"}
"""What people type -> the class; all others are named as they are."""
MONEY: Final = ("minimum_li", "fee_li", "deposit_li", "step_minimum_li", "fee_instead_li")
WHOLE: Final = ("years", "step_month")
MAY_LACK: Final = ("minimum_li", "fee_instead_li")


class WrongLine(Exception):
    """A line of the rules that cannot be read."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line
        self.text = text


class WrongTerm(Exception):
    """A figure of a class's terms that cannot be used; names the input."""


class Moved(NamedTuple):
    """A number that would be of another class."""

    number: str
    before: str
    after: str


class Trial(NamedTuple):
    """What other rules would come to."""

    counts: dict[str, int]
    """Numbers that are not sold, by class."""
    moved: int
    examples: list[Moved]


def rules_text(rules: Iterable[VanityRule]) -> str:
    """Return rules as lines to be edited: ``特号 = 400K***AAA 400K**AABB``."""
    names = {each: word for word, each in WORDS.items()}
    return "\n".join(
        f"{names.get(rule.vanity_class, rule.vanity_class)} = {' '.join(rule.patterns)}" for rule in rules
    )


def read_rules(text: str) -> tuple[VanityRule, ...]:
    """Read what was typed, a rule a line; raises WrongLine. Without any line: the shipped rules."""
    rules = []
    for number, line in enumerate(text[:MOST_TYPED].splitlines(), 1):
        if not line.strip():
            continue
        name, mark, patterns = line.replace("＝", "=").partition("=")
        rule = VanityRule(WORDS.get(name.strip(), name.strip()), tuple(map(_written, patterns.split())))
        try:
            VanityTable((rule,))
        except PatternError as error:
            raise WrongLine(number, error.pattern) from error
        if not (mark and rule.vanity_class and rule.patterns):
            raise WrongLine(number, line.strip())
        rules.append(rule)
    return tuple(rules) or DEFAULT_RULES


def _written(pattern: str) -> str:
    pattern = pattern.replace("＊", "*").upper()
    return pattern if len(pattern) < 4 or pattern[3] != "*" else f"{pattern[:3]}K{pattern[4:]}"


def try_rules(root: Root, rules: tuple[VanityRule, ...]) -> Trial:
    """Tell of which class the numbers that are not sold would be."""
    table, counts, moved = VanityTable(rules), Counter[str](), 0
    examples: list[Moved] = []
    for number in root.inventory.in_state(*lifecycle.UNSOLD):
        card = root.inventory.card(number)
        after = table.classify(number)
        if card is None or card.class_by_hand:
            continue
        counts[after] += 1
        if after != card.vanity_class:
            moved += 1
            if len(examples) < EXAMPLES:
                examples.append(Moved(number, card.vanity_class, after))
    return Trial(dict(counts), moved, examples)


def set_rules(services: BoxServices, rules: tuple[VanityRule, ...], entry: AuditEntry) -> Done:
    """Let rules hold: numbers that are not sold are classified anew. Raises Refused, StoreDown."""
    written = [] if rules == DEFAULT_RULES else msgspec.to_builtins(rules)
    return wish(services, lambda root: {"box": {"vanity_rules": written}}, entry)


def terms_typed(terms: ClassTerms) -> dict[str, str]:
    """Return the terms of a class as they are typed: yuan, and nothing for what is not set."""
    typed = {}
    for name in MONEY:
        li = getattr(terms, name)
        typed[name] = "" if li is None or (not li and name not in MAY_LACK) else yuan(li)
    for name in WHOLE:
        typed[name] = str(getattr(terms, name) or "")
    typed["step_patterns"] = " ".join(terms.step_patterns)
    return typed


def read_terms(typed: Mapping[str, str]) -> ClassTerms:
    """Read the terms of one class; raises WrongTerm."""
    fields: dict[str, Any] = {}
    for name in MONEY:
        text = typed.get(name, "").strip()
        if not text and name in MAY_LACK:
            fields[name] = None
            continue
        try:
            fields[name] = parse_yuan(text or "0")
        except ValueError as error:
            raise WrongTerm(name) from error
        if not 0 <= fields[name] <= MOST_LI:
            raise WrongTerm(name)
    for name in WHOLE:
        text = typed.get(name, "").strip() or "0"
        if not (text.isascii() and text.isdigit() and len(text) <= 4):
            raise WrongTerm(name)
        fields[name] = int(text)
    fields["step_patterns"] = tuple(map(_written, typed.get("step_patterns", "").split()))
    return ClassTerms(**fields)


def set_terms(services: BoxServices, vanity_class: str, terms: ClassTerms, entry: AuditEntry) -> Done:
    """Let a class be offered for other terms; sold numbers keep theirs. Raises Refused, StoreDown."""

    def document(root: Root) -> dict[str, Any]:
        held = {
            name: msgspec.to_builtins(each) for name, each in root.box.value.numbering.class_terms.items()
        }
        held.pop(vanity_class, None)
        if terms != SHIPPED_TERMS.get(vanity_class):
            held[vanity_class] = msgspec.to_builtins(terms)
        return {"box": {"class_terms": held}}

    return wish(services, document, entry)


def book_of(root: Root) -> NumberBook:
    """Return the tables in force."""
    return NumberBook(root.box.value.numbering)
