"""Carry an upgrade out: read from its journal what comes next, do it, write that down, until it is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from box400.upgrade.machine import Machine
from box400.upgrade.places import CURRENT, Places
from box400.upgrade.steps import HEALTH_SECONDS, Order, Steps, write_order
from domain.refusal import NotPossible
from domain.upgrade.moves import (
    AT_BOOT,
    Began,
    Ended,
    Entry,
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
    found_again,
    is_over,
    next_move,
)
from domain.upgrade.release import SYSTEM
from storage.upgrade.bundle import read_manifest, trusted_keys
from storage.upgrade.history import Journal, alone, begin, newest
from storage.upgrade.slots import other

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
) -> Result | None:
    """Upgrade to what a bundle holds; ``tell`` hears each entry of the journal.

    None: the machine restarts into its other system, which goes on.
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
        running, slot = places.running(), ""
        try:
            manifest = read_manifest(bundle, trusted_keys(places.keys))
        except NotPossible:
            new = bundle.name  # the step that verifies says why, and that is kept
        else:
            new = manifest.version
            slot = other(running.slot) if manifest.format == SYSTEM else ""
        order = Order(str(bundle.absolute()), running.version, new, wait_minutes, patience, slot)
        write_order(places.upgrades / "order.json", order)
        places.link_runner(CURRENT if slot else running.version)  # each system has its own
        began = Began(now(), new, running.version, by, wait_minutes, slot)
        journal = journal_of(begin(places.upgrades, began))
        tell(began)
        return _carry_on(places, machine, journal, order, tell, now, at_boot=False)


def resume(
    places: Places,
    machine: Machine,
    *,
    at_boot: bool,
    tell: Listener,
    journal_of: Callable[[Journal], Journal] = lambda journal: journal,
    now: Now = time.time,
) -> Result | None:
    """Bring an upgrade that was left to its end. Raises NotPossible while one goes on.

    None: there is none, or the machine restarts.
    ``at_boot``: only what must be done before the box starts with its machine; the rest is for a second call.
    """
    with alone(places.upgrades):
        journal = newest(places.upgrades)
        if journal is None or not journal.entries or is_over(journal.entries):
            places.runner.unlink(missing_ok=True)
            return None
        journal = journal_of(journal)
        order = msgspec.json.decode((places.upgrades / "order.json").read_bytes(), type=Order)
        slots = places.slots
        found = found_again(journal.entries, now(), boot=slots.boot, slot=slots.running, good=slots.good)
        if found is not None:
            journal.append(found)
            tell(found)
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
            _do(steps, move, put, now, places)
        else:
            _undo(steps, move, put, now, places, at_boot)
        if steps.goes_down:
            return None


def _do(steps: Steps, step: Step, put: Listener, now: Now, places: Places) -> None:
    put(StepBegan(now(), step, places.slots.boot if step is Step.RESTART else ""))
    try:
        steps.do(step)
    except Exception as error:  # whatever it is: a box that is stopped must come up again
        put(StepFailed(now(), step, *_told(error)))
    else:
        if not steps.goes_down:
            put(StepDone(now(), step))


def _undo(steps: Steps, undo: Undo, put: Listener, now: Now, places: Places, at_boot: bool) -> None:
    put(UndoBegan(now(), undo, places.slots.boot if undo is Undo.RESTART else ""))
    try:
        if not (at_boot and undo is Undo.STOP):  # nothing runs yet
            steps.undo(undo)
    except Exception as error:  # the steps back that are left are the more needed
        put(UndoFailed(now(), undo, *_told(error)))
    else:
        if not steps.goes_down:
            put(UndoDone(now(), undo))


def _told(error: Exception) -> tuple[str, str]:
    if isinstance(error, NotPossible):
        return error.en, error.zh
    told = str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"[:400]
    return told, f"系统错误：{told}"
