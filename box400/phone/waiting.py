"""Wait for the first of several things, for so long at most."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from b2bua.stack.transports.reactor import Times


def happened(event: Deferred[Any]) -> Deferred[None]:
    """Fire when ``event`` has fired, however; who waits for ``event`` itself still gets its result."""
    fired: Deferred[None] = Deferred()

    def tell(result: Any) -> Any:
        if not fired.called:
            fired.callback(None)
        return result

    event.addBoth(tell)
    return fired


def first_of(clock: Times, seconds: float, *events: Deferred[Any]) -> Deferred[bool]:
    """Fire with True as soon as one event has fired, with False after so many seconds."""
    fired: Deferred[bool] = Deferred()
    late = clock.callLater(seconds, lambda: fired.callback(False))

    def tell(_: None) -> None:
        if not fired.called:
            late.cancel()
            fired.callback(True)

    for event in events:
        happened(event).addCallback(tell)
    return fired


def pause(clock: Times, seconds: float) -> Deferred[None]:
    """Fire after so many seconds."""
    fired: Deferred[None] = Deferred()
    clock.callLater(seconds, fired.callback, None)
    return fired
