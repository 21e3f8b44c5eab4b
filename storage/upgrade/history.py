"""The journals of upgrades: one file of JSON lines each, appended durably, read by pages and alarms.

They lie where only root writes on the appliance (``$BOX400_UPGRADES``, ``/data/upgrade``) and outlive every
rollback; elsewhere in ``upgrades/`` of the data directory.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from domain.refusal import NotPossible
from domain.upgrade.moves import Began, Ended, Entry, StepFailed, may_be_put_back, reason
from storage.data_directory import DataDirectory

MOST_SHOWN: Final = 50
_decode = msgspec.json.Decoder(Entry).decode  # type: ignore[arg-type, unused-ignore]


def place_of(data: DataDirectory) -> Path:
    """Return where the journals of a box's upgrades lie."""
    named = os.environ.get("BOX400_UPGRADES")
    return Path(named) if named else data.root / "upgrades"


class Journal:
    """One upgrade's journal: what was read of it and what is appended."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[Entry] = read_entries(path)

    def append(self, entry: Entry) -> None:
        """Write an entry durably, then know it."""
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode(entry) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.entries.append(entry)


def read_entries(path: Path) -> list[Entry]:
    """Return the entries of a journal; a torn last line is none."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    return [_decode(line) for line in lines if line]


def begin(place: Path, began: Began) -> Journal:
    """Make the journal of a new upgrade, durably."""
    history = place / "history"
    history.mkdir(mode=0o755, parents=True, exist_ok=True)
    stem = datetime.fromtimestamp(began.at, UTC).strftime("%Y%m%dT%H%M%SZ")
    taken = sum(1 for _ in history.glob(f"{stem}*.jsonl"))
    path = history / (f"{stem}+{taken:02d}.jsonl" if taken else f"{stem}.jsonl")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    os.close(descriptor)
    folder = os.open(history, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    journal = Journal(path)
    journal.append(began)
    return journal


def newest(place: Path) -> Journal | None:
    """Return the journal of the last upgrade; None when there was none."""
    files = _files(place)
    return Journal(files[-1]) if files else None


def stands_still(place: Path) -> bool:
    """Tell whether the newest upgrade can still go back: what is changed now would be lost with it."""
    last = newest(place)
    return last is not None and may_be_put_back(last.entries)


class Story(NamedTuple):
    """An upgrade as people see it."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def began(self) -> Began:
        """Who asked for what."""
        first = self.entries[0]
        assert isinstance(first, Began)
        return first

    @property
    def ended(self) -> Ended | None:
        """How it ended; None while it goes on."""
        last = self.entries[-1]
        return last if isinstance(last, Ended) else None

    @property
    def reason(self) -> tuple[str, str]:
        """Why it did not go through, English and Chinese."""
        return reason(self.entries)

    @property
    def failed_at(self) -> str:
        """The step that failed first; empty: none."""
        return next((str(each.step) for each in self.entries if isinstance(each, StepFailed)), "")


def stories(place: Path, most: int = MOST_SHOWN) -> list[Story]:
    """Return the last upgrades, newest first."""
    found = [(path.stem, read_entries(path)) for path in reversed(_files(place)[-most:])]
    return [Story(name, tuple(entries)) for name, entries in found if entries]


def _files(place: Path) -> list[Path]:
    return sorted((place / "history").glob("*.jsonl"))


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Keep other upgrades away; raises NotPossible while one goes on."""
    place.mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor = os.open(place / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotPossible("Another upgrade is under way", "另一个升级正在进行") from None
        yield
    finally:
        os.close(descriptor)
