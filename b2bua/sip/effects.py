"""What the SIP core asks of the world: send bytes, wake me later.

The core calls these at once instead of returning lists: it is quicker and keeps the order of effects. The one
implementation over Twisted is ``b2bua/stack/driver.py``; tests use a recording one. Nothing here reads a
clock.
"""

from __future__ import annotations

from typing import Protocol

from b2bua.sip.flow import Flow


class Timed(Protocol):
    """Whoever sets timers."""

    def on_timer(self, key: str) -> None:
        """Act on a timer that was neither cleared nor set again."""


class Timer:
    """A timer that was set. Clearing it is ``timer.owner = None``: the queue drops it when its time comes."""

    __slots__ = ("key", "owner")

    def __init__(self, owner: Timed, key: str) -> None:
        self.owner: Timed | None = owner
        self.key = key

    def clear(self) -> None:
        """Make sure that it never fires."""
        self.owner = None


class Effects(Protocol):
    """The edge of the core."""

    def send(self, data: bytes, flow: Flow, call_id: str) -> None:
        """Send a whole message; failures come back later as ``SipCore.flow_failed``."""

    def set_timer(self, owner: Timed, key: str, delay: float) -> Timer:
        """Call ``owner.on_timer(key)`` after ``delay`` seconds of monotonic time."""
