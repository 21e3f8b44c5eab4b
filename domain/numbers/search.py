"""Search for numbers: what is wanted, and which numbers can be meant."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from domain.numbers.lifecycle import NumberState
from domain.numbers.vanity import PatternError, VanityRule, VanityTable

PLACES: Final = 10
_TYPED = re.compile(r"[0-9A-Z*?]{1,10}", re.ASCII)
_FREE = re.compile("[*?A-Z]")


class Pattern:
    """A pattern as people type it.

    ``*888`` ends so, ``4006*`` begins so, ``*520*`` has it anywhere; ten places with digits, ``*`` for any
    digit and letters for equal digits are a pattern of the vanity rules (``400K**AABB``); ``?`` is any digit.
    """

    def __init__(self, text: str) -> None:
        """Raise PatternError for a text that means no numbers."""
        text = text.strip().upper().replace("-", "").replace(" ", "")
        if _TYPED.fullmatch(text) is None:
            raise PatternError(text)
        self.text = text
        self._table: VanityTable | None = None
        self._expression: re.Pattern[str] | None = None
        if len(text) == PLACES and text.startswith("400"):
            text = text.replace("?", "*")
            text = f"400{text[3].replace('*', 'K')}{text[4:]}"
            self._table = VanityTable((VanityRule("fits", (text,)),))
            fixed_from, fixed_to = _FREE.split(text)[0], _FREE.split(text)[-1]
        else:
            if re.search("[A-Z]", text):
                raise PatternError(text)
            if "*" not in text:  # a few digits: what people look for at the end
                text = f"*{text}"
            self._expression = re.compile(text.replace("?", "[0-9]").replace("*", "[0-9]*"), re.ASCII)
            fixed_from, fixed_to = _FREE.split(text)[0], _FREE.split(text)[-1]
        self.prefix = fixed_from
        """Digits that each number that fits begins with."""
        self.suffix = "" if fixed_from == text else fixed_to
        """Digits that each ends with."""

    def fits(self, number: str) -> bool:
        """Tell whether a number is meant."""
        if self._table is not None:
            return self._table.classify(number) != ""
        assert self._expression is not None
        return self._expression.fullmatch(number) is not None


class Wanted(msgspec.Struct, frozen=True):
    """What a search is for; empty and None: anything."""

    pattern: str = ""
    states: tuple[NumberState, ...] = ()
    vanity_class: str = ""
    carrier: str = ""
    tenant: str = ""
    least_li: int | None = None
    """Minimum spend a month, from ..."""
    most_li: int | None = None
    """... to."""
    by_price: bool = False
    """In the order of the minimum spend, cheapest first; else of numbers."""
