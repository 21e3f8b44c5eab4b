"""How late the reactor is: the one figure that tells whether calls wait for something that should not run
here."""

from __future__ import annotations

from collections import deque

from twisted.internet.base import DelayedCall, ReactorBase
from twisted.logger import Logger

BEAT_SECONDS = 0.1
KEPT_BEATS = 600
"""A minute."""


STALL_SECONDS = 0.2
"""What comes later than this is logged."""
_log = Logger()


class ReactorLag:
    """Beats on the reactor and notes how late each beat comes."""

    def __init__(self, reactor: ReactorBase) -> None:
        self.worst = 0.0
        """Seconds, since the start."""
        self.beats = 0
        self.late_sum = 0.0
        self._reactor = reactor
        self._recent: deque[float] = deque(maxlen=KEPT_BEATS)
        self._due = 0.0
        self._beating: DelayedCall | None = None

    def start(self) -> None:
        """Begin; beats until :meth:`stop`."""
        self._due = self._reactor.seconds() + BEAT_SECONDS
        self._beating = self._reactor.callLater(BEAT_SECONDS, self._beat)

    def stop(self) -> None:
        """Beat no more."""
        if self._beating is not None and self._beating.active():
            self._beating.cancel()

    def worst_recent(self) -> float:
        """Seconds of the latest beat of the last minute."""
        return max(self._recent, default=0.0)

    def _beat(self) -> None:
        late = max(0.0, self._reactor.seconds() - self._due)
        self.beats += 1
        self.late_sum += late
        self._recent.append(late)
        self.worst = max(self.worst, late)
        if late > STALL_SECONDS:
            _log.warn("the reactor was {late:.3f} s late", late=late)
        self.start()
