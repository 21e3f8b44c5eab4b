"""A lane leads to one gateway, robot or webhook: how many at once, how fast, and whether it works at all.

What is wrong with one lane holds up no other.
"""

from __future__ import annotations

import math
from typing import Final

from domain.notices.pace import Pace

DOWN_AFTER: Final = 3
"""So many failures in a row, and a lane is held to be down."""
FIRST_REST: Final = 5.0
LONGEST_REST: Final = 60.0


class Lane:
    """The state of one way; times are monotonic seconds."""

    def __init__(self, at_once: int, pace: Pace, made_for: object = None) -> None:
        """``made_for``: the settings of the way."""
        self.made_for = made_for
        self._at_once = at_once
        self._pace = pace
        self.under_way = 0
        self.failures = 0
        """In a row."""
        self._rests_until = 0.0
        self.waited = False
        """Messages had to wait for its pace."""

    @property
    def down(self) -> bool:
        """Whether it failed so often that somebody should look."""
        return self.failures >= DOWN_AFTER

    def rest(self, now: float) -> float:
        """Return for how long nothing is tried; 0 when something may be."""
        return max(0.0, self._rests_until - now) if self.down else 0.0

    def wait(self, now: float) -> float:
        """Return how long to wait before the next message may go; infinite while too many are under way."""
        if self.under_way >= (1 if self.down else self._at_once):
            return math.inf
        return max(self.rest(now), self._pace.wait(now))

    def begin(self, now: float) -> None:
        """Count a message that goes now."""
        self.under_way += 1
        self._pace.take(now)

    def end(self, now: float, *, well: bool) -> None:
        """Count what became of one."""
        self.under_way -= 1
        if well:
            self.failures = 0
            return
        self.failures += 1
        if self.down:
            rest = FIRST_REST * 2.0 ** min(self.failures - DOWN_AFTER, 8)
            self._rests_until = now + min(LONGEST_REST, rest)


def pace_of(per_second: float) -> Pace:
    """Return the pace of so many a second."""
    return Pace(math.floor(per_second), 1.0) if per_second >= 1 else Pace(1, 1.0 / per_second)
