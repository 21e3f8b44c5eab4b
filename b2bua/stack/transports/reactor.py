"""What the stack uses of a Twisted reactor (``zope.interface`` classes tell mypy nothing)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class DelayedCall(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Withdraw it."""

    def active(self) -> bool:
        """Tell whether it has neither run nor been cancelled."""


class Times(Protocol):
    """Monotonic time and timers; a ``twisted.internet.task.Clock`` in tests.

    Never hand over a reactor whose ``seconds`` is wall-clock time: a clock step would fire its timers.
    """

    def seconds(self) -> float:
        """Give monotonic seconds."""

    def callLater(self, delay: float, callable: Callable[..., object], *args: Any, **kw: Any) -> DelayedCall:
        """Call once, ``delay`` seconds from now."""


class Reads(Protocol):
    """Watches descriptors."""

    def addReader(self, reader: Any) -> object:
        """Call ``reader.doRead`` whenever there is something to read."""

    def removeReader(self, reader: Any) -> object:
        """Stop watching."""


class Connects(Protocol):
    """Opens and accepts TCP connections (``ITransport`` objects below are Twisted's)."""

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> Any:
        """Listen."""

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: Any,
        timeout: float = 30,
        bindAddress: tuple[str, int] | None = None,
    ) -> Any:
        """Connect."""


class Network(Reads, Connects, Times, Protocol):
    """A whole reactor."""
