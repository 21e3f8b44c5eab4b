"""系统升级: bundles that were brought, asking the machine for an upgrade, and how upgrades went."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Final, NamedTuple

from domain.refusal import NotPossible
from domain.upgrade.moves import (
    Entry,
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
    steps_of,
)
from domain.upgrade.release import Manifest, Running, check_follows
from domain.upgrade.words import STEPS, UNDOS
from storage.data_directory import DataDirectory
from storage.upgrade.bundle import MOST_BYTES, read_manifest, trusted_keys, verify
from storage.upgrade.history import Story, place_of, stories
from storage.upgrade.installed import running_in
from storage.upgrade.request import Request, ask, asked, inbox_of
from storage.upgrade.slots import Slots

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,120}\.bundle", re.ASCII)
PART: Final = ".part"
WAITS: Final = (10, 30, 60, 120)
"""Minutes that may be waited for calls."""


class Offer(NamedTuple):
    """A bundle that was brought."""

    name: str
    bytes: int
    manifest: Manifest | None
    refusal: NotPossible | None
    """Why it cannot be used; None: it can."""


class Line(NamedTuple):
    """A step as it is shown."""

    words: tuple[str, str]
    state: str
    """``done``, ``now``, ``failed`` or ``open``."""
    note: tuple[str, str] = ("", "")


def is_possible() -> bool:
    """Tell whether this is a machine whose own service waits for what the pages ask for."""
    return "BOX400_UPGRADES" in os.environ


def running() -> Running:
    """Return the version of this very process; ``development`` where it was not installed by a bundle."""
    program = Path(sys.prefix)
    version = program.name if (program / "complete").exists() else "development"
    return running_in(program, version, Slots(Path("/")))


def add_part(data: DataDirectory, name: str, offset: int, content: bytes, *, last: bool) -> None:
    """Add a part of a file that is brought, the first one at 0; raises NotPossible.

    The last one makes the file whole, and it is checked: one that is no good bundle is dropped.
    """
    if NAME.fullmatch(name) is None:
        raise NotPossible("Its name must be like box400-1.2.3.bundle", "文件名应类似 box400-1.2.3.bundle")
    if offset + len(content) > MOST_BYTES:
        raise NotPossible(f"It is larger than {MOST_BYTES >> 20} MiB", f"文件超过 {MOST_BYTES >> 20} MiB")
    inbox = inbox_of(data)
    inbox.mkdir(mode=0o750, exist_ok=True)
    _require_room(inbox, len(content))
    part = inbox / (name + PART)
    if offset != (part.stat().st_size if part.exists() and offset else 0):
        raise NotPossible("The upload was interrupted: begin anew", "上传中断，请重新上传")
    with part.open("ab" if offset else "wb") as file:
        file.write(content)
    if last:
        try:
            verify(part, trusted_keys(keys()))
        except NotPossible:
            part.unlink()
            raise
        part.replace(inbox / name)


def _require_room(inbox: Path, wanted: int) -> None:
    system = os.statvfs(inbox)
    if system.f_bavail * system.f_frsize < wanted + (256 << 20):
        raise NotPossible("The data disk is nearly full: make room", "数据盘空间不足，请先清理")


def keys() -> Path:
    """Return where the keys are that this box trusts."""
    return Path(os.environ.get("BOX400_UPGRADE_KEYS", "/etc/box400/upgrade-keys"))


def offers(data: DataDirectory) -> list[Offer]:
    """Return the bundles that are there, the last brought first."""
    files = sorted(
        (path for path in inbox_of(data).glob("*.bundle") if path.is_file()),
        key=lambda path: path.stat().st_mtime, reverse=True,
    )  # fmt: skip
    return [_offer(path) for path in files]


def _offer(path: Path) -> Offer:
    manifest = None
    try:
        manifest = read_manifest(path, trusted_keys(keys()))
        check_follows(manifest, running())
    except NotPossible as refusal:
        return Offer(path.name, path.stat().st_size, manifest, refusal)
    return Offer(path.name, path.stat().st_size, manifest, None)


def remove(data: DataDirectory, name: str) -> None:
    """Drop a bundle."""
    if NAME.fullmatch(name) is not None:
        (inbox_of(data) / name).unlink(missing_ok=True)


def begin(data: DataDirectory, name: str, by: str, wait_minutes: int | None) -> Manifest:
    """Ask the machine for it; raises NotPossible."""
    if not is_possible():
        raise NotPossible(
            "This box was not installed as an appliance: upgrade it by its own means",
            "本机不是一体机安装，请用原安装方式升级",
        )
    if under_way(data) is not None or asked(data) is not None:
        raise NotPossible("Another upgrade is under way", "另一个升级正在进行")
    found = next((each for each in offers(data) if each.name == name), None)
    if found is None:
        raise NotPossible("The bundle is gone", "升级包已不存在")
    if found.refusal is not None or found.manifest is None:
        raise found.refusal or NotPossible("The bundle is gone", "升级包已不存在")
    ask(data, Request(name, by, wait_minutes))
    return found.manifest


def history(data: DataDirectory) -> list[Story]:
    """Return the last upgrades, newest first."""
    return stories(place_of(data))


def under_way(data: DataDirectory) -> Story | None:
    """Return the upgrade that goes on."""
    last = next(iter(stories(place_of(data), 1)), None)
    return last if last is not None and last.ended is None else None


def lines(journal: tuple[Entry, ...]) -> list[Line]:
    """Return the steps of an upgrade as they are now."""
    states: dict[Step | Undo, str] = {}
    notes: dict[Step | Undo, tuple[str, str]] = {}
    last: Step | Undo | None = None
    for entry in journal:
        if isinstance(entry, StepBegan | StepDone | StepFailed):
            last, state = entry.step, {StepBegan: "now", StepDone: "done", StepFailed: "failed"}[type(entry)]
            states[entry.step] = state
        elif isinstance(entry, UndoBegan | UndoDone | UndoFailed):
            last, state = entry.undo, {UndoBegan: "now", UndoDone: "done", UndoFailed: "failed"}[type(entry)]
            states[entry.undo] = state
        if isinstance(entry, StepNote | StepFailed | UndoFailed) and last is not None:
            notes[last] = (entry.en, entry.zh)
    back = goes_back(journal)
    shown = [step for step in steps_of(journal) if step in states or not back]
    found = [Line(STEPS[step], states.get(step, "open"), notes.get(step, ("", ""))) for step in shown]
    return found + [
        Line(UNDOS[undo], states[undo], notes.get(undo, ("", ""))) for undo in Undo if undo in states
    ]
