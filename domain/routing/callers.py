"""Whom the patterns of a route plan mean."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from domain.calling.facts import CallerFacts
from domain.routing.plan import UNKNOWN_PLACE

_DIGITS: Final = re.compile(r"[0-9]{3,20}", re.ASCII)
_SEGMENT: Final = re.compile(r"[0-9]{1,19}\*", re.ASCII)
_AREA_CODE: Final = re.compile(r"0(?:10|2[0-9]|[3-9][0-9]{2})|00(?:852|853|886)", re.ASCII)
SEGMENT_DIGITS: Final = 12
"""Longer segments are whole numbers."""


def is_number(pattern: str) -> bool:
    """Tell whether a pattern is one whole number."""
    return _DIGITS.fullmatch(pattern) is not None and not is_area_code(pattern)


def is_segment(pattern: str) -> bool:
    """Tell whether a pattern is a number segment."""
    return _SEGMENT.fullmatch(pattern) is not None and len(pattern) <= SEGMENT_DIGITS + 1


def is_area_code(pattern: str) -> bool:
    """Tell whether a pattern has the form of an area code."""
    return _AREA_CODE.fullmatch(pattern) is not None


def patterns_of(facts: CallerFacts) -> tuple[str, ...]:
    """Return every pattern that means this caller, the narrowest first."""
    number, place = facts.caller.canonical, facts.place
    found = [number] if number else []
    found += [f"{number[:length]}*" for length in range(min(len(number), SEGMENT_DIGITS), 0, -1)]
    found += [name for name in (place.area_code, place.province, facts.region) if name]
    if not place.area_code and not place.province:
        found.append(UNKNOWN_PLACE)
    return tuple(found)


def first_in(patterns: Iterable[str], named: Collection[str]) -> str | None:
    """Return the narrowest of a caller's patterns that is named, or None."""
    if not named:
        return None
    for pattern in patterns:
        if pattern in named:
            return pattern
    return None
