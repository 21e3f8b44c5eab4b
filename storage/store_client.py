"""ZEO's client storage with fewer messages and files for each blob.

ZEO's own makes and deletes a file to find a name for each blob, stores a blob's record twice, and wakes its
input-output thread for each object of a commit.
"""

from __future__ import annotations

import os
from collections import deque
from typing import Any

from ZEO.ClientStorage import ClientStorage
from ZEO.Exceptions import ClientDisconnected

TEMPORARY_SUFFIX = ".tmp"
"""What the server asks of the name of a file handed over in the shared blob directory."""

SENT_TOGETHER = 100
"""Messages that need no answer are sent at the latest when there are so many."""


class StoreClient(ClientStorage):  # type: ignore[misc]  # ZEO is untyped
    """What a process of the box reaches the store with."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._gathered: deque[tuple[str, tuple[Any, ...]]] = deque()
        super().__init__(*arguments, **options)
        self._call_server = self._server.call
        self._call = self._call_in_order
        self._async = self._gather

    def notify_disconnected(self) -> None:
        """Forget the object ids fetched ahead, too: a store that starts again gives them to somebody else.

        It counts on from the highest id that was committed, and knows nothing of what it had promised
        before. ZEO keeps them, so that two clients made different objects of one id.
        """
        super().notify_disconnected()
        self._oids.clear()

    def storeBlob(
        self, oid: bytes, serial: bytes, data: bytes, blobfilename: str, version: str, txn: Any
    ) -> None:
        """Store a blob; its file, which must have a name of its own, moves to the object's directory."""
        if not self.shared_blob_dir:
            super().storeBlob(oid, serial, data, blobfilename, version, txn)
            return
        buffer = self._check_trans(txn, "storeBlob")
        directory = self.fshelper.getPathForOID(oid)
        name = os.path.basename(blobfilename)
        if not name.endswith(TEMPORARY_SUFFIX):
            name += TEMPORARY_SUFFIX
        try:
            os.mkdir(directory)
        except FileExistsError:
            pass
        except FileNotFoundError:
            os.makedirs(directory, exist_ok=True)
        os.rename(blobfilename, os.path.join(directory, name))
        self._async("storeBlobShared", oid, serial, data, name, id(txn))
        buffer.store(oid, data)

    def _gather(self, method: str, *arguments: Any) -> None:
        """Keep a message that needs no answer until something is asked: all are sent in order, at once."""
        if not self._server.client.operational:
            raise ClientDisconnected
        self._gathered.append((method, arguments))
        if len(self._gathered) % SENT_TOGETHER == 0:  # a large commit: the store begins while it is made
            self._server.loop.call_soon_threadsafe(self._send_gathered)

    def _call_in_order(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Ask the server, after all that was gathered; object ids have no part in that order."""
        if self._gathered and method != "new_oids":
            self._server.loop.call_soon_threadsafe(self._send_gathered)
        return self._call_server(method, *arguments, **options)

    def _send_gathered(self) -> None:
        """Send what was gathered; in the input-output thread."""
        client = self._server.client
        messages = [self._gathered.popleft() for _ in range(len(self._gathered))]
        if client.operational:  # else the transaction is lost, as the question will tell
            client.call_async_iter(messages)
