"""What the scheduler wants done."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Reason(StrEnum):
    """Why a call must leave a queue without an agent."""

    FULL = "full"
    WAITED_TOO_LONG = "waited-too-long"
    NO_AGENTS = "no-agents"
    CLOSED = "closed"
    GONE = "gone"
    """The queue itself was taken out of the configuration."""


class Offer(msgspec.Struct, frozen=True):
    """Ring this agent for this call; to be followed by answered, refused, or a Withdraw."""

    call: str
    agent: str


class Withdraw(msgspec.Struct, frozen=True):
    """Ring this agent no longer for this call; nothing is to be reported of it."""

    call: str
    agent: str


class Announce(msgspec.Struct, frozen=True):
    """Tell a waiting caller how it stands."""

    call: str
    position: int
    """1: he is next."""
    seconds: float | None
    """Expected wait, None when nobody serves the queue."""
    first: bool
    """Whether it is the first time."""


class Dismiss(msgspec.Struct, frozen=True):
    """Take a call out of its queue; the scheduler has forgotten it."""

    call: str
    reason: Reason


class Changed(msgspec.Struct, frozen=True):
    """An agent's state is another one."""

    agent: str


Effect = Offer | Withdraw | Announce | Dismiss | Changed
