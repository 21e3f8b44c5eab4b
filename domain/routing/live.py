"""What is true only now, as decisions see it: whose turn it is, who talks, who answered whom."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol


class LineUse(NamedTuple):
    """How a phone is used by the calls of this box; times are monotonic seconds, -1.0 for never."""

    rung: float = -1.0
    """When it was rung last."""
    idle_since: float = -1.0
    """When its last talk ended."""
    engaged: int = 0
    """Calls that ring it or talk with it."""
    talking: int = 0


UNUSED: Final = LineUse()


class Remembered(NamedTuple):
    """Who answered a caller last time."""

    target: str
    at: float
    """UTC POSIX seconds."""


class LiveFacts(Protocol):
    """Read by decisions, changed by who carries them out."""

    def turn(self, key: str) -> int:
        """Return how often something was shared out so far."""

    def use(self, line: str) -> LineUse:
        """Return how a phone (by ``BoundNumber.line``) is used."""

    def remembered(self, number: str, caller: str) -> Remembered | None:
        """Return who answered this caller on this 400 number last time."""


class NothingLive:
    """A box on which nothing happens: for the simulator."""

    def turn(self, key: str) -> int:
        """Begin with the first."""
        return 0

    def use(self, line: str) -> LineUse:
        """Find every phone idle."""
        return UNUSED

    def remembered(self, number: str, caller: str) -> Remembered | None:
        """Remember nobody."""
        return None
