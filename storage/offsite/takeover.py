"""Put restored data in the place of what a new box has: ``take_over``, before anything of the box runs.

``DATA/restore/`` holds it all (``restoring.py`` fills it):

    request.json   what was asked for; gone when somebody has begun
    state.json     how far it is
    data/          what was restored, whole and counted
    take           somebody wants it in place
    before/        what lay there before

Only names are moved, so it may be interrupted at any place and done again.
"""

from __future__ import annotations

import os
import shutil
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from storage.data_directory import DataDirectory, fsync, write_atomically

REQUEST: Final = "request.json"
KEPT: Final = frozenset(
    {
        "restore", "run", "run.path", "log", "trace", "offsite", "settings.json", "web.secret", "setup-code",
        "set-up", "upgrade-safe", "upgrades", "inbox",
        "machine-wish.json", "machine-result.json", "machine-facts.json",
    }
)  # fmt: skip
"""Of the machine, not of what the box knows: stays as the new box has it."""


class Phase(StrEnum):
    """How far it is."""

    ASKED = "asked"
    CONNECTING = "connecting"
    FETCHING = "fetching"
    CHECKING = "checking"
    READY = "ready"
    TAKING = "taking"
    DONE = "done"
    FAILED = "failed"


class Restoring(msgspec.Struct, frozen=True):
    """How far the restore of a new box is, and what is in the backup."""

    to: str
    """The repository."""
    phase: Phase
    made: float = 0.0
    """When the backup was made, UTC POSIX seconds."""
    size: int = 0
    """Bytes of it, unpacked."""
    fetched: int = 0
    """Bytes that are here."""
    tenants: int = 0
    numbers: int = 0
    records: int = 0
    recordings: int = 0
    why: str = ""
    """Why it failed."""
    why_zh: str = ""

    @property
    def percent(self) -> int:
        """Of what is to be fetched."""
        return min(100, 100 * self.fetched // self.size) if self.size else 0

    @property
    def goes_on(self) -> bool:
        """Whether something happens by itself."""
        return self.phase not in (Phase.READY, Phase.DONE, Phase.FAILED)


def place_of(data: DataDirectory) -> Path:
    """Return the directory of it all."""
    return data.root / "restore"


def read_state(data: DataDirectory) -> Restoring | None:
    """Return how far it is; None: nothing was asked for."""
    try:
        return msgspec.json.decode((place_of(data) / "state.json").read_bytes(), type=Restoring)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def write_state(data: DataDirectory, state: Restoring) -> None:
    """Write it, whole or not at all."""
    write_atomically(place_of(data) / "state.json", msgspec.json.encode(state))


def is_asked(data: DataDirectory) -> bool:
    """Tell whether a restore waits for somebody to begin it."""
    return (place_of(data) / REQUEST).exists()


def is_done(data: DataDirectory) -> bool:
    """Tell whether this box runs on data that were restored."""
    state = read_state(data)
    return state is not None and state.phase is Phase.DONE


def is_wanted(data: DataDirectory) -> bool:
    """Tell whether the box is to be started anew with what was restored."""
    return (place_of(data) / "take").exists()


def take_over(data: DataDirectory) -> bool:
    """Do it if it is wanted; tell whether it was. The box must be down. Raises OSError."""
    if not is_wanted(data):
        return False
    place = place_of(data)
    new, before = place / "data", place / "before"
    before.mkdir(mode=0o700, exist_ok=True)
    names = {path.name for folder in (data.root, new) if folder.is_dir() for path in folder.iterdir()}
    for name in sorted(names - KEPT):
        here, wanted, old = data.root / name, new / name, before / name
        # Without the new one, what is here may be the new one itself: then the old one has been moved.
        if here.exists() and not old.exists() and (wanted.exists() or not _was_moved(place, name)):
            here.rename(old)
        if wanted.exists():
            wanted.rename(here)
    fsync(data.root, os.O_RDONLY | os.O_DIRECTORY)
    state = read_state(data)
    if state is not None:
        write_state(data, msgspec.structs.replace(state, phase=Phase.DONE))
    (place / "take").unlink()
    shutil.rmtree(new, ignore_errors=True)
    return True


def want(data: DataDirectory) -> None:
    """Say that the box is to be started anew with it, and which names it brings."""
    place = place_of(data)
    shutil.rmtree(place / "before", ignore_errors=True)
    names = "\n".join(sorted(path.name for path in (place / "data").iterdir()))
    write_atomically(place / "take", names.encode())


def _was_moved(place: Path, name: str) -> bool:
    return name in (place / "take").read_text(encoding="utf-8").split("\n")
