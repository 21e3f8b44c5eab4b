"""What a tenant configures of his queues and agents. Durations are seconds."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from domain.days.schedule import Schedule
from domain.routing.destination import Destination


class Strategy(StrEnum):
    """Which of the free agents a queue offers its next call."""

    LONGEST_IDLE = "longest-idle"
    ROTATING = "rotating"
    """The next one after who was offered the last call, in the queue's order."""
    FEWEST_CALLS = "fewest-calls"
    """Who has answered least since he logged in; of equals the longest idle."""
    SKILLS = "skills"
    """The highest skill level first; of equals the longest idle."""
    RING_ALL = "ring-all"
    STICKY = "sticky"
    """Who served this caller last, waited for a while if need be; else the longest idle."""
    ORDERED = "ordered"
    """The first free one in the agents' order."""


class Membership(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An agent's place in a queue."""

    queue: str
    level: int = 1
    """Skill, 1 to 10; 10 is the best."""
    priority: int = 0
    """0 to 10: which of his queues he serves first. A point is worth so much waiting
    (:data:`PRIORITY_SECONDS`), so that no queue starves."""


class Agent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One who answers calls of queues (坐席)."""

    name: str
    """工号, spoken to the caller."""
    label: str = ""
    """The person's name."""
    target: str = ""
    """Where he is rung: one of the tenant's extensions, else a telephone number."""
    queues: tuple[Membership, ...] = ()
    wrap_up_seconds: float | None = None
    """After each call; None: as the queue says."""
    logged_in: bool = False
    """Whether he counts as logged in before he ever logged in or out: for agents on plain telephones."""


class Queue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A queue of callers (``queue:NAME``)."""

    name: str
    label: str = ""
    """Its name for people."""
    strategy: Strategy = Strategy.LONGEST_IDLE
    ring_seconds: float = 20.0
    """How long an agent is rung."""
    wrap_up_seconds: float = 10.0
    missed_limit: int = 3
    """Calls missed in a row after which an agent is paused; 0: never."""
    sticky_seconds: float = 30.0
    """How long a call waits for the agent who served its caller last (strategy sticky)."""
    vip_seconds: float = 300.0
    """A VIP caller is served as if he had come so much earlier."""
    max_waiting: int = 50
    max_wait_seconds: float = 900.0
    overflow: Destination | None = None
    """Where a call goes that finds the queue full or has waited too long; None: it ends with an
    announcement."""
    no_agents: Destination | None = None
    """Where it goes when nobody is logged in; None: it ends with an announcement."""
    no_agents_seconds: float = 30.0
    """How long those who wait already wait on when the last agent logs out."""
    closed: Destination | None = None
    """Where calls go out of hours, those still waiting at closing time too; None: an announcement."""
    hours: Schedule | None = None
    """When it is open; None: always."""
    music: str | None = None
    """Content address of what waiting callers hear; None: the shipped music."""
    comfort: str | None = None
    """Content address of the message between; None: the shipped one."""
    announce_seconds: float = 30.0
    """Between two messages to a waiting caller; 0: none at all."""
    announce_position: bool = True
    announce_wait: bool = True
    handling_seconds: float = 120.0
    """What a call is thought to take an agent until the queue has seen some."""
    source: str | None = None
    """Content address of what the agent hears before he is connected (来源播报), after "400 call"."""
    announce_agent: bool = True
    """Whether the caller hears who serves him (工号播报)."""
    rating: bool = False
    """Whether the caller is asked to rate the service 1 to 5 when the agent has hung up (服务评分)."""
    keys: dict[str, Destination] = {}
    """Key -> where a caller goes who presses it."""
    call_back_key: str = ""
    """Key by which a caller wishes to be called back and keeps his place; empty: none."""


PRIORITY_SECONDS = 60.0
"""So much waiting is a point of an agent's priority for a queue worth."""
