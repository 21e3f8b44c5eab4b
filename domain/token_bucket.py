"""A token bucket: so many a second on average, so many at once."""

from __future__ import annotations


class TokenBucket:
    """Count events against a rate; the caller brings the monotonic time."""

    __slots__ = ("_burst", "_level", "_rate", "_then")

    def __init__(self, rate: float, burst: float) -> None:
        """Start full. ``rate`` is tokens a second, ``burst`` the most that gather (1 or more)."""
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._then: float | None = None

    def take(self, now: float) -> bool:
        """Take one token if there is one."""
        if self._then is not None and now > self._then:
            self._level = min(self._burst, self._level + (now - self._then) * self._rate)
        self._then = now if self._then is None else max(now, self._then)
        if self._level < 1.0:
            return False
        self._level -= 1.0
        return True

    def give_back(self) -> None:
        """Return one token that was taken for nothing."""
        self._level = min(self._burst, self._level + 1.0)
