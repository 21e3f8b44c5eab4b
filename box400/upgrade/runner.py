"""Carry an upgrade out: read from its journal what comes next, do it, write that down, until it is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from box400.upgrade.machine import Machine
from box400.upgrade.places import Places
from box400.upgrade.steps import HEALTH_SECONDS, Order, Steps, write_order
from domain.refusal import NotPossible
from domain.upgrade import (
    AT_BOOT,
    Began,
    Ended,
    Entry,
    Interrupted,
    Result,
    Step,
    StepBegan,
    StepDone,
    StepFailed,
    StepNote,
    Undo,
    UndoBegan,
    UndoDone,
    UndoFailed,
    goes_back,
    is_over,
    next_move,
)
from storage.upgrade.bundle import read_manifest, trusted_keys
from storage.upgrade.history import Journal, alone, begin, newest

Listener = Callable[[Entry], None]
Now = Callable[[], float]


def upgrade(
    places: Places,
    machine: Machine,
    bundle: Path,
    *,
    wait_minutes: int | None,
    by: str,
    tell: Listener,
    patience: float = HEALTH_SECONDS,
    journal_of: Callable[[Journal], Journal] = lambda journal: journal,
    now: Now = time.time,
) -> Result:
    """Upgrade to the version of a bundle; ``tell`` hears each entry of the journal.

    ``wait_minutes`` None refuses when calls are up. Raises NotPossible when nothing was begun: another
    upgrade is under way, or the last one was interrupted and is to be brought to its end first.
    """
    with alone(places.upgrades):
        last = newest(places.upgrades)
        if last is not None and last.entries and not is_over(last.entries):
            raise NotPossible(
                "The last upgrade was interrupted: box400 upgrade --resume brings it to its end first",
                "上一次升级被中断，请先执行 box400 upgrade --resume 完成收尾",
            )
        old = places.running().version
        try:
            new = read_manifest(bundle, trusted_keys(places.keys)).version
        except NotPossible:
            new = bundle.name  # the step that verifies says why, and that is kept
        order = Order(str(bundle.absolute()), old, new, wait_minutes, patience)
        write_order(places.upgrades / "order.json", order)
        places.link_runner(old)
        journal = journal_of(begin(places.upgrades, Began(now(), new, old, by, wait_minutes)))
        tell(journal.entries[0])
        result = _carry_on(places, machine, journal, order, tell, now, at_boot=False)
        assert result is not None  # only a boot stops on the way
        return result


def resume(
    places: Places,
    machine: Machine,
    *,
    at_boot: bool,
    tell: Listener,
    journal_of: Callable[[Journal], Journal] = lambda journal: journal,
    now: Now = time.time,
) -> Result | None:
    """Bring an interrupted upgrade to its end; None when there is none. Raises NotPossible while one goes on.

    ``at_boot``: only what must be done before the box starts with its machine; the rest is for a second call.
    """
    with alone(places.upgrades):
        journal = newest(places.upgrades)
        if journal is None or not journal.entries or is_over(journal.entries):
            places.runner.unlink(missing_ok=True)
            return None
        journal = journal_of(journal)
        order = msgspec.json.decode((places.upgrades / "order.json").read_bytes(), type=Order)
        if not goes_back(journal.entries):
            journal.append(Interrupted(now()))
            tell(journal.entries[-1])
        return _carry_on(places, machine, journal, order, tell, now, at_boot=at_boot)


def _carry_on(
    places: Places,
    machine: Machine,
    journal: Journal,
    order: Order,
    tell: Listener,
    now: Now,
    *,
    at_boot: bool,
) -> Result | None:
    def put(entry: Entry) -> None:
        journal.append(entry)
        tell(entry)

    steps = Steps(places, machine, order, lambda en, zh: put(StepNote(now(), en, zh)))
    while True:
        move = next_move(journal.entries)
        if isinstance(move, Result):
            put(Ended(now(), move))
            places.runner.unlink(missing_ok=True)
            return move
        if at_boot and move not in AT_BOOT:
            return None
        if isinstance(move, Step):
            _do(steps, move, put, now)
        else:
            _undo(steps, move, put, now, at_boot)


def _do(steps: Steps, step: Step, put: Listener, now: Now) -> None:
    put(StepBegan(now(), step))
    try:
        steps.do(step)
    except Exception as error:  # whatever it is: a box that is stopped must come up again
        put(StepFailed(now(), step, *_told(error)))
    else:
        put(StepDone(now(), step))


def _undo(steps: Steps, undo: Undo, put: Listener, now: Now, at_boot: bool) -> None:
    put(UndoBegan(now(), undo))
    try:
        if not (at_boot and undo is Undo.STOP):  # nothing runs yet
            steps.undo(undo)
    except Exception as error:  # the steps back that are left are the more needed
        put(UndoFailed(now(), undo, *_told(error)))
    else:
        put(UndoDone(now(), undo))


def _told(error: Exception) -> tuple[str, str]:
    if isinstance(error, NotPossible):
        return error.en, error.zh
    told = str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"[:400]
    return told, f"系统错误：{told}"
