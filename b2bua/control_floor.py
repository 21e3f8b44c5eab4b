"""What the control socket says of queues and agents; a part of ``b2bua.control``."""

from __future__ import annotations

import msgspec


class AskQueues(msgspec.Struct, frozen=True, tag_field="do", tag="queues"):
    """Ask for :class:`Queues`."""


class AskAgents(msgspec.Struct, frozen=True, tag_field="do", tag="agents"):
    """Ask for :class:`Agents`."""


class SetAgent(msgspec.Struct, frozen=True, tag_field="do", tag="set-agent"):
    """Log an agent in or out, pause him or end his pause."""

    tenant: str
    agent: str
    what: str
    """``login``, ``logout``, ``pause`` or ``resume``."""
    reason: str = ""
    """Of a pause."""


class SetLoads(msgspec.Struct, frozen=True, tag_field="do", tag="set-loads"):
    """Tell what conversations in writing take of agents."""

    loads: dict[str, dict[str, int]]
    """Tenant -> 工号 -> 0 to 100; who is not named has none."""


FloorRequest = AskQueues | AskAgents | SetAgent | SetLoads


class AwaitChange(msgspec.Struct, frozen=True, tag_field="do", tag="await-change"):
    """Wait until calls, queues or agents are not any more as :class:`Changed` last said; 20 s at most."""

    seen: int = -1


class Changed(msgspec.Struct, frozen=True, tag_field="is", tag="changed"):
    """How often something has changed; another number in another run of the b2bua."""

    count: int


class LiveQueue(msgspec.Struct, frozen=True):
    """A queue as it is now; the counts are since the b2bua started."""

    tenant: str
    name: str
    label: str
    strategy: str
    open: bool
    waiting: int
    kept: int
    """Places of callers who are to be called back, out of ``waiting``."""
    longest_wait: float
    """Seconds that the first one has waited."""
    expected_wait: float | None
    """Seconds that one more caller would wait; None when nobody serves."""
    agents: int
    logged_in: int
    serving: int
    """Logged in and not paused."""
    free: int
    entered: int
    answered: int
    abandoned: int
    left: int
    """By a key."""
    dismissed: dict[str, int]
    """Why they had to go -> how many."""
    average_wait: float | None
    """Seconds, of the answered ones."""
    longest_answered: float


class Queues(msgspec.Struct, frozen=True, tag_field="is", tag="queues"):
    """Every queue, by tenant."""

    queues: list[LiveQueue]


class LiveAgent(msgspec.Struct, frozen=True):
    """An agent as he is now."""

    tenant: str
    agent: str
    """工号."""
    label: str
    target: str
    state: str
    """``offline``, ``idle``, ``ringing``, ``talking``, ``wrap-up`` or ``paused``."""
    reason: str
    """Of a pause."""
    seconds: float
    """In this state."""
    call: str
    """The queue's call he is rung for or talks in."""
    queue: str
    queues: list[str]
    missed: int
    """In a row."""
    served: int
    """Calls since he logged in."""
    wrap_up_left: float | None = None
    """Seconds; None: he does not wrap up."""
    last_call: str = ""
    """The queue's call he had last, or wraps up."""


class Agents(msgspec.Struct, frozen=True, tag_field="is", tag="agents"):
    """Every agent, by tenant, in the order of configuration."""

    agents: list[LiveAgent]
