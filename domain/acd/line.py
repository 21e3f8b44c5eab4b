"""A queue and a call in it, as the scheduler sees them now."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from dataclasses import dataclass, field

from domain.acd.configuration import Queue
from domain.acd.effects import Reason
from domain.acd.seat import Seat

_SMOOTHING = 0.2
"""Weight of the newest call in the expected handling time."""


class QueuedCall:
    """A call from its coming to the queue to its end with an agent; times are monotonic seconds."""

    __slots__ = (
        "announce_at",
        "announced",
        "call",
        "caller",
        "kept",
        "key",
        "line",
        "misses",
        "offered",
        "ready_at",
        "since",
        "vip",
    )

    def __init__(
        self, call: str, caller: str, line: Line, since: float, number: int, vip: bool, announce_at: float
    ) -> None:
        self.call = call
        self.caller = caller
        self.line = line
        self.since = since
        self.vip = vip
        self.key = (since - (line.queue.vip_seconds if vip else 0.0), number)
        """Calls are served in the order of these."""
        self.offered: dict[str, Seat] = {}
        """Who is rung for it."""
        self.misses: Counter[str] = Counter()
        """How often an agent was rung for it in vain."""
        self.announce_at = announce_at
        self.announced = False
        self.ready_at = since
        """It is offered to nobody before."""
        self.kept = False
        """Whether the caller has hung up and is to be called back when it is his turn."""

    def __lt__(self, other: QueuedCall) -> bool:
        return self.key < other.key


@dataclass(slots=True)
class Tally:
    """What a queue has seen since the process began."""

    entered: int = 0
    answered: int = 0
    abandoned: int = 0
    """The caller hung up."""
    left: int = 0
    """He left by a key."""
    dismissed: Counter[Reason] = field(default_factory=Counter)
    wait_seconds: float = 0.0
    """Of the answered calls, together."""
    longest_wait: float = 0.0


class Line:
    """One queue: who waits, who serves."""

    __slots__ = ("handling", "is_open", "last_offered", "members", "queue", "tally", "unserved_at", "waiting")

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.waiting: list[QueuedCall] = []
        """In the order of service, those being offered included."""
        self.members: list[Seat] = []
        """In the agents' order."""
        self.is_open = True
        self.unserved_at: float | None = None
        """When those who wait are sent away because nobody is logged in."""
        self.last_offered = -1
        """Order of the agent who was offered the last call."""
        self.handling = queue.handling_seconds
        self.tally = Tally()

    def add(self, queued: QueuedCall) -> None:
        """Let a call wait, at its place."""
        insort(self.waiting, queued)

    @property
    def attended(self) -> bool:
        """Whether anybody is logged in, be he paused or busy."""
        return any(seat.logged_in for seat in self.members)

    def serving(self) -> int:
        """Count the agents who take its calls, now or when they have done with the one they have."""
        return sum(seat.serves for seat in self.members)

    def expected_wait(self, position: int) -> float | None:
        """Estimate in seconds how long the call at a place (1: next) waits; None when nobody serves."""
        serving = self.serving()
        return self.handling * position / serving if serving else None

    def handled(self, seconds: float) -> None:
        """Learn what a call took an agent."""
        self.handling += _SMOOTHING * (seconds - self.handling)
