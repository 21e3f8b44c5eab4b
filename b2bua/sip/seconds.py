"""Durations in headers: Expires, Min-Expires, Retry-After (RFC 3261 20.19, 20.33)."""

from __future__ import annotations

import re

from b2bua.sip.text import malformed

LONGEST = 2**32 - 1

_SECONDS = re.compile(r"[0-9]++")
_RETRY_AFTER = re.compile(r"([0-9]++)[ \t]*+(?:[(;].*)?", re.DOTALL)


def parse_seconds(raw: str) -> int:
    """Parse delta-seconds; larger numbers than 2**32-1 count as that. Raises SipError(400)."""
    if not _SECONDS.fullmatch(raw):
        raise malformed("duration")
    digits = raw.lstrip("0")
    return min(int(digits or "0"), LONGEST) if len(digits) <= 10 else LONGEST


def parse_retry_after(raw: str) -> int:
    """Parse Retry-After, its comment and parameters left aside; raises SipError(400)."""
    match = _RETRY_AFTER.fullmatch(raw)
    if match is None:
        raise malformed("Retry-After")
    return parse_seconds(match[1])
