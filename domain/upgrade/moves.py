"""An upgrade as a state machine: what its journal says is done, and what comes next, forward or back.

Pure. The journal is a list of entries; :func:`next_move` reads nothing else, so that whoever finds an
unfinished journal after a power cut goes on where it ended. Until ``COMMIT`` is done every interruption leads
back to the old version; after it only tidying is left.

An upgrade of the whole system goes through a restart: the new system lies in the machine's other slot, is
tried once, and goes on with what the old one began. :func:`found_again` says what the slot that runs tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec


class Step(StrEnum):
    """What an upgrade does, in this order; ``steps_of`` says which of them."""

    VERIFY = "verify"
    """The signature, each part's hash, and whether this version may follow the one that runs."""
    SPACE = "space"
    INSTALL = "install"
    """The new version beside the old one; the box serves on."""
    WRITE = "write"
    """The new system into the slot that is idle; the box serves on."""
    TRIAL = "trial"
    """A private box of the new version takes a test call; the box serves on."""
    DRAIN = "drain"
    """No new calls; those up are waited for, or the upgrade is refused."""
    STOP = "stop"
    SNAPSHOT = "snapshot"
    """Database, audio and settings as they are, to go back to."""
    RESTART = "restart"
    """The machine starts the other slot once; all that follows is done by the new system."""
    EVOLVE = "evolve"
    """The data gets the new version's shape."""
    SWITCH = "switch"
    CONFIGURE = "configure"
    """The new version's roles configure the machine."""
    START = "start"
    HEALTH = "health"
    COMMIT = "commit"
    """From here on there is no way back."""
    TIDY = "tidy"


class Undo(StrEnum):
    """What going back does, in this order."""

    STOP = "stop-new"
    RESTART = "restart-old"
    """The machine starts the slot that is good; all that follows is done by the old system."""
    SWITCH = "switch-back"
    DATA = "put-back"
    CONFIGURE = "configure-back"
    START = "start-old"
    HEALTH = "health-old"
    DRAIN = "take-calls"
    REMOVE = "remove-new"


class Result(StrEnum):
    """How it ended."""

    UPGRADED = "upgraded"
    REFUSED = "refused"
    """Before anything was changed; the box never stopped."""
    ROLLED_BACK = "rolled-back"
    BROKEN = "broken"
    """Going back failed in part: somebody must look."""


class Began(msgspec.Struct, frozen=True, tag_field="e", tag="began"):
    """Somebody asked for it."""

    at: float
    """UTC POSIX seconds, as in all entries."""
    new: str
    """Version, as the bundle's name tells it until it is verified."""
    old: str
    by: str = ""
    wait_minutes: int | None = None
    """How long to wait for calls that are up; None: refuse when there are any."""
    slot: str = ""
    """Where the new system goes, ``a`` or ``b``; empty: only the program is another."""


class StepBegan(msgspec.Struct, frozen=True, tag_field="e", tag="step"):
    at: float
    step: Step
    boot: str = ""
    """The kernel's name for this start of the machine: a restart is over when it has another."""


class StepNote(msgspec.Struct, frozen=True, tag_field="e", tag="note"):
    """How far it is."""

    at: float
    en: str
    zh: str


class StepDone(msgspec.Struct, frozen=True, tag_field="e", tag="done"):
    at: float
    step: Step


class StepFailed(msgspec.Struct, frozen=True, tag_field="e", tag="failed"):
    at: float
    step: Step
    en: str
    zh: str


class Interrupted(msgspec.Struct, frozen=True, tag_field="e", tag="interrupted"):
    """The process that did it ended: the power was cut, or it was killed."""

    at: float


class UndoBegan(msgspec.Struct, frozen=True, tag_field="e", tag="undo"):
    at: float
    undo: Undo
    boot: str = ""


class UndoDone(msgspec.Struct, frozen=True, tag_field="e", tag="undone"):
    at: float
    undo: Undo


class UndoFailed(msgspec.Struct, frozen=True, tag_field="e", tag="undo-failed"):
    at: float
    undo: Undo
    en: str
    zh: str


class Ended(msgspec.Struct, frozen=True, tag_field="e", tag="ended"):
    at: float
    result: Result


Entry = (
    Began
    | StepBegan
    | StepNote
    | StepDone
    | StepFailed
    | Interrupted
    | UndoBegan
    | UndoDone
    | UndoFailed
    | Ended
)
Move = Step | Undo | Result

NEEDS: Final[dict[Undo, frozenset[Step]]] = {
    Undo.STOP: frozenset({Step.STOP}),
    Undo.RESTART: frozenset({Step.RESTART}),
    Undo.SWITCH: frozenset({Step.SWITCH}),
    Undo.DATA: frozenset({Step.EVOLVE, Step.RESTART}),
    Undo.CONFIGURE: frozenset({Step.CONFIGURE}),
    Undo.START: frozenset({Step.STOP}),
    Undo.HEALTH: frozenset({Step.STOP}),
    Undo.DRAIN: frozenset({Step.DRAIN}),
    Undo.REMOVE: frozenset({Step.INSTALL, Step.WRITE}),
}
"""Undo -> the steps that, once begun, make it necessary."""
AT_BOOT: Final[frozenset[Step | Undo]] = frozenset(
    {Step.EVOLVE, Undo.STOP, Undo.RESTART, Undo.SWITCH, Undo.DATA}
)
"""Done before the box starts with its machine; the rest when it is up."""
OF_PROGRAM: Final[frozenset[Step | Undo]] = frozenset(
    {Step.INSTALL, Step.TRIAL, Step.SWITCH, Undo.SWITCH, Undo.CONFIGURE}
)
"""Of an upgrade of the program alone: the other system has its own."""
OF_SYSTEM: Final[frozenset[Step | Undo]] = frozenset({Step.WRITE, Step.RESTART, Undo.RESTART})
NOT_STARTED: Final = (
    "The new system did not start (kernel, hang, or power cut): the machine started the old one",
    "新系统未能启动（内核故障、死机或断电），已自动启动原系统",
)
STARTED_AGAIN: Final = ("The machine started the new system once more", "重启后仍进入了新系统")


def is_over(journal: Sequence[Entry]) -> bool:
    """Tell whether nothing is left to do."""
    return bool(journal) and isinstance(journal[-1], Ended)


def begun(journal: Sequence[Entry]) -> frozenset[Step]:
    """Return the steps that were begun."""
    return frozenset(each.step for each in journal if isinstance(each, StepBegan))


def done(journal: Sequence[Entry]) -> frozenset[Step]:
    """Return the steps that were done."""
    return frozenset(each.step for each in journal if isinstance(each, StepDone))


def is_committed(journal: Sequence[Entry]) -> bool:
    """Tell whether the new version is the one to keep."""
    return Step.COMMIT in done(journal)


def slot_of(journal: Sequence[Entry]) -> str:
    """Return the slot that the new system goes into; empty: only the program is another."""
    return next((each.slot for each in journal if isinstance(each, Began)), "")


def steps_of(journal: Sequence[Entry]) -> list[Step]:
    """Return the steps of this upgrade, in their order."""
    others = OF_PROGRAM if slot_of(journal) else OF_SYSTEM
    return [step for step in Step if step not in others]


def under_way(journal: Sequence[Entry]) -> StepBegan | UndoBegan | None:
    """Return what was begun last and has not ended."""
    for entry in reversed(journal):
        if isinstance(entry, StepBegan | UndoBegan):
            return entry
        if isinstance(entry, StepDone | StepFailed | UndoDone | UndoFailed | Interrupted):
            return None
    return None


def found_again(journal: Sequence[Entry], at: float, *, boot: str, slot: str, good: str) -> Entry | None:
    """Return what is to be noted in a journal with which nobody goes on; None: nothing, it goes on.

    ``boot`` names the present start of the machine, ``slot`` the system that runs, ``good`` the one that the
    machine starts when it is not told otherwise; the last two are empty where there is one system.
    """
    new, last = slot_of(journal), under_way(journal)
    restarts = last is not None and bool(last.boot)
    if last is not None and restarts and last.boot == boot:
        return None  # it was on its way down: once more
    if goes_back(journal):
        if not isinstance(last, UndoBegan) or not restarts:
            return None
        return UndoDone(at, last.undo) if slot != new else UndoFailed(at, last.undo, *STARTED_AGAIN)
    if isinstance(last, StepBegan) and last.step is Step.RESTART:
        return StepDone(at, last.step) if slot == new else StepFailed(at, last.step, *NOT_STARTED)
    if new and slot == new:
        if last is None:
            return None  # handed over by the restart
        if isinstance(last, StepBegan) and last.step is Step.COMMIT and good == new:
            return StepDone(at, last.step)
    return Interrupted(at)


def goes_back(journal: Sequence[Entry]) -> bool:
    """Tell whether something went wrong before the commit."""
    return not is_committed(journal) and any(isinstance(each, StepFailed | Interrupted) for each in journal)


def may_be_put_back(journal: Sequence[Entry]) -> bool:
    """Tell whether what is written into the data now would be lost if the upgrade went back."""
    if not NEEDS[Undo.DATA] & begun(journal) or is_committed(journal) or is_over(journal):
        return False
    return not any(isinstance(each, UndoDone) and each.undo is Undo.DATA for each in journal)


def next_move(journal: Sequence[Entry]) -> Move:
    """Return what to do next: a step, an undo, or how it ends."""
    if goes_back(journal):
        return _next_undo(journal)
    finished = done(journal)
    if is_committed(journal) and any(isinstance(each, StepFailed) for each in journal):
        return Result.UPGRADED  # tidying failed; that is no reason to go back
    return next((step for step in steps_of(journal) if step not in finished), Result.UPGRADED)


def _next_undo(journal: Sequence[Entry]) -> Undo | Result:
    started = begun(journal)
    tried = {each.undo for each in journal if isinstance(each, UndoDone | UndoFailed)}
    for undo in Undo:
        if undo not in tried and NEEDS[undo] & started and not (slot_of(journal) and undo in OF_PROGRAM):
            return undo
    if any(isinstance(each, UndoFailed) for each in journal):
        return Result.BROKEN
    return Result.ROLLED_BACK if Step.STOP in started else Result.REFUSED


def reason(journal: Sequence[Entry]) -> tuple[str, str]:
    """Return why it did not go through, English and Chinese; two empty texts where it did."""
    told: list[tuple[str, str]] = []
    for entry in journal:
        if isinstance(entry, StepFailed | UndoFailed):
            told.append((entry.en, entry.zh))
        elif isinstance(entry, Interrupted) and not is_committed(journal):
            told.append(
                (
                    "It was interrupted (power cut, restart, or killed).",
                    "升级被中断（断电、重启或进程被终止）。",
                )
            )
    return "; ".join(en for en, _ in told), "；".join(zh for _, zh in told)
