"""How many agents callers need: Erlang B, Erlang C, and Erlang A, whose callers lose patience. Pure.

Erlang A is M/M/n+M, reckoned exactly from its birth-and-death chain (Mandelbaum and Zeltyn, The Palm/Erlang-A
Queue). Who meets ``k`` others waiting waits ``V``, the sum of exponentials with the rates ``n mu + j theta``,
j = 0 to k; ``exp(-theta V)`` has a beta distribution, so no approximation is needed. Rates are per second.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, exp
from typing import Final, NamedTuple

MOST_AGENTS: Final = 5000
NEGLIGIBLE: Final = 1e-12


class Load(NamedTuple):
    """What comes: calls a second, and how long each takes an agent."""

    rate: float
    handle_s: float

    @property
    def erlangs(self) -> float:
        """Agents' work that comes in a unit of time."""
        return self.rate * self.handle_s


class Served(NamedTuple):
    """How callers fare; shares from 0 to 1."""

    waiting: float
    """Share that waits at all."""
    level: float
    """Share that is answered within the target."""
    speed_s: float
    """Mean wait of all callers, in seconds; infinite where the queue grows for ever."""
    occupancy: float
    abandoned: float
    """Share that gives up."""


def erlang_b(erlangs: float, lines: int) -> float:
    """Return the share of calls that find all lines taken; ``lines`` 0 or more."""
    blocked = 1.0
    for line in range(1, lines + 1):
        blocked = erlangs * blocked / (line + erlangs * blocked)
    return blocked


def erlang_c(load: Load, agents: int, target_s: float) -> Served:
    """Return how callers fare who wait for ever."""
    erlangs = load.erlangs
    if not erlangs:
        return Served(0.0, 1.0, 0.0, 0.0, 0.0)
    if agents <= erlangs:
        return Served(1.0, 0.0, float("inf"), 1.0, 0.0)
    blocked = erlang_b(erlangs, agents)
    waiting = agents * blocked / (agents - erlangs * (1 - blocked))
    late = waiting * exp(-(agents - erlangs) * target_s / load.handle_s)
    return Served(waiting, 1 - late, waiting * load.handle_s / (agents - erlangs), erlangs / agents, 0.0)


def erlang_a(load: Load, agents: int, target_s: float, patience_s: float) -> Served:
    """Return how callers fare whose patience is exponential with this mean; ``agents`` 1 or more."""
    if not load.erlangs:
        return Served(0.0, 1.0, 0.0, 0.0, 0.0)
    service, leaving = agents / load.handle_s, 1 / patience_s
    # Probabilities relative to that of all agents busy and nobody waiting.
    free, part = 0.0, 1.0
    for busy in range(agents, 0, -1):
        part *= busy / load.erlangs
        free += part
        if part < NEGLIGIBLE * free:
            break
    shape = service / leaving
    least = exp(-leaving * target_s)
    queued, waiting, soon, length = 1.0, 0.0, 0.0, 0.0
    term = least ** (shape + 1)  # terms of the incomplete beta function; all are positive
    late, ahead = term, 0
    while True:
        served = shape / (shape + ahead + 1)
        waiting += queued
        soon += queued * served * (1 - min(1.0, late))
        length += queued * ahead
        ahead += 1
        queued *= load.rate / (service + ahead * leaving)
        term *= (1 - least) * (shape + ahead) / ahead
        late += term
        if queued < NEGLIGIBLE * waiting:
            break
    whole = free + waiting
    abandoned = leaving * length / whole / load.rate
    return Served(
        waiting / whole, (free + soon) / whole, length / whole / load.rate,
        load.erlangs * (1 - abandoned) / agents, abandoned,
    )  # fmt: skip


def agents_needed(
    load: Load, target_s: float, level: float, patience_s: float | None = None, occupancy: float = 1.0
) -> int:
    """Return the fewest agents with which a share ``level`` is answered within the target.

    ``patience_s`` None: by Erlang C. ``occupancy``: how much of their time agents may be busy at most. Raises
    ValueError where more than 5000 would be needed.
    """
    if not load.erlangs:
        return 0

    def enough(agents: int) -> bool:
        if patience_s is None:
            served = erlang_c(load, agents, target_s)
        else:
            served = erlang_a(load, agents, target_s, patience_s)
        return served.level >= level and served.occupancy <= occupancy

    return fewest(enough, 1 if patience_s is not None else ceil(load.erlangs))


def fewest(enough: Callable[[int], bool], least: int) -> int:
    """Return the fewest from ``least`` on that are enough; more must be enough too. Raises ValueError."""
    low, high = least - 1, max(1, least)
    while not enough(high):
        low, high = high, high * 2
        if high > 2 * MOST_AGENTS:
            raise ValueError(f"more than {MOST_AGENTS} would be needed")
    while high - low > 1:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle
    return high
