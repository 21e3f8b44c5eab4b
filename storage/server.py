"""The ``store`` process: a ZEO server with two file storages on a UNIX socket.

Whoever opens its socket can run code in it (pickles), hence 0660 in a 0750 directory and never TCP.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, Final

import msgspec
import transaction
from ZEO.StorageServer import StorageServer
from ZODB import DB
from ZODB.FileStorage import FileStorage
from ZODB.FileStorage.FileStorage import FileStorageError
from ZODB.serialize import referencesf

from domain.structures import learn_structures
from storage.backup_schedule import BackupSchedule
from storage.connection import MAIN, RECORDINGS
from storage.data_directory import DataDirectory, write_atomically
from storage.evolution import evolve_main
from storage.machine.readiness import notify
from storage.offsite.schedule import OffsiteSchedule
from storage.serving.snapshots import read_box

log = logging.getLogger(__name__)

TRANSACTION_SECONDS: Final = 30
"""A client that holds the commit lock longer is cut off (it was stopped or hangs)."""
INVALIDATIONS: Final = 5000
"""Transactions after which a client that comes back must drop its cache."""
PACK_HOUR: Final = 19
"""UTC hour (03 in Beijing) in which the main storage is packed each day; retention packs the recordings."""
PACK_KEEPS: Final = 86400.0
"""Seconds of history that packing leaves, to look back and to undo by hand."""
WATCHDOG_SECONDS: Final = 5.0
INDEX_SECONDS: Final = 300
"""How often the index is saved: opening after a kill then scans minutes of data, not all of it."""


class DamageWatch(logging.Handler):
    """Remembers what FileStorage says when it cuts a damaged tail off: it says so in the log only."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message if it tells of truncation or damage."""
        message = record.getMessage()
        if any(word in message for word in ("truncat", "invalid", "damaged", "redundant")):
            self.found.append(message)


class StoreStatus(msgspec.Struct, frozen=True):
    """What ``run/store.json`` tells."""

    pid: int
    damage: tuple[str, ...] = ()
    """What was cut off the storages when they were opened; not empty: alarm, compare with the backup."""
    evolved: tuple[str, ...] = ()
    main_bytes: int = 0
    recordings_bytes: int = 0


def status_path(data: DataDirectory) -> Path:
    """Return where the store tells how it is."""
    return data.run / "store.json"


class Store:
    """The storages and their server."""

    def __init__(self, data: DataDirectory) -> None:
        os.umask(0o027)
        data.create()
        watch = DamageWatch()
        zodb_log = logging.getLogger("ZODB.FileStorage")
        zodb_log.addHandler(watch)
        try:
            # pack_keep_old would keep a copy of the whole file, so packing would free nothing.
            self._main = FileStorage(str(data.store / "main.fs"), pack_keep_old=False)
            self._recordings = FileStorage(
                str(data.store / "recordings.fs"), blob_dir=str(data.store / "blobs"), pack_keep_old=False
            )
        finally:
            zodb_log.removeHandler(watch)
        for damage in watch.found:
            log.critical("storage was damaged: %s", damage)
        evolved = evolve_storage(self._main)
        _make_root(self._recordings)
        self._server = _serve(str(data.store_socket), {MAIN: self._main, RECORDINGS: self._recordings})
        self._stop = threading.Event()
        self._schedules = (
            BackupSchedule(data, lambda: read_box(data).backup),
            OffsiteSchedule(data, lambda: read_box(data).offsite),
        )
        status = StoreStatus(
            os.getpid(), tuple(watch.found), tuple(evolved), self._main.getSize(), self._recordings.getSize()
        )
        write_atomically(status_path(data), msgspec.json.encode(status))

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        learn_structures()
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        threading.Thread(target=self._keep_up, name="upkeep", daemon=True).start()
        backups = [
            threading.Thread(target=each.keep_looking, args=(self._stop,), name=type(each).__name__)
            for each in self._schedules
        ]
        for thread in backups:
            thread.start()
        notify("READY=1")
        self._beat()
        self._server.loop()
        self._stop.set()
        for thread in backups:
            thread.join()
        self._main.close()
        self._recordings.close()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        notify("STOPPING=1")
        self._server.close()

    def _beat(self) -> None:
        """Tell systemd's watchdog again and again that the server takes its turns."""
        notify("WATCHDOG=1")
        if self._server.acceptor is None:  # it was told to end
            return
        self._server.acceptor.event_loop.call_later(WATCHDOG_SECONDS, self._beat)

    def _keep_up(self) -> None:
        packed = ""
        while not self._stop.wait(INDEX_SECONDS):
            for storage in (self._main, self._recordings):
                with storage._lock:
                    storage._save_index()
            due = pack_due(packed, time.time())
            if due:
                packed = due
                pack(self._main)


def pack_due(packed: str, now: float) -> str:
    """Return the day (UTC) to pack for when it is time, "" otherwise; ``packed`` is the last such day."""
    moment = datetime.fromtimestamp(now, UTC)
    day = moment.date().isoformat()
    return day if moment.hour == PACK_HOUR and day != packed else ""


def pack(storage: FileStorage) -> None:
    """Free what records and configuration no longer need; a fault is logged, the storage is as it was."""
    before = storage.getSize()
    try:
        storage.pack(time.time() - PACK_KEEPS, referencesf)
    except (FileStorageError, OSError) as error:
        log.error("packing failed: %s", error)
        return
    log.info("packed from %d to %d bytes", before, storage.getSize())


def evolve_storage(storage: FileStorage) -> list[str]:
    """Run the missing steps and return their names; the storage stays open: the server goes on to use it."""
    db = DB(storage)
    manager = transaction.TransactionManager(explicit=True)
    manager.begin()
    connection = db.open(manager)
    done = evolve_main(connection.root())
    manager.commit()
    connection.close()
    return done


def _make_root(storage: FileStorage) -> None:
    """Give an empty storage its root: of two clients that open it first at once, one fails at making it."""
    DB(storage)


def _serve(address: str, storages: dict[str, Any]) -> StorageServer:
    before = os.umask(0o117)
    try:
        return StorageServer(
            address,
            storages,
            invalidation_queue_size=INVALIDATIONS,
            transaction_timeout=TRANSACTION_SECONDS,
        )
    finally:
        os.umask(before)
