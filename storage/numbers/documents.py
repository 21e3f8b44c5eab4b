"""Files of applications, and attachments, as blobs beside the recordings; facts are in the main storage.

The blob is committed first, the application then; a file that no application came to name goes at the next
sweep. Facts and blobs are in two storages, so no reference leads from one to the other.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from BTrees.OOBTree import OOBTree
from ZODB.blob import Blob

from domain.refusal import NotPossible
from storage.connection import Database
from storage.data_directory import fsync
from storage.durable_blobs import DirectoriesDurable
from storage.notices.outbox import new_id

SHELF: Final = "documents"
ATTACHMENTS: Final = "attachments"
"""The shelf of what people attach to tickets and articles."""
LETTERS: Final = "letters"
"""The shelf of what comes and goes with e-mails, of any type."""
MOST_BYTES: Final = 10 * 1024 * 1024
MOST_DOCUMENTS: Final = 20
"""Of one application."""
_TYPES: Final = (
    (b"%PDF-", "application/pdf", ".pdf"),
    (b"\xff\xd8\xff", "image/jpeg", ".jpg"),
    (b"\x89PNG\r\n\x1a\n", "image/png", ".png"),
)
SUFFIXES: Final = {name: suffix for _, name, suffix in _TYPES}


class Filed(NamedTuple):
    """A file that was stored."""

    id: str
    type: str
    octets: int
    sha256: str


class Documents:
    """The files. Every method raises StoreDown without a store."""

    def __init__(self, database: Database, shelf: str = SHELF) -> None:
        self._database = database
        self._shelf = shelf

    def add(self, content: bytes, at: float, kind: str = "") -> Filed:
        """Store a file; raises NotPossible for what is no PDF, JPEG or PNG, empty or too large.

        ``kind``: its type as its sender says, where files of any type are kept.
        """
        kind = kind or type_of(content)
        filed = Filed(new_id(at), kind, len(content), hashlib.sha256(content).hexdigest())

        def folder(mapping: Any) -> str:
            return str(mapping._p_jar.db().storage.temporaryDirectory())

        fd, name = tempfile.mkstemp(prefix="document-", dir=self._database.read(folder))
        path = Path(name)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(content)
            fsync(path, os.O_RDONLY)
            self._database.transact(
                lambda mapping: _take(mapping, self._shelf, filed.id, path), note="document", attempts=1
            )
        finally:
            path.unlink(missing_ok=True)
        return filed

    def read(self, name: str) -> bytes:
        """Return a file; raises NotPossible where there is none."""

        def work(mapping: Any) -> bytes:
            blob = mapping.get(self._shelf, {}).get(name)
            if blob is None:
                raise NotPossible(f"there is no file {name}", f"没有文件 {name}")
            with blob.open("r") as file:
                return bytes(file.read())

        return self._database.read(work)

    def any(self) -> bool:
        """Tell whether there is any file."""
        return self._database.read(lambda mapping: bool(mapping.get(self._shelf)))

    def remove(self, names: Iterable[str]) -> None:
        """Delete files, those that are there."""

        def work(mapping: Any) -> None:
            shelf = mapping.get(self._shelf, {})
            for name in names:
                shelf.pop(name, None)

        self._database.transact(work, note="remove documents")

    def sweep(self, known: Iterable[str], before: str) -> int:
        """Delete files with an id below ``before`` that nobody names; return how many."""
        kept = set(known)

        def work(mapping: Any) -> int:
            shelf = mapping.get(self._shelf, {})
            gone = [name for name in shelf if name < before and name not in kept]
            for name in gone:
                del shelf[name]
            return len(gone)

        return self._database.transact(work, note="sweep documents")


def _take(mapping: Any, shelf: str, name: str, path: Path) -> None:
    connection = mapping._p_jar
    if shelf not in mapping:
        mapping[shelf] = OOBTree()
    blob = Blob()
    connection.add(blob)
    blob.consumeFile(str(path))
    mapping[shelf][name] = blob
    connection.transaction_manager.get().join(DirectoriesDurable(connection.db().storage, [blob]))


def type_of(content: bytes) -> str:
    """Return what a file is by its first bytes; raises NotPossible."""
    if not content:
        raise NotPossible("the file is empty", "文件为空")
    if len(content) > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise NotPossible(f"the file has more than {most} MB", f"文件超过 {most} MB")
    for begins, name, _ in _TYPES:
        if content.startswith(begins):
            return name
    raise NotPossible("only PDF, JPEG and PNG files are taken", "只接受 PDF、JPEG、PNG 文件")
