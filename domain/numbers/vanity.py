"""Vanity classes of 400 numbers (号码分类): an ordered table of patterns, the first that fits decides.

A pattern has ten places. A digit stands for itself, ``*`` and ``K`` (the carrier's digit) for any digit,
letters for digits: equal letters for equal ones, different letters for different ones. ``ABC`` and ``CBA``
are runs that rise or fall by one, without a step from 9 to 0.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

import msgspec

PLACES: Final = 10
_PATTERN = re.compile(r"400[K0-9][0-9*A-Z]{6}", re.ASCII)
_ANY = "[0-9]"
_RUNS: Final = {
    "ABC": "|".join(f"{first}{first + 1}{first + 2}" for first in range(8)),
    "CBA": "|".join(f"{first}{first - 1}{first - 2}" for first in range(2, 10)),
}


class PatternError(Exception):
    """A pattern that cannot be read; ``pattern`` is what was written."""

    def __init__(self, pattern: str) -> None:
        super().__init__(f"no pattern of a 400 number: {pattern!r}")
        self.pattern = pattern


class VanityRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers that fit any of the patterns are of this class."""

    vanity_class: str
    patterns: tuple[str, ...]


DEFAULT_RULES: Final = (
    VanityRule(
        "special",
        (
            "400K***AAA", "400K**AABB", "400K**ABAB", "400K*AA*BB", "400K*1006*", "400K10****", "400K20****",
        ),
    ),
    VanityRule("A", ("400K**AAAB", "400K**ABAA", "400K**AABA")),
    VanityRule(
        "B", ("400K**ABBA", "400K****66", "400K****88", "400K****99", "400K***ABC", "400K***CBA"),
    ),
    VanityRule("C", tuple(f"400K****{digit}{digit}" for digit in "0123457")),
    VanityRule("D", ("400K******",)),
)  # fmt: skip
"""Class E is given by hand."""


class VanityTable:
    """An ordered table of rules, ready to classify."""

    def __init__(self, rules: tuple[VanityRule, ...] = DEFAULT_RULES) -> None:
        """Raise PatternError for the first pattern that cannot be read."""
        self.rules = rules
        alternatives = []
        self._classes: dict[str, str] = {}
        for index, rule in enumerate(rules):
            for place, pattern in enumerate(rule.patterns):
                name = f"r{index}_{place}"
                self._classes[name] = rule.vanity_class
                alternatives.append(f"(?P<{name}>{_expression(pattern, name)})")
        # The last group to close is the alternative itself, so lastgroup names it.
        self._expression = re.compile("|".join(alternatives) or r"(?!)", re.ASCII)

    def classify(self, number: str) -> str:
        """Return the class of a number of ten digits, or "" when no rule fits."""
        found = self._expression.fullmatch(number)
        return "" if found is None or found.lastgroup is None else self._classes[found.lastgroup]

    def count(self, segment: str) -> Counter[str]:
        """Count the classes of all numbers that begin with ``segment`` (4 to 9 digits)."""
        free = PLACES - len(segment)
        return Counter(self.classify(f"{segment}{tail:0{free}}") for tail in range(10**free))


def _expression(pattern: str, prefix: str) -> str:
    """Return a regular expression; groups for its letters are named after ``prefix``."""
    if _PATTERN.fullmatch(pattern) is None:
        raise PatternError(pattern)
    written, seen, place = "", "", 0
    while place < PLACES:
        run = pattern[place : place + 3]
        mark = pattern[place]
        if run in _RUNS:
            written += f"(?:{_RUNS[run]})"
            place += 3
            continue
        place += 1
        if mark in "K*":
            written += _ANY
        elif mark.isdigit():
            written += mark
        elif mark in seen:
            written += f"(?P={prefix}{mark})"
        else:
            others = "".join(f"(?!(?P={prefix}{other}))" for other in seen)
            written += f"{others}(?P<{prefix}{mark}>{_ANY})"
            seen += mark
    return written
