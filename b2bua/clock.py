"""Time: a reactor that no wall-clock step disturbs, and the call services' clock on it."""

from __future__ import annotations

import time
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.interfaces import IReactorTime
from twisted.internet.main import installReactor


class MonotonicReactor(EPollReactor):
    """Twisted's epoll reactor on CLOCK_MONOTONIC; the original counts its timers by the wall clock."""

    seconds: Callable[[], float] = staticmethod(time.monotonic)


def install_reactor() -> MonotonicReactor:
    """Make the monotonic reactor this process's one; before anything imports ``twisted.internet.reactor``."""
    reactor = MonotonicReactor()
    installReactor(reactor)
    return reactor


class ReactorClock:
    """Implements ``calls.ports.Clock``."""

    def __init__(self, reactor: IReactorTime) -> None:
        self._reactor = reactor

    mono = staticmethod(time.monotonic)
    utc = staticmethod(time.time)

    def after(self, seconds: float) -> Deferred[None]:
        """Fire after so long; cancellable."""
        fired: Deferred[None] = Deferred(lambda _: delayed.cancel())
        delayed = self._reactor.callLater(seconds, fired.callback, None)
        return fired
