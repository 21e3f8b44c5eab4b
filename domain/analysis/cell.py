"""What the calls of one group come to. Pure; cells of parts add up to that of the whole."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from enum import StrEnum
from operator import add
from typing import Final

import msgspec

from domain.customers.missed import is_missed
from domain.outcomes import Outcome

TARGETS: Final = (5, 10, 15, 20, 30, 40, 60, 90, 120, 180, 300, 600)
"""Seconds at which waits are told apart: a service level may be asked for each of them."""


class Fate(StrEnum):
    """What became of a call, in the words of reports."""

    ANSWERED = "answered"
    BUSY = "busy"
    """遇忙: nobody was free, or no line was."""
    NO_ANSWER = "no-answer"
    """无应答: it rang, or waited, in vain."""
    ABANDONED = "abandoned"
    """放弃: the caller hung up before anybody answered."""
    OTHER = "other"
    """Ended by a menu, turned away by a rule, left a message ..."""


_BUSY: Final = frozenset(
    {
        Outcome.BUSY, Outcome.QUEUE_FULL, Outcome.OVER_TENANT_LIMIT, Outcome.OVER_TRUNK_LIMIT,
        Outcome.OVER_BOX_LIMIT, Outcome.RUNG_TOO_OFTEN,
    }
)  # fmt: skip
_NO_ANSWER: Final = frozenset(
    {
        Outcome.NO_ANSWER, Outcome.REFUSED_BY_TARGET, Outcome.NO_AGENTS, Outcome.WAITED_TOO_LONG,
        Outcome.NOTHING_BOUND,
    }
)  # fmt: skip
_ABANDONED: Final = frozenset(
    {
        Outcome.GAVE_UP_WELCOME, Outcome.GAVE_UP_RINGING, Outcome.GAVE_UP_EARLY, Outcome.GAVE_UP_QUEUE,
        Outcome.GAVE_UP_MENU, Outcome.GAVE_UP_PIN,
    }
)  # fmt: skip
OUTCOMES: Final[dict[Fate, frozenset[Outcome]]] = {
    Fate.BUSY: _BUSY,
    Fate.NO_ANSWER: _NO_ANSWER,
    Fate.ABANDONED: _ABANDONED,
}
"""The ends of calls that nobody answered, by their fate; all others are :data:`Fate.OTHER`."""


def fate_of(outcome: str, answered: bool) -> Fate:
    """Return what became of a call; ``answered``: somebody talked with the caller."""
    if answered:
        return Fate.ANSWERED
    return next((fate for fate, outcomes in OUTCOMES.items() if outcome in outcomes), Fate.OTHER)


class Cell(msgspec.Struct, array_like=True):
    """Counts and sums of calls; times in milliseconds, money in 厘. New fields go to the end."""

    calls: int = 0
    answered: int = 0
    busy: int = 0
    no_answer: int = 0
    abandoned: int = 0
    missed: int = 0
    """Not answered, and somebody should have: busy, no answer, abandoned, and others to call back."""
    talk_ms: int = 0
    access_ms: int = 0
    wait_ms: int = 0
    """Waits of the answered ones."""
    lost_ms: int = 0
    """Waits of the missed ones."""
    fee_li: int = 0
    rated: int = 0
    points: int = 0
    named: int = 0
    """Calls of callers who showed their number."""
    repeats: int = 0
    """Of these, calls whose caller had called within the seven days before."""
    known: int = 0
    """Answered calls of callers who showed their number."""
    again: int = 0
    """Of these, those whose caller called again within the seven days after."""
    soon: list[int] = []
    """Answered, by wait: one count for each of TARGETS (up to it), one for longer; empty where not kept."""
    gone: list[int] = []
    """Abandoned, by wait, likewise."""

    def add(self, other: Cell) -> None:
        """Add another cell to this one."""
        self.calls += other.calls
        self.answered += other.answered
        self.busy += other.busy
        self.no_answer += other.no_answer
        self.abandoned += other.abandoned
        self.missed += other.missed
        self.talk_ms += other.talk_ms
        self.access_ms += other.access_ms
        self.wait_ms += other.wait_ms
        self.lost_ms += other.lost_ms
        self.fee_li += other.fee_li
        self.rated += other.rated
        self.points += other.points
        self.named += other.named
        self.repeats += other.repeats
        self.known += other.known
        self.again += other.again
        self.soon = _both(self.soon, other.soon)
        self.gone = _both(self.gone, other.gone)

    def plain(self) -> Cell:
        """Return a copy without the waits told apart, for groups of which there are many."""
        return msgspec.structs.replace(self, soon=[], gone=[])

    @property
    def offered(self) -> int:
        """Calls that somebody should have answered."""
        return self.answered + self.missed

    @property
    def unanswered(self) -> int:
        """Calls that nobody answered, for whatever reason."""
        return self.calls - self.answered

    @property
    def share(self) -> float:
        """How many of all calls were answered, 0 to 1."""
        return self.answered / self.calls if self.calls else 0.0

    @property
    def average_s(self) -> float:
        """Average talk of the answered ones, in seconds."""
        return self.talk_ms / self.answered / 1000 if self.answered else 0.0

    @property
    def speed_s(self) -> float:
        """Average wait of the answered ones, in seconds (ASA)."""
        return self.wait_ms / self.answered / 1000 if self.answered else 0.0

    @property
    def rating(self) -> float | None:
        """Average rating; None: nobody rated."""
        return self.points / self.rated if self.rated else None

    @property
    def cost_li(self) -> float | None:
        """Fees for each answered call, in 厘: all fees count; None: none was answered."""
        return self.fee_li / self.answered if self.answered else None

    @property
    def repeat_share(self) -> float | None:
        """How many calls came from callers of the seven days before, 0 to 1."""
        return self.repeats / self.named if self.named else None

    @property
    def first_call_share(self) -> float | None:
        """First-call resolution: answered calls whose caller did not call again within seven days, 0 to 1."""
        return 1 - self.again / self.known if self.known else None

    @property
    def patience_s(self) -> float | None:
        """Mean patience of callers, in seconds; None: nobody gave up.

        All waiting divided by how often somebody gave up: the maximum-likelihood estimate where patience is
        exponential and the answered ones are censored (Mandelbaum and Zeltyn, The Palm/Erlang-A Queue).
        """
        return (self.wait_ms + self.lost_ms) / self.abandoned / 1000 if self.abandoned else None


def sum_of(cells: Sequence[Cell], *, waits: bool = True) -> Cell:
    """Return the sum of cells, one at least; not ``waits``: without these told apart (:meth:`Cell.plain`)."""
    *counts, soon, gone = zip(*map(msgspec.structs.astuple, cells), strict=True)
    told_apart = (_sums(soon), _sums(gone)) if waits else ((), ())
    return msgspec.convert((*map(sum, counts), *told_apart), Cell)


def _sums(lists: Iterable[list[int]]) -> list[int]:
    return [sum(column) for column in zip(*filter(None, lists), strict=True)]


def _both(mine: list[int], others: list[int]) -> list[int]:
    """Return counts by wait added up; those of who keeps none are empty."""
    if not others:
        return mine
    return list(map(add, mine, others)) if mine else list(others)


def no_waits() -> list[int]:
    """Return counts by wait, all nought."""
    return [0] * (len(TARGETS) + 1)


def bucket(wait_ms: int) -> int:
    """Return which count of ``Cell.soon`` a wait belongs to."""
    return bisect_left(TARGETS, wait_ms / 1000)


def cell_of(
    fate: Fate,
    outcome: str,
    *,
    wait_ms: int,
    talk_ms: int,
    access_ms: int,
    fee_li: int,
    rating: int,
    named: bool,
) -> Cell:
    """Return the cell of one call."""
    answered = fate is Fate.ANSWERED
    missed = not answered and is_missed(outcome)
    made = Cell(
        1, answered, fate is Fate.BUSY, fate is Fate.NO_ANSWER, fate is Fate.ABANDONED, missed, talk_ms,
        access_ms, wait_ms if answered else 0, wait_ms if missed else 0, fee_li, rating > 0, rating, named, 0,
        named and answered, 0, no_waits(), no_waits(),
    )  # fmt: skip
    if answered:
        made.soon[bucket(wait_ms)] = 1
    elif fate is Fate.ABANDONED:
        made.gone[bucket(wait_ms)] = 1
    return made
