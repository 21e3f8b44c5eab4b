"""Scores that people gave, and what they come to: per agent, category, queue and period. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

GOOD = 4
"""A score from which on somebody is satisfied."""


class Rating(msgspec.Struct, frozen=True, omit_defaults=True):
    """A score of 1 to 5."""

    at: float
    """UTC POSIX seconds."""
    score: int
    ticket: str = ""
    call: str = ""
    conversation: str = ""
    agent: str = ""
    category: str = ""
    """Of a ticket."""
    queue: str = ""
    """Of a call or a conversation."""
    comment: str = ""


class Share(NamedTuple):
    """What some scores come to."""

    name: str
    scores: int
    """How many."""
    average: float
    good: float
    """Share of 4 and 5, 0 to 1."""
    of_each: tuple[int, ...]
    """How many of 1, 2, 3, 4, 5."""


def share(name: str, scores: Iterable[int]) -> Share | None:
    """Return what scores come to; None for none."""
    of_each = [0] * 5
    for score in scores:
        of_each[score - 1] += 1
    count = sum(of_each)
    if not count:
        return None
    total = sum(score * each for score, each in enumerate(of_each, 1))
    return Share(name, count, total / count, sum(of_each[GOOD - 1 :]) / count, tuple(of_each))


def shares(named: Iterable[tuple[str, int]]) -> list[Share]:
    """Return what the scores of each name come to, most scores first."""
    by_name: dict[str, list[int]] = {}
    for name, score in named:
        by_name.setdefault(name, []).append(score)
    found = [share(name, scores) for name, scores in by_name.items()]
    return sorted((each for each in found if each is not None), key=lambda each: (-each.scores, each.name))
