"""An upgrade as a state machine: what its journal says is done, and what comes next, forward or back.

Pure. The journal is a list of entries; :func:`next_move` reads nothing else, so that whoever finds an
unfinished journal after a power cut goes on where it ended. Until ``COMMIT`` is done every interruption leads
back to the old version; after it only tidying is left.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from domain.refusal import NotPossible


class Step(StrEnum):
    """What an upgrade does, in this order."""

    VERIFY = "verify"
    """The signature, each part's hash, and whether this version may follow the one that runs."""
    SPACE = "space"
    INSTALL = "install"
    """The new version beside the old one; the box serves on."""
    TRIAL = "trial"
    """A private box of the new version takes a test call; the box serves on."""
    DRAIN = "drain"
    """No new calls; those up are waited for, or the upgrade is refused."""
    STOP = "stop"
    SNAPSHOT = "snapshot"
    """Database, audio and settings as they are, to go back to."""
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


class StepBegan(msgspec.Struct, frozen=True, tag_field="e", tag="step"):
    at: float
    step: Step


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
    Undo.SWITCH: frozenset({Step.SWITCH}),
    Undo.DATA: frozenset({Step.EVOLVE}),
    Undo.CONFIGURE: frozenset({Step.CONFIGURE}),
    Undo.START: frozenset({Step.STOP}),
    Undo.HEALTH: frozenset({Step.STOP}),
    Undo.DRAIN: frozenset({Step.DRAIN}),
    Undo.REMOVE: frozenset({Step.INSTALL}),
}
"""Undo -> the steps that, once begun, make it necessary."""
AT_BOOT: Final = frozenset({Undo.STOP, Undo.SWITCH, Undo.DATA})
"""Done before the box starts with its machine; the rest when it is up."""


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


def goes_back(journal: Sequence[Entry]) -> bool:
    """Tell whether something went wrong before the commit."""
    return not is_committed(journal) and any(isinstance(each, StepFailed | Interrupted) for each in journal)


def may_be_put_back(journal: Sequence[Entry]) -> bool:
    """Tell whether what is written into the data now would be lost if the upgrade went back."""
    if Step.EVOLVE not in begun(journal) or is_committed(journal) or is_over(journal):
        return False
    return not any(isinstance(each, UndoDone) and each.undo is Undo.DATA for each in journal)


def next_move(journal: Sequence[Entry]) -> Move:
    """Return what to do next: a step, an undo, or how it ends."""
    if goes_back(journal):
        return _next_undo(journal)
    finished = done(journal)
    if is_committed(journal) and any(isinstance(each, StepFailed) for each in journal):
        return Result.UPGRADED  # tidying failed; that is no reason to go back
    return next((step for step in Step if step not in finished), Result.UPGRADED)


def _next_undo(journal: Sequence[Entry]) -> Undo | Result:
    started = begun(journal)
    tried = {each.undo for each in journal if isinstance(each, UndoDone | UndoFailed)}
    for undo in Undo:
        if undo not in tried and NEEDS[undo] & started:
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


class Manifest(msgspec.Struct, frozen=True):
    """What a bundle says of itself; signed."""

    version: str
    """``0.2.0+1a2b3c4d5e``."""
    released: int
    """UTC POSIX seconds of its sources' last change: what is older never follows what is newer."""
    schema: int
    """Last evolution step of its data."""
    files: tuple[Part, ...]
    format: int = 1
    product: str = "box400"
    platform: str = "debian-13-amd64"
    oldest: str = "0.1.0"
    """Oldest version that it can follow."""
    installed_bytes: int = 0
    """What it takes below the place of programs."""
    notes_en: str = ""
    notes_zh: str = ""
    """What is new, for people."""


class Part(msgspec.Struct, frozen=True):
    """A file of a bundle."""

    name: str
    bytes: int
    sha256: str


class Running(msgspec.Struct, frozen=True):
    """What runs now."""

    version: str
    released: int = 0
    """0: not known."""
    schema: int = 0
    platform: str = "debian-13-amd64"


_NUMBER: Final = re.compile(r"([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})(?:\+[0-9a-z.]{1,40})?", re.ASCII)


def number_of(version: str) -> tuple[int, int, int]:
    """Return the three numbers of a version; zeroes for what is none."""
    found = _NUMBER.fullmatch(version)
    return (int(found[1]), int(found[2]), int(found[3])) if found else (0, 0, 0)


def check_follows(manifest: Manifest, running: Running) -> None:
    """Make sure that a version may follow the one that runs; raises NotPossible."""
    new, old = manifest.version, running.version
    if _NUMBER.fullmatch(new) is None:
        raise NotPossible(f"{new!r} is no version", f"“{new}”不是有效的版本号")
    if new == old:
        raise NotPossible(f"Version {new} is running already", f"当前运行的就是 {new} 版本")
    if manifest.platform != running.platform:
        raise NotPossible(
            f"The bundle is for {manifest.platform}, this machine is {running.platform}",
            f"升级包适用于 {manifest.platform}，本机为 {running.platform}",
        )
    if _NUMBER.fullmatch(old) and number_of(old) < number_of(manifest.oldest):
        raise NotPossible(
            f"Version {old} is too old for {new}: upgrade to {manifest.oldest} first",
            f"当前版本 {old} 过旧，不能直接升级到 {new}，请先升级到 {manifest.oldest}",
        )
    if number_of(new) < number_of(old) or (running.released and manifest.released <= running.released):
        raise NotPossible(
            f"Version {new} is older than {old}, which runs: take a newer bundle",
            f"升级包 {new} 比当前版本 {old} 旧，请使用更新的升级包",
        )
    if manifest.schema < running.schema:
        raise NotPossible(
            f"The data is at step {running.schema}, version {new} knows {manifest.schema} only",
            f"当前数据结构为第 {running.schema} 步，{new} 只支持到第 {manifest.schema} 步",
        )
