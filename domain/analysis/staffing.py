"""How many agents each hour of the week needs, and how many there were. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from domain.analysis.cell import Cell
from domain.analysis.erlang import Load, Served, agents_needed, erlang_a, erlang_c
from domain.analysis.report import Report, Slot

HOUR_S: Final = 3600.0
LEVEL: Final = 0.8
"""80/20 is what the trade asks for."""
SECONDS: Final = 20
LEAST_GIVEN_UP: Final = 20
"""Patience is estimated from so many callers who gave up, at least."""
DEFAULT_PATIENCE_S: Final = 60.0
"""Assumed where too few gave up to tell."""


class Goal(NamedTuple):
    """What is wanted: a share answered within some seconds. ``wrap_up_s``: what agents do after a talk."""

    level: float = LEVEL
    seconds: int = SECONDS
    wrap_up_s: float = 0.0

    @property
    def short(self) -> str:
        """``80/20``."""
        return f"{self.level * 100:.0f}/{self.seconds}"


class Patience(NamedTuple):
    """How long callers wait before they give up, on average."""

    seconds: float
    estimated: bool
    """Whether the calls tell it; else it is assumed."""


class Advice(NamedTuple):
    """Agents for one hour of the week."""

    slot: Slot
    cell: Cell
    hourly: float
    """Calls to be answered in one such hour."""
    handle_s: float
    needed: int
    """By Erlang C: every caller waits."""
    needed_patient: int
    """By Erlang A: callers lose patience."""
    had: float
    """Agents who took calls, on average."""

    def expected(self, agents: int, goal: Goal, patience: Patience | None = None) -> Served:
        """Return how callers would fare with so many agents."""
        load = Load(self.hourly / HOUR_S, self.handle_s)
        if patience is None:
            return erlang_c(load, agents, goal.seconds)
        return erlang_a(load, max(1, agents), goal.seconds, patience.seconds)


def patience_of(cell: Cell) -> Patience:
    """Return the patience that calls tell, or what is assumed."""
    told = cell.patience_s
    if told is None or cell.abandoned < LEAST_GIVEN_UP:
        return Patience(DEFAULT_PATIENCE_S, False)
    return Patience(max(1.0, told), True)


def needed(hourly: float, handle_s: float, goal: Goal, patience: Patience | None = None) -> int:
    """Return the fewest agents for calls of one hour; raises ValueError where no box serves so many."""
    seconds = None if patience is None else patience.seconds
    return agents_needed(Load(hourly / HOUR_S, handle_s), goal.seconds, goal.level, seconds)


def handle_s(cell: Cell, all_calls: Cell, goal: Goal) -> float:
    """Return how long a call takes an agent: of the group where it tells, else of all calls."""
    talk = cell.average_s if cell.answered >= 5 else all_calls.average_s
    return max(1.0, talk + goal.wrap_up_s)


def advice(report: Report, goal: Goal) -> list[Advice]:
    """Return the advice for every hour of the week in which there were calls to be answered."""
    days, staff, patience = report.weekday_counts(), report.staff(), patience_of(report.all)
    found = []
    for slot, cell in sorted(report.slots().items()):
        if not cell.offered or not report.all.answered:
            continue
        hourly, takes = cell.offered / max(1, days[slot.weekday]), handle_s(cell, report.all, goal)
        found.append(
            Advice(
                slot, cell, hourly, takes, needed(hourly, takes, goal),
                needed(hourly, takes, goal, patience), staff.get(slot, 0.0),
            )
        )  # fmt: skip
    return found
