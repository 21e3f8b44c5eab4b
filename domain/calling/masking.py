"""Callers' numbers and keys, for people who may not see them whole. Pure."""

from __future__ import annotations

import re
from typing import Final

VEIL: Final = "••••"
_KEYED: Final = re.compile(
    r"((?:key|secret|token|passw(?:or)?d|pwd|pass|sign|auth)[a-z0-9_]*[\"']?\s*[=:]\s*[\"']?)[^&\"'\s,{}<>]+",
    re.IGNORECASE,
)
_IN_ADDRESS: Final = re.compile(r"(?<=//)[^/@\s]+(?=@)")


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


def veiled(text: str) -> str:
    """Return a text without the values of what is called a key, a password, a token or a signature in it.

    ``https://sms.example/send?key=123&to={mobile}`` -> ``https://sms.example/send?key=••••&to={mobile}``.
    """
    return _KEYED.sub(lambda found: found[1] + VEIL, _IN_ADDRESS.sub(VEIL, text))


def in_text(text: str, number: str) -> str:
    """Return a text, such as a SIP message, in which a number stands without its middle."""
    return text.replace(number, masked(number)) if len(number) > 6 else text
