"""How long to wait before a dead process is started again."""

from __future__ import annotations

FIRST = 0.2
"""Before the second start in a row; the first one is at once."""
LONGEST = 5.0
STEADY = 2.0
"""Seconds up after which a process counts as well again: longer than one takes to fail at its start."""


class Backoff:
    """Waiting times: none, then doubling from 0.2 s to 5 s; none again after a process was up for 2 s."""

    def __init__(self) -> None:
        self._next = 0.0

    def after(self, uptime: float) -> float:
        """Return the seconds to wait, given how many seconds the process was up."""
        if uptime >= STEADY:
            self._next = 0.0
        wait, self._next = self._next, min(self._next * 2, LONGEST) or FIRST
        return wait
