"""Which free agent a call is offered to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from domain.acd.configuration import Strategy
from domain.acd.line import QueuedCall
from domain.acd.seat import Seat

Rank = Callable[[Seat, QueuedCall], Any]
"""The lowest rank is offered the call."""


def _idle(seat: Seat, queued: QueuedCall) -> Any:
    return seat.idle_since


def _rotating(seat: Seat, queued: QueuedCall) -> Any:
    return seat.order <= queued.line.last_offered, seat.order


def _fewest(seat: Seat, queued: QueuedCall) -> Any:
    return seat.served, seat.idle_since


def _skilled(seat: Seat, queued: QueuedCall) -> Any:
    return -seat.memberships[queued.line.queue.name].level, seat.idle_since


def _ordered(seat: Seat, queued: QueuedCall) -> Any:
    return seat.order


RANKS: Final[dict[Strategy, Rank]] = {
    Strategy.LONGEST_IDLE: _idle,
    Strategy.ROTATING: _rotating,
    Strategy.FEWEST_CALLS: _fewest,
    Strategy.SKILLS: _skilled,
    Strategy.RING_ALL: _ordered,
    Strategy.STICKY: _idle,
    Strategy.ORDERED: _ordered,
}


def choose(queued: QueuedCall, free: list[Seat]) -> Seat | None:
    """Return which of the free agents of its queue a call is offered to; who missed it comes last."""
    if not free:
        return None
    rank = RANKS[queued.line.queue.strategy]
    misses = queued.misses
    if not misses:
        return min(free, key=lambda seat: (rank(seat, queued), seat.order))
    return min(free, key=lambda seat: (misses[seat.name], rank(seat, queued), seat.order))


def preferred(queued: QueuedCall, agent: str, now: float) -> tuple[Seat | None, bool]:
    """Return the agent who served this caller last if he is free, and whether to wait for him.

    He is waited for while he serves but is busy, for so long as the queue says.
    """
    seat = next((each for each in queued.line.members if each.name == agent), None)
    if seat is None or not seat.serves or queued.misses[agent]:
        return None, False
    if seat.is_free(now):
        return seat, False
    return None, now < queued.since + queued.line.queue.sticky_seconds
