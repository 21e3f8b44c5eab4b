"""Who calls again: a caller's call within seven days of his last one, whatever became of that. Pure.

The calls of a caller are kept in the order in which they began; a call that comes late finds its place, so
what is counted does not depend on the order in which calls end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from domain.analysis.cell import Cell
from domain.analysis.figures import Groups

WINDOW_DAYS: Final = 7
WINDOW_MS: Final = WINDOW_DAYS * 86_400_000
KEPT: Final = 16
"""Calls of one caller that are kept, the latest: as many may be up at once and yet be told in order."""


class Change(NamedTuple):
    """What a call changes for itself and for the one before it."""

    groups: Groups
    cell: Cell


def is_again(before: Groups, after: Groups) -> bool:
    """Tell whether a call came within seven days of the one before it."""
    return after.ms - before.ms <= WINDOW_MS


def with_call(history: Sequence[Groups], call: Groups) -> tuple[list[Groups], list[Change]]:
    """Return a caller's calls with one more, and what that changes. ``history`` is in the order of time."""
    place = bisect_left(history, (call.ms, call.id), key=_order)
    before = history[place - 1] if place else None
    after = history[place] if place < len(history) else None
    changes = [
        *_relation(before, after, -1),
        *_relation(before, call, 1),
        *_relation(call, after, 1),
    ]
    return [*history[:place], call, *history[place:]][-KEPT:], changes


def _relation(before: Groups | None, after: Groups | None, sign: int) -> Iterator[Change]:
    if before is None or after is None or not is_again(before, after):
        return
    yield Change(after, Cell(repeats=sign))
    if before.answered:
        yield Change(before, Cell(again=sign))


def _order(call: Groups) -> tuple[int, str]:
    return call.ms, call.id
