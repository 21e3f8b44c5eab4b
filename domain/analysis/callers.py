"""Who calls again: a caller's call within seven days of his last one, whatever became of that. Pure.

A call that comes late finds its place among its caller's calls, so what is counted does not depend on the
order in which calls end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from domain.analysis.cell import Cell
from domain.analysis.figures import Groups

WINDOW_DAYS: Final = 7
WINDOW_MS: Final = WINDOW_DAYS * 86_400_000


class Change(NamedTuple):
    """What a call changes for itself and for the one before it."""

    groups: Groups
    cell: Cell


def is_again(before: Groups, after: Groups) -> bool:
    """Tell whether a call came within seven days of the one before it."""
    return after.ms - before.ms <= WINDOW_MS


def between(
    before: Groups | None, call: Groups, after: Groups | None, others: Iterable[Groups]
) -> tuple[Groups | None, Groups, Groups | None]:
    """Return a call with the ones next to it, of those known and of other calls of its caller."""
    for other in others:
        if _order(other) < _order(call):
            before = other if before is None else max(before, other, key=_order)
        else:
            after = other if after is None else min(after, other, key=_order)
    return before, call, after


def changes(before: Groups | None, call: Groups, after: Groups | None) -> list[Change]:
    """Return what a call changes that comes between two of its caller's calls; None: there was none."""
    return [*_relation(before, after, -1), *_relation(before, call, 1), *_relation(call, after, 1)]


class Callers:
    """Calls by caller, in memory: for who counts calls one by one."""

    def __init__(self) -> None:
        self._calls: dict[str, list[Groups]] = {}

    def take(self, caller: str, call: Groups) -> list[Change]:
        """Learn of a call; return what it changes. Empty ``caller``: he withheld his number, nothing."""
        if not caller:
            return []
        calls = self._calls.setdefault(caller, [])
        place = bisect_left(calls, (call.ms, call.id), key=_order)
        before, after = calls[place - 1 : place], calls[place : place + 1]
        calls.insert(place, call)
        return changes(before[0] if before else None, call, after[0] if after else None)


def _relation(before: Groups | None, after: Groups | None, sign: int) -> Iterator[Change]:
    if before is None or after is None or not is_again(before, after):
        return
    yield Change(after, Cell(repeats=sign))
    if before.answered:
        yield Change(before, Cell(again=sign))


def _order(call: Groups) -> tuple[int, str]:
    return call.ms, call.id
