"""Blob files that survive a power cut: their content before the commit, their names in the vote."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from ZODB.blob import Blob

from storage.data_directory import fsync


class DirectoriesDurable:
    """Makes the names of new blob files durable in the vote: they are in place, nothing is committed yet.

    ZODB renames a blob's file without any fsync: a power cut would leave the commit without its file.
    """

    transaction_manager: Any = None

    def __init__(self, storage: Any, blobs: Sequence[Blob]) -> None:
        self._helper = getattr(storage, "fshelper", None)
        self._blobs = blobs

    def sortKey(self) -> str:
        return "~~~ after every storage"

    def tpc_vote(self, transaction: Any) -> None:
        if self._helper is None:  # a storage that keeps blobs elsewhere and answers for them itself
            return
        top = os.path.normpath(self._helper.base_dir)
        wanted = {top}
        for blob in self._blobs:
            directory = os.path.normpath(self._helper.getPathForOID(blob._p_oid))
            while directory not in wanted and len(directory) > len(top):
                wanted.add(directory)
                directory = os.path.dirname(directory)
        for directory in wanted:
            fsync(directory, os.O_RDONLY | os.O_DIRECTORY)

    def tpc_begin(self, transaction: Any) -> None: ...

    def commit(self, transaction: Any) -> None: ...

    def tpc_finish(self, transaction: Any) -> None: ...

    def tpc_abort(self, transaction: Any) -> None: ...

    def abort(self, transaction: Any) -> None: ...
