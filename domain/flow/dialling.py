"""Which digits a caller may dial within a menu: the tenant's extensions and job numbers (总机/分机)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

LONGEST: Final = 10
_DIGITS: Final = frozenset("0123456789")


class DialPlan:
    """Numbers that can be dialled, with their beginnings. Immutable."""

    __slots__ = ("beginnings", "longest", "numbers")

    def __init__(self, numbers: Iterable[str] = ()) -> None:
        """Names that are no digits, or longer than :data:`LONGEST`, cannot be dialled and are left out."""
        self.numbers = frozenset(
            number for number in numbers if 0 < len(number) <= LONGEST and _DIGITS.issuperset(number)
        )
        self.beginnings = frozenset(
            number[:length] for number in self.numbers for length in range(1, len(number))
        )
        """What more digits could make a number of."""
        self.longest = max(map(len, self.numbers), default=0)
