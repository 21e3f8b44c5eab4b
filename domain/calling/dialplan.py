"""Number strings as trunks write them: cleaning and prefix rules. ASCII digits only."""

from __future__ import annotations

import re
from collections.abc import Iterable

from domain.calling.prefix_rule import PrefixRule

_SEPARATORS = str.maketrans("", "", " -.()\t")
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}")


def clean_number(raw: str) -> str:
    """Return a dialled string without separators (``+`` stays), or "" when it is no telephone number."""
    stripped = raw.translate(_SEPARATORS)
    return stripped if _NUMBER.fullmatch(stripped) else ""


def apply_prefixes(number: str, rules: Iterable[PrefixRule]) -> str:
    """Replace the leading digits by the first rule that matches; an empty ``match`` matches every number."""
    for rule in rules:
        if number.startswith(rule.match):
            return rule.replace + number[len(rule.match) :]
    return number


def national_significant(number: str) -> str | None:
    """Return what follows an explicit 86 of China (``+86``, ``0086``, ``86``), or None without one.

    A bare ``86`` counts only before ten digits or more: ``86123456`` is a local number.
    """
    if number.startswith("+86"):
        return number[3:]
    if number.startswith("0086"):
        return number[4:]
    if number.startswith("86") and len(number) >= 12:
        return number[2:]
    return None
