"""A clock that stands still until a test moves it."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as TwistedClock

EPOCH = 1_790_000_000.0
"""UTC time at mono 0 of every test."""


class MemoryClock:
    """Twin of ``b2bua.clock.ReactorClock``."""

    def __init__(self) -> None:
        self.twisted = TwistedClock()

    def mono(self) -> float:
        """Seconds since the test began."""
        return self.twisted.seconds()

    def utc(self) -> float:
        """Seconds since the test began, on from :data:`EPOCH`."""
        return EPOCH + self.twisted.seconds()

    def after(self, seconds: float) -> Deferred[None]:
        """Fire after so long; cancellable."""
        fired: Deferred[None] = Deferred(lambda _: delayed.cancel())
        delayed = self.twisted.callLater(seconds, fired.callback, None)
        return fired

    def advance(self, seconds: float) -> None:
        """Let time pass, firing what falls due in order."""
        self.twisted.advance(seconds)

    def pending(self) -> int:
        """Count the delayed calls still due."""
        return len(self.twisted.getDelayedCalls())
