"""What a check found."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """How something is."""

    GOOD = "good"
    WARN = "warn"
    """Somebody should see to it before long."""
    BAD = "bad"
    """It endangers calls, data or safety now."""
    UNKNOWN = "unknown"
    """It could not be learnt here: somebody has to look."""


class Result(msgspec.Struct, frozen=True):
    """The result of one check, with what it rests on."""

    check: str
    verdict: Verdict
    zh: str
    en: str
    evidence: tuple[str, ...] = ()
    """Lines that show it: figures, names, as the machine tells them."""


def worst(results: tuple[Result, ...]) -> Verdict:
    """Return the gravest verdict; no result at all is good."""
    order = (Verdict.BAD, Verdict.WARN, Verdict.UNKNOWN)
    found = {result.verdict for result in results}
    return next((verdict for verdict in order if verdict in found), Verdict.GOOD)
