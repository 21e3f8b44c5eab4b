"""Callers' numbers for people who may not see them whole."""

from __future__ import annotations


def masked(number: str) -> str:
    """Return a number without its middle: ``13800138000`` -> ``138****8000``; short codes stay as they are.

    What identifies a person goes, what tells the place or the carrier stays. ``""`` stays ``""``.
    """
    if len(number) < 7:
        return number
    ahead = len(number) - 8 if len(number) > 10 else max(1, len(number) - 7)
    behind = 4 if len(number) > 8 else 2
    return f"{number[:ahead]}{'*' * (len(number) - ahead - behind)}{number[-behind:]}"


def masked_mail(address: str) -> str:
    """Return an e-mail address without most of its name: ``wang@example.cn`` -> ``w***@example.cn``."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}***{at}{domain}" if at else masked(address)
