"""Make a backup of a box, running or not, reading its files only."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from ZODB.blob import BushyLayout

from storage.backup import manifest as manifests
from storage.backup.copying import append_range, copy_described, copy_or_link, copy_whole, sync_directories
from storage.backup.manifest import BackupError, CopiedFile, Manifest, StorageCopy, Stretch
from storage.backup.transactions import BlobName, Extent, begins_with, blobs, extent
from storage.backup.viewing import recordings_at
from storage.data_directory import DataDirectory, write_atomically

log = logging.getLogger(__name__)

MAIN: Final = "main"
RECORDINGS: Final = "recordings"
_NOTHING: Final = Extent(0, 0, bytes(8), 0)
_KEPT: Final = ("settings.json", "clock.json", "retention.json")
_TREES: Final = ("journal", "snapshots", "places")
_layout = BushyLayout()
Copy = Callable[[Path, Path], None]


def blob_path(directory: Path, blob: BlobName) -> Path:
    """Return where a blob lies below a blob directory."""
    return directory / str(_layout.getBlobFilePath(blob.oid, blob.tid))


def backup(data_dir: Path, target: Path, *, link: bool = False) -> Manifest:
    """Add a generation to a backup directory (made if need be) and return its manifest.

    Copies what is new since the generation before. Works while the box runs; what is committed when it is
    called is in it. ``link``: audio, which never changes, is linked where possible; for a copy that is only
    the source of another one. Raises BackupError, OSError; generations before are untouched then.
    """
    data = DataDirectory(data_dir)
    if not (data.store / "main.fs").exists():
        raise BackupError(f"{data.root} holds no store; name the data directory of a box")
    target.mkdir(mode=0o750, parents=True, exist_ok=True)
    with manifests.locked(target):
        names = manifests.generations(target)
        before = manifests.read(target, names[-1]) if names else None
        for _attempt in range(3):
            made = _generation(data, target, before, copy_or_link if link else copy_whole)
            if made is not None:
                return made
        raise BackupError(f"{data.root}: the recordings were packed during each of three attempts; try later")


def _generation(data: DataDirectory, target: Path, before: Manifest | None, copy: Copy) -> Manifest | None:
    """Make one generation; None when a pack took blobs away in the middle."""
    at = time.time()
    name = _name(target, at)
    # Main first: what it says of recordings is then in the recordings' copy, which is later.
    main = _copy_storage(data.store / "main.fs", target, MAIN, before.main if before else None)
    source = data.store / "recordings.fs"
    inode = source.stat().st_ino
    recordings = _copy_storage(source, target, RECORDINGS, before.recordings if before else None)
    recordings, missing = _copy_blobs(data, target, before, recordings, copy)
    if missing and source.stat().st_ino != inode:
        log.info("recordings were packed while they were copied; again")
        return None
    prompts = _copy_prompts(data, target)
    folder = manifests.directory(target, name + manifests.PARTIAL)
    shutil.rmtree(folder, ignore_errors=True)
    files = _copy_files(data, folder, manifests.directory(target, before.name) if before else None)
    count, seconds = recordings_at(target, recordings)
    made = Manifest(
        manifests.FORMAT, name, at, main, recordings, count, seconds, files, prompts, tuple(missing)
    )
    write_atomically(folder / "manifest.json", msgspec.json.format(msgspec.json.encode(made)) + b"\n")
    sync_directories((target / MAIN, target / RECORDINGS, target / "prompts", folder))
    folder.rename(manifests.directory(target, name))
    sync_directories((target / manifests.GENERATIONS, target))
    return made


def _name(target: Path, at: float) -> str:
    """Return a name that sorts after all before, even when the clock was set back."""
    name = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
    names = manifests.generations(target)
    if names and names[-1] >= name:
        head, _, number = names[-1].partition("+")
        name = f"{head}+{int(number or 0) + 1:06d}"
    return name


def _copy_storage(source: Path, target: Path, storage: str, before: StorageCopy | None) -> StorageCopy:
    """Copy a storage's new transactions, or all of it into a new base when it was packed."""
    (target / storage).mkdir(mode=0o750, exist_ok=True)
    file = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        known = _NOTHING if before is None else _extent_of(before)
        if (
            before is not None
            and before.stretches
            and begins_with(file, known)
            and _is_whole(target, storage, before)
        ):
            base, stretches = before.base, before.stretches
        else:
            base, stretches, known = _next_base(target, storage), (), _NOTHING
        reached = extent(file, known.end, known)
        made = StorageCopy(base, stretches, reached.transactions, reached.last_tid.hex(), reached.last_start)
        if reached.end > known.end:
            path = manifests.base_path(target, storage, made)
            digest = append_range(file, known.end, reached.end, path)
            stretches = (*stretches, Stretch(known.end, reached.end, digest))
            made = msgspec.structs.replace(made, stretches=stretches)
        return made
    finally:
        os.close(file)


def _extent_of(copy: StorageCopy) -> Extent:
    return Extent(copy.bytes, copy.transactions, bytes.fromhex(copy.last_tid), copy.last_start)


def _is_whole(target: Path, storage: str, copy: StorageCopy) -> bool:
    path = manifests.base_path(target, storage, copy)
    return path.exists() and path.stat().st_size >= copy.bytes


def _next_base(target: Path, storage: str) -> int:
    numbers = [int(path.stem) for path in (target / storage).glob("[0-9]*.fs")]
    return max(numbers, default=0) + 1


def _copy_blobs(
    data: DataDirectory, target: Path, before: Manifest | None, copy: StorageCopy, copy_file: Copy
) -> tuple[StorageCopy, list[str]]:
    """Copy the blobs of the new transactions; return the copy with their number, and what is missing."""
    same = before is not None and before.recordings.base == copy.base
    start = before.recordings.bytes if before is not None and same else 0
    count = before.recordings.blobs if before is not None and same else 0
    size = before.recordings.blob_bytes if before is not None and same else 0
    here, there = data.store / "blobs", target / "blobs"
    if not (there / ".layout").exists():
        there.mkdir(mode=0o750, exist_ok=True)
        write_atomically(there / ".layout", b"bushy")
    absent: list[BlobName] = []
    path = manifests.base_path(target, RECORDINGS, copy)
    for blob in blobs(path, start, copy.bytes) if copy.bytes > start else ():
        copied = blob_path(there, blob)
        if not copied.exists():
            try:
                copy_file(blob_path(here, blob), copied)
            except FileNotFoundError:
                absent.append(blob)
                continue
            sync_directories((copied.parent, copied.parent.parent))
        count += 1
        size += copied.stat().st_size
    missing = [blob_path(Path(), blob).as_posix() for blob in absent] if absent else []
    return msgspec.structs.replace(copy, blobs=count, blob_bytes=size), missing


def _copy_prompts(data: DataDirectory, target: Path) -> tuple[CopiedFile, ...]:
    folder = target / "prompts"
    folder.mkdir(mode=0o750, exist_ok=True)
    return tuple(
        copy_described(path, folder / path.name, path.name, folder / path.name)
        for path in sorted(data.prompts.glob("[0-9a-f]*.*"))
    )


def _copy_files(data: DataDirectory, folder: Path, before: Path | None) -> tuple[CopiedFile, ...]:
    """Copy settings, snapshots, imported places and the journal into the generation's directory."""
    paths = [data.root / name for name in _KEPT]
    for tree in _TREES:
        paths += sorted((data.root / tree).rglob("*.jnl" if tree == "journal" else "*.json"))
    copied = []
    folder.mkdir(mode=0o750, parents=True)
    for path in paths:
        name = path.relative_to(data.root).as_posix()
        try:
            copied.append(copy_described(path, folder / name, name, before / name if before else None))
        except FileNotFoundError:
            continue  # never made, or let go meanwhile
    return tuple(copied)
