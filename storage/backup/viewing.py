"""Look into a backup's copy of the recordings as of one generation, changing nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ZODB import DB
from ZODB.FileStorage import FileStorage

from storage.backup.manifest import StorageCopy, base_path
from storage.backup.transactions import after
from storage.connection import Database
from storage.recordings import Recordings


@contextmanager
def opened(target: Path, storage: str, copy: StorageCopy, *, path: Path | None = None) -> Iterator[Database]:
    """Open a storage's copy, read only, as of a generation; audio too, from ``target/blobs``.

    ``path`` names another file than the backup's with the same content.
    """
    path = path or base_path(target, storage, copy)
    blob_dir = str(target / "blobs") if storage == "recordings" else None
    stop = after(bytes.fromhex(copy.last_tid))

    def open_copy() -> DB:
        return DB(FileStorage(str(path), read_only=True, stop=stop, blob_dir=blob_dir))

    database = Database(open_copy)
    try:
        yield database
    finally:
        database.close()


def recordings_at(target: Path, copy: StorageCopy) -> tuple[int, float]:
    """Return how many recordings a generation has, and their seconds in all."""
    if not copy.transactions:
        return 0, 0.0
    with opened(target, "recordings", copy) as database:
        total = Recordings(database).total()
    return total.count, total.seconds
