"""Put a generation back as a data directory."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec

from storage.backup import manifest as manifests
from storage.backup.copying import append_range, copy_whole, sha256_of, sync_directories
from storage.backup.making import blob_path
from storage.backup.manifest import BackupError, Manifest, StorageCopy
from storage.backup.transactions import blobs
from storage.backup.viewing import opened
from storage.data_directory import DataDirectory, write_atomically
from storage.journal import JournalReader
from storage.recordings import Recordings


def restore(target: Path, data_dir: Path, generation: str | None = None, *, aside: bool = False) -> Manifest:
    """Make ``data_dir`` what a generation (None: the newest) was; return its manifest.

    Refuses a directory with anything in it, unless ``aside``: what is there is then moved beside it, as
    ``<data_dir>.before-<time>``. Hashes are compared while copying. Raises BackupError, OSError; a directory
    that was not finished holds a file ``restore-unfinished``.
    """
    manifest = manifests.newest(target) if generation is None else manifests.read(target, generation)
    _require_stopped(DataDirectory(data_dir))
    if data_dir.exists() and any(data_dir.iterdir()):
        if not aside:
            raise BackupError(f"{data_dir} is not empty: name another directory, or move it aside (--aside)")
        data_dir.rename(data_dir.with_name(f"{data_dir.name}.before-{int(time.time())}"))
    data = DataDirectory(data_dir)
    data.create()
    mark = data.root / "restore-unfinished"
    write_atomically(mark, manifest.name.encode())
    for storage, copy in (("main", manifest.main), ("recordings", manifest.recordings)):
        _put_back_storage(target, storage, copy, data.store / f"{storage}.fs")
    _put_back_blobs(target, manifest, data)
    folder = manifests.directory(target, manifest.name)
    for file in manifest.files:
        _put_back(folder / file.path, data.root / file.path, file.sha256)
    for file in manifest.prompts:
        _put_back(target / "prompts" / file.path, data.prompts / file.path, file.sha256)
    _forget_spools(data)
    _compare(data, manifest)
    sync_directories((data.store, data.prompts, data.journal, data.snapshots, data.root))
    mark.unlink()
    return manifest


def _require_stopped(data: DataDirectory) -> None:
    """Refuse a directory whose box runs: its store would write into the restored files."""
    lock = data.store / "main.fs.lock"
    if data.store_socket.exists() and lock.exists():
        try:
            pid = int(lock.read_text().split()[0])
            os.kill(pid, 0)
        except (ValueError, IndexError, ProcessLookupError, PermissionError):
            return
        raise BackupError(f"the box in {data.root} is running (store: process {pid}); stop it first")


def _put_back_storage(target: Path, storage: str, copy: StorageCopy, path: Path) -> None:
    base = manifests.base_path(target, storage, copy)
    if not copy.stretches:
        return
    source = os.open(base, os.O_RDONLY | os.O_CLOEXEC)
    try:
        for stretch in copy.stretches:
            if append_range(source, stretch.start, stretch.end, path) != stretch.sha256:
                raise BackupError(f"{base} is damaged between {stretch.start} and {stretch.end}")
    finally:
        os.close(source)


def _put_back_blobs(target: Path, manifest: Manifest, data: DataDirectory) -> None:
    """Copy the audio that the generation's recordings name; what was deleted before is left out."""
    there, here = target / "blobs", data.store / "blobs"
    here.mkdir(mode=0o750, exist_ok=True)
    write_atomically(here / ".layout", b"bushy")
    (here / "tmp").mkdir(mode=0o750, exist_ok=True)
    path = data.store / "recordings.fs"
    directories: set[Path] = set()
    for blob in blobs(path, 0, manifest.recordings.bytes) if manifest.recordings.bytes else ():
        copied = blob_path(there, blob)
        if not copied.exists():
            continue  # deleted and packed away before the backup, or missing; ``verify`` tells which
        wanted = blob_path(here, blob)
        copy_whole(copied, wanted)
        directories.update((wanted.parent, wanted.parent.parent))
    sync_directories(directories)


def _put_back(source: Path, path: Path, digest: str) -> None:
    copy_whole(source, path)
    if sha256_of(path) != digest:
        raise BackupError(f"{source} is damaged; take another generation")


def _forget_spools(data: DataDirectory) -> None:
    """Tell the recorder that the journal is read: spools are in no backup, their calls are over."""
    reader = JournalReader(data.journal)
    while reader.read():
        pass
    position = reader.position
    reader.close()
    place = {"sequence": position.sequence, "offset": position.offset}
    write_atomically(data.spool / "recorder.json", msgspec.json.encode(place))


def _compare(data: DataDirectory, manifest: Manifest) -> None:
    """Open what was put back and count."""
    if not manifest.recordings.transactions:
        return
    with opened(data.store, "recordings", manifest.recordings, path=data.store / "recordings.fs") as database:
        count = Recordings(database).total().count
    if count != manifest.recordings_count:
        raise BackupError(f"{count} recordings were restored, {manifest.recordings_count} were backed up")
