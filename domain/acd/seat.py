"""An agent as the scheduler sees him now."""

from __future__ import annotations

from enum import StrEnum

from domain.acd.configuration import Agent, Membership

WHOLE = 100
"""An agent whom conversations in writing take so much of is offered no call."""
MISSED = "missed calls"
"""Reason of a pause that the box made itself."""


class AgentState(StrEnum):
    """What an agent does."""

    OFFLINE = "offline"
    IDLE = "idle"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap-up"
    PAUSED = "paused"


class Seat:
    """One agent: what he said of himself, and what he is engaged with.

    Times are monotonic seconds.
    """

    __slots__ = (
        "agent",
        "call",
        "idle_since",
        "last_call",
        "legs",
        "load",
        "logged_in",
        "memberships",
        "missed",
        "order",
        "paused",
        "queue",
        "rest_until",
        "served",
        "since",
        "talking",
        "wrap_up_until",
    )

    def __init__(self, agent: Agent, now: float) -> None:
        self.agent = agent
        self.memberships: dict[str, Membership] = {}
        self.order = 0
        self.logged_in = agent.logged_in
        self.paused: str | None = None
        """The reason he gave, "" for none; None: he is not paused."""
        self.call = ""
        """The call he is rung for or talks with."""
        self.queue = ""
        """The queue of that call, or of the one he wraps up."""
        self.last_call = ""
        """The queue's call he had last."""
        self.talking = False
        self.wrap_up_until: float | None = None
        self.legs = 0
        """SIP legs to and from his phone, those of the queue's offers too."""
        self.load = 0
        """What conversations in writing take of him, of :data:`WHOLE`."""
        self.rest_until = now
        """He is offered nothing before; set by a missed call."""
        self.missed = 0
        self.served = 0
        """Calls answered since he logged in."""
        self.idle_since = now
        self.since = now
        """When the state he is in began."""

    @property
    def name(self) -> str:
        """工号."""
        return self.agent.name

    @property
    def state(self) -> AgentState:
        """What he does now."""
        if self.call:
            return AgentState.TALKING if self.talking else AgentState.RINGING
        if self.wrap_up_until is not None:
            return AgentState.WRAP_UP
        if self.legs:
            return AgentState.TALKING
        if not self.logged_in:
            return AgentState.OFFLINE
        return AgentState.IDLE if self.paused is None else AgentState.PAUSED

    @property
    def serves(self) -> bool:
        """Whether he takes calls, now or when he has done with the one he has."""
        return self.logged_in and self.paused is None

    def is_free(self, now: float) -> bool:
        """Whether he may be offered a call."""
        return (
            not self.call
            and self.logged_in
            and self.paused is None
            and self.wrap_up_until is None
            and not self.legs
            and self.rest_until <= now
            and self.load < WHOLE
        )
