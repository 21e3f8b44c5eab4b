"""Time: a reactor that no wall-clock step disturbs, and the call services' clock on it."""

from __future__ import annotations

import time
from collections.abc import Callable

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.main import installReactor


class MonotonicReactor(EPollReactor):
    """Twisted's epoll reactor on CLOCK_MONOTONIC; the original counts its timers by the wall clock."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    seconds: Callable[[], float] = staticmethod(time.monotonic)


def install_reactor() -> MonotonicReactor:
    """Make the monotonic reactor this process's one; before anything imports ``twisted.internet.reactor``."""
    reactor = MonotonicReactor()
    installReactor(reactor)
    return reactor


class ReactorClock:
    """Implements ``calls.ports.Clock``."""

    def __init__(self, reactor: ReactorBase) -> None:
        self._reactor = reactor

    def mono(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def utc(self) -> float:
        """UTC POSIX seconds."""
        return time.time()

    def after(self, seconds: float) -> Deferred[None]:
        """Fire after so long; cancellable."""
        fired: Deferred[None] = Deferred(lambda _: delayed.cancel())
        delayed = self._reactor.callLater(seconds, fired.callback, None)
        return fired
