"""Figures of the call services: plain integers on the hot path, exported by ``b2bua.metrics``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

SETUP_BOUNDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Upper bounds of the set-up histogram's buckets in seconds."""


@dataclass(slots=True)
class CallCounts:
    """Calls since the process began."""

    started: int = 0
    answered: int = 0
    bridged: int = 0
    faults: int = 0
    """Calls ended by our own mistake."""
    ended: Counter[str] = field(default_factory=Counter)
    """By outcome."""
    setup_buckets: list[int] = field(default_factory=lambda: [0] * (len(SETUP_BOUNDS) + 1))
    """Seconds from the caller's INVITE to the first INVITE of ours; one count for each bucket, the last
    unbounded."""
    setup_sum: float = 0.0

    def set_up(self, seconds: float) -> None:
        """Count one call that rang somebody so long after its INVITE."""
        self.setup_sum += seconds
        for index, bound in enumerate(SETUP_BOUNDS):
            if seconds <= bound:
                self.setup_buckets[index] += 1
                return
        self.setup_buckets[-1] += 1
