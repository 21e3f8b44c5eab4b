"""Make blobs that a power cut cannot leave empty: ZODB renames a blob's file at commit without any fsync."""

from __future__ import annotations

import os
from pathlib import Path

from ZODB.blob import Blob


def blob_from_file(path: Path) -> Blob:
    """Return a new blob that takes the file over; its content is on disk when this returns.

    The file must be on the file system of the blob directory (it is renamed); it stays where it is if the
    transaction aborts before the blob is stored.
    """
    _fsync(path, os.O_RDONLY)
    blob = Blob()
    blob.consumeFile(str(path))
    return blob


def settle_blob(blob: Blob) -> None:
    """Make the committed blob's name durable. Call it after the commit, before the source is deleted."""
    with blob.open("r") as file:
        directory = Path(file.name).parent
    # A new object's directories are new up to the one that was there before; the tree is a few levels deep.
    while directory.name.startswith("0x"):
        _fsync(directory, os.O_RDONLY | os.O_DIRECTORY)
        directory = directory.parent
    _fsync(directory, os.O_RDONLY | os.O_DIRECTORY)


def _fsync(path: Path, flags: int) -> None:
    fd = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
