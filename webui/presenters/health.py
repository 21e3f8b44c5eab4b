"""How a trunk was lately, as a strip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from b2bua.trunk_history import Turn

HOURS: Final = 24
WIDTH: Final = 720
SHOWN: Final = 8


class Span(NamedTuple):
    """A part of the strip, in its units."""

    x: float
    width: float
    up: bool
    turn: Turn


class Strip(NamedTuple):
    """The last day of a trunk."""

    spans: list[Span]
    """What was down is at least one unit wide, so that it is seen."""
    down_seconds: float
    latest: list[Turn]
    """Newest first."""


def strip_of(turns: Sequence[Turn], now: float) -> Strip:
    """Return the last day; what first goes down was up before, what first comes up is unknown."""
    begin = now - HOURS * 3600
    course = list(turns)
    if course and not course[0].up:
        course.insert(0, Turn(min(begin, course[0].at), True))
    spans, down = [], 0.0
    for index, turn in enumerate(course):
        end = course[index + 1].at if index + 1 < len(course) else now
        first, last = max(turn.at, begin), min(end, now)
        if last <= first:
            continue
        x, width = ((first - begin) * WIDTH / (now - begin), (last - first) * WIDTH / (now - begin))
        spans.append(Span(round(x, 1), round(width if turn.up else max(width, 1.0), 1), turn.up, turn))
        down += 0.0 if turn.up else last - first
    return Strip(spans, down, list(turns)[: -SHOWN - 1 : -1])
