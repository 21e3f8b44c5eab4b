"""Which calls reports count, and what each counts for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from domain.analysis.cell import cell_of, fate_of
from domain.analysis.figures import Counted, Groups
from domain.outcomes import Outcome
from storage.records.call_id import key_of, milliseconds_of
from storage.records.record import Moment
from storage.records.rows import CallRow

MOST_KEYS: Final = 8
"""Choices in menus that count for one call, the first ones."""
CHOSE: Final = "menu-chose "
"""Step of a call that chose in a menu: ``menu-chose NODE KEY``."""


def counts(row: CallRow) -> bool:
    """Tell whether a call came in: no call-back, nor what phones did for another call's sake or to change
    their agent's state."""
    return not (row.is_call_back or row.is_of_phone or row.outcome == Outcome.AGENT_CODE)


def counted(rows: Iterable[CallRow]) -> list[Counted]:
    """Return the calls among these that count."""
    return [count(row, began_ms(row)) for row in rows if counts(row)]


def count(row: CallRow, ms: int) -> Counted:
    """Return what a call counts for. ``ms``: when it began (:func:`began_ms`)."""
    groups, answered = groups_of(row, ms), row.answered
    cell = cell_of(
        fate_of(row.outcome, answered), row.outcome, wait_ms=row.waited_ms, talk_ms=row.talk_ms,
        access_ms=row.access_ms, fee_li=row.fee_li, rating=row.rating, named=bool(row.caller),
    )  # fmt: skip
    talk_from = groups.ms + max(0, row.end_ms - row.talk_ms)
    return Counted(groups, cell, row.outcome, row.rating, row.caller, talk_from, row.talk_ms)


def groups_of(row: CallRow, ms: int) -> Groups:
    """Return the groups that a call counts in. ``ms``: when it began (:func:`began_ms`)."""
    answered = row.answered
    return Groups(
        row.id, ms, row.number, f"{row.province}/{row.area_code}",
        tuple(dict.fromkeys(row.menu.split())), row.queue,
        (row.job_number or row.answered_by) if answered else "", answered,
    )  # fmt: skip


def began_ms(row: CallRow) -> int:
    """Return when a call began by its id, which its record is filed by; UTC POSIX milliseconds."""
    return milliseconds_of(key_of(row.id, row.start_ms / 1000))


def chosen(timeline: Sequence[Moment]) -> str:
    """Return what a caller chose in menus, as ``menu/node/key`` with spaces between."""
    menu, found = "", []
    for moment in timeline:
        if moment.what != "step":
            continue
        if moment.detail.startswith("flow "):
            menu = moment.detail.split(" ")[1]
        elif moment.detail.startswith(CHOSE):
            found.append(f"{menu}/{'/'.join(moment.detail[len(CHOSE) :].split(' '))}")
    return " ".join(found[:MOST_KEYS])
