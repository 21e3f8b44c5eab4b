"""Time: a reactor that no wall-clock step disturbs, and the call services' clock on it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.main import installReactor


class MonotonicReactor(EPollReactor):
    """Twisted's epoll reactor on CLOCK_MONOTONIC; the original counts its timers by the wall clock.

    It also lets what belongs to one turn be written together, and spares each event the logging context that
    Twisted puts around it: that context is a sixth of what a SIP message costs the reactor.
    """

    def __init__(self) -> None:
        self._before_wait: list[Callable[[], None]] = []
        super().__init__()  # type: ignore[no-untyped-call]

    seconds: Callable[[], float] = staticmethod(time.monotonic)

    def before_wait(self, action: Callable[[], None]) -> None:
        """Call ``action`` from now on at the end of each turn, before the reactor waits for more to do."""
        self._before_wait.append(action)

    def doPoll(self, timeout: float | None) -> None:
        """Wait for events and serve them."""
        for action in self._before_wait:
            action()
        selectables = self._selectables
        for descriptor, event in self._poller.poll(-1 if timeout is None else timeout, len(selectables)):
            selectable = selectables.get(descriptor)
            if selectable is not None:
                self._doReadOrWrite(selectable, descriptor, event)  # type: ignore[no-untyped-call]

    doIteration = doPoll


def install_reactor() -> MonotonicReactor:
    """Make the monotonic reactor this process's one; before anything imports ``twisted.internet.reactor``."""
    reactor = MonotonicReactor()
    installReactor(reactor)
    return reactor


class ReactorClock:
    """Implements ``calls.ports.Clock``."""

    def __init__(self, reactor: ReactorBase) -> None:
        self._reactor = reactor

    mono = staticmethod(time.monotonic)
    utc = staticmethod(time.time)

    def after(self, seconds: float) -> Deferred[None]:
        """Fire after so long; cancellable."""
        fired: Deferred[None] = Deferred(lambda _: delayed.cancel())
        delayed = self._reactor.callLater(seconds, fired.callback, None)
        return fired


def end_on_signals(reactor: Any, stop: Callable[[], Deferred[Any]]) -> None:
    """Let SIGTERM or SIGINT end the process: ``stop`` once, then the reactor.

    A process may get several at once, from Ctrl-C, its supervisor, and the kernel when the supervisor died.
    """
    begun = False

    def end() -> None:
        nonlocal begun
        if not begun:
            begun = True
            stop().addBoth(lambda _: reactor.stop())

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: reactor.callFromThread(end))
