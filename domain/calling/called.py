"""Whom a call is for: from what the carrier delivered to the 400 number."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from domain.calling.caller import canonical_number
from domain.calling.dialplan import apply_prefixes, clean_number
from domain.snapshot import PrefixRule


class CalledRules(msgspec.Struct, frozen=True):
    """How one trunk writes called numbers."""

    prefixes: tuple[PrefixRule, ...] = ()
    """Applied first, to the number as received (``+`` included)."""
    landing_numbers: Mapping[str, str] = {}
    """落地号 -> 400 number; made by :func:`called_rules`, which adds each key's canonical form."""


def called_rules(
    prefixes: tuple[PrefixRule, ...] = (), landing_numbers: Mapping[str, str] | None = None
) -> CalledRules:
    """Make the rules of a trunk; landing numbers may be written in any spelling."""
    table = dict(landing_numbers or {})
    for landing, number in (landing_numbers or {}).items():
        canonical = canonical_number(landing)
        if canonical:
            table.setdefault(canonical, number)
    return CalledRules(prefixes, table)


class Called(msgspec.Struct, frozen=True):
    """A called number."""

    raw: str
    """As received: hostile text."""
    number: str
    """The 400 number after all rules, or the canonical form of what was received; "" when it is none."""


def read_called(raw: str, rules: CalledRules) -> Called:
    """Apply a trunk's rules to the called number: prefixes, then the landing table, then canonical form."""
    cleaned = apply_prefixes(clean_number(raw), rules.prefixes)
    landed = rules.landing_numbers.get(cleaned)
    if landed is not None:
        return Called(raw, landed)
    canonical = canonical_number(cleaned)
    return Called(raw, rules.landing_numbers.get(canonical, canonical))
