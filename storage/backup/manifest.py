"""What a generation of a backup consists of."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

FORMAT: Final = 1
GENERATIONS: Final = "generations"
PARTIAL: Final = ".partial"


class BackupError(Exception):
    """A backup cannot be made, read or restored; the text says why and what to do."""


class Stretch(msgspec.Struct, frozen=True):
    """Part of a copied storage file, added by one backup."""

    start: int
    end: int
    sha256: str


class StorageCopy(msgspec.Struct, frozen=True):
    """How far a storage was copied: a whole number of transactions."""

    base: int
    """Number of the copy; a new one after each pack."""
    stretches: tuple[Stretch, ...]
    transactions: int
    last_tid: str
    """Transaction id of the last one, 16 hexadecimal digits; zeroes for an empty storage."""
    last_start: int
    """Where the last transaction begins."""
    blobs: int = 0
    """Blobs named by the copied transactions, deleted ones too."""
    blob_bytes: int = 0

    @property
    def bytes(self) -> int:
        """Length that belongs to this generation; the file may have grown since."""
        return self.stretches[-1].end if self.stretches else 0


class CopiedFile(msgspec.Struct, frozen=True):
    """A small file of a generation."""

    path: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """One generation."""

    format: int
    name: str
    at: float
    """UTC POSIX seconds when it was begun; everything committed before is in it."""
    main: StorageCopy
    recordings: StorageCopy
    recordings_count: int
    """Recordings that can be played."""
    recordings_seconds: float
    files: tuple[CopiedFile, ...]
    """Paths below the generation's directory."""
    prompts: tuple[CopiedFile, ...]
    """Paths below ``prompts/``."""
    missing: tuple[str, ...] = ()
    """Blobs that were named and not there: the box has lost them."""


def directory(target: Path, name: str) -> Path:
    """Return the directory of a generation."""
    return target / GENERATIONS / name


def base_path(target: Path, storage: str, copy: StorageCopy) -> Path:
    """Return the file that holds a storage's copy."""
    return target / storage / f"{copy.base:06d}.fs"


def read(target: Path, name: str) -> Manifest:
    """Return a generation's manifest; raises BackupError."""
    path = directory(target, name) / "manifest.json"
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise BackupError(f"{target}: there is no generation {name}") from error
    except msgspec.DecodeError as error:
        raise BackupError(f"{path} is damaged ({error}); take another generation") from error
    if manifest.format != FORMAT:
        raise BackupError(
            f"{path} has format {manifest.format}, this program reads {FORMAT}: use its version"
        )
    return manifest


def generations(target: Path) -> list[str]:
    """Return the names of the complete generations, oldest first."""
    try:
        names = os.listdir(target / GENERATIONS)
    except FileNotFoundError:
        return []
    return sorted(name for name in names if not name.endswith(PARTIAL))


def newest(target: Path) -> Manifest:
    """Return the newest generation; raises BackupError when there is none."""
    names = generations(target)
    if not names:
        raise BackupError(f"{target} holds no backup")
    return read(target, names[-1])


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Keep others from changing the backup directory; raises BackupError when somebody does."""
    fd = os.open(target / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(f"{target}: another backup is under way") from error
        yield
    finally:
        os.close(fd)
