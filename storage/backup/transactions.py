"""The transactions of a FileStorage file, read from outside while its server goes on appending to it.

A file begins with a 4-octet magic; then transactions follow each other: an 8-octet id, the length (without
its own repetition at the end), a status, data records. Status ``c`` marks one that is being committed.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from ZODB.blob import is_blob_record
from ZODB.FileStorage import FileIterator
from ZODB.utils import p64, u64

from storage.backup.manifest import BackupError

MAGIC: Final = b"FS30"
_HEADER: Final = struct.Struct(">8sQcHHH")


class Extent(NamedTuple):
    """A run of whole transactions."""

    end: int
    transactions: int
    last_tid: bytes
    last_start: int


class BlobName(NamedTuple):
    """A blob as its file is named."""

    oid: bytes
    tid: bytes


def extent(file: int, start: int, known: Extent) -> Extent:
    """Return how far whole, committed transactions reach in an open file from ``start`` (0: all of it)."""
    at, count, tid, last = start, known.transactions, known.last_tid, known.last_start
    if at == 0:
        if os.pread(file, len(MAGIC), 0) != MAGIC:
            raise BackupError("not a FileStorage file")
        at = len(MAGIC)
    size = os.fstat(file).st_size
    while True:
        header = os.pread(file, _HEADER.size, at)
        if len(header) < _HEADER.size:
            break
        name, length, status, *_ = _HEADER.unpack(header)
        end = at + length + 8
        if status == b"c" or end > size or os.pread(file, 8, end - 8) != header[8:16]:
            break
        at, count, tid, last = end, count + 1, name, at
    return Extent(at, count, tid, last)


def begins_with(file: int, known: Extent) -> bool:
    """Whether an open file still begins with what was copied: it was not packed since."""
    if not known.transactions:
        return os.fstat(file).st_size >= known.end
    header = os.pread(file, _HEADER.size, known.last_start)
    if len(header) < _HEADER.size:
        return False
    name, length, *_ = _HEADER.unpack(header)
    return bool(name == known.last_tid and known.last_start + length + 8 == known.end)


def blobs(path: Path, start: int, end: int) -> Iterator[BlobName]:
    """Yield the blobs that the transactions between two places of a closed file wrote."""
    with closing(FileIterator(str(path), pos=max(start, len(MAGIC)))) as transactions:
        for transaction in transactions:
            if transaction._tpos >= end:
                return
            names = {  # ZEO writes the record of a blob twice
                BlobName(record.oid, record.tid): None
                for record in transaction
                if record.data is not None and is_blob_record(record.data)
            }
            yield from names


def after(tid: bytes) -> bytes:
    """Return the next transaction id, for views that end with ``tid``."""
    return bytes(p64(u64(tid) + 1))
