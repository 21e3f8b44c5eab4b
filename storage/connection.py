"""Open the box's databases and run transactions in them.

Any process may open them; only ``store`` touches the files. A lost store raises :class:`StoreDown` within
about two seconds and is no conflict: who called decides when to try again.
"""

from __future__ import annotations

import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import transaction
import zodburi
from transaction.interfaces import TransientError
from ZEO.Exceptions import ClientDisconnected, ServerException
from ZODB import DB
from ZODB.DemoStorage import DemoStorage
from ZODB.POSException import StorageError

from storage.data_directory import DataDirectory
from storage.evolution import evolve_main, require_current
from storage.models import ROOT_KEY, Root
from storage.store_client import StoreClient

T = TypeVar("T")

MAIN: Final = "main"
RECORDINGS: Final = "recordings"
WAIT_SECONDS: Final = 2.0
"""How long one operation waits for a lost store to come back before it raises StoreDown."""
ATTEMPTS: Final = 8
"""Times a transaction is tried when others changed the same objects."""


class Caches(NamedTuple):
    """What a process keeps of a store in memory."""

    objects: int = 4000
    """For each connection, of which each thread at work has one."""
    object_bytes: int = 8 * 2**20
    """What those may take as they are stored: a sealed segment has 150 KB."""
    client_bytes: int = 4 * 2**20
    """For all connections, as they are stored; of small objects that is 10,000."""


USUAL: Final = Caches()
PAGES: Final = Caches(objects=12_000, object_bytes=24 * 2**20, client_bytes=32 * 2**20)
"""For who looks at the newest calls of all tenants again and again, and at much else between."""


class StoreDown(Exception):
    """The store cannot be reached, or cannot write.

    Whether a commit under way took place is unknown, so work must be idempotent.
    """


class _QuietWhenDown(logging.Filter):
    """Drops ZODB's traceback of each object that a lost store could not load: StoreDown tells it once."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], ClientDisconnected))


logging.getLogger("ZODB.Connection").addFilter(_QuietWhenDown())


class Database:
    """One storage, opened when first used and kept open; for use from any thread."""

    def __init__(self, opener: Callable[[], DB], *, wait: float = WAIT_SECONDS) -> None:
        self._opener = opener
        self._wait = wait
        self._db: DB | None = None
        self._opening = threading.Lock()

    def transact(self, work: Callable[[Any], T], *, note: str = "", attempts: int = ATTEMPTS) -> T:
        """Run ``work(root)`` in a transaction and commit; the root is the storage's root mapping.

        On a conflict ``work`` is run again on fresh objects, so it must have no other effects. Raises
        :class:`StoreDown` without a store, the ConflictError of the last attempt, and what ``work`` raises.
        """
        for attempt in range(1, attempts + 1):
            try:
                with self._transaction(note) as (root, manager):
                    result = work(root)
                    manager.commit()
                    return result
            except ClientDisconnected as error:
                raise StoreDown(str(error)) from error
            except ServerException as error:
                kind, said = error.args
                if kind != "builtins.OSError":
                    raise
                raise StoreDown(f"the store cannot write: {said[-1]}") from error
            except TransientError:
                if attempt == attempts:
                    raise
                time.sleep(random.uniform(0, 0.005 * 2**attempt))  # noqa: S311 - spreads retries, no secret
        raise AssertionError("unreachable")

    def read(self, work: Callable[[Any], T]) -> T:
        """Run ``work(root)`` on one consistent view and abort; raises :class:`StoreDown` without a store."""
        try:
            with self._transaction("") as (root, _):
                return work(root)
        except ClientDisconnected as error:
            raise StoreDown(str(error)) from error

    @contextmanager
    def _transaction(self, note: str) -> Iterator[tuple[Any, transaction.TransactionManager]]:
        db = self._opened()
        self._require_connected(db)
        manager = transaction.TransactionManager(explicit=True)
        current = manager.begin()
        if note:
            current.note(note)
        connection = db.open(manager)
        try:
            yield connection.root(), manager
        finally:
            with suppress(transaction.interfaces.NoTransaction):  # committed
                manager.abort()
            connection.close()

    def _opened(self) -> DB:
        with self._opening:  # two threads that come first would open two clients and lose one
            if self._db is None:
                self._db = self._opener()
            return self._db

    def _require_connected(self, db: DB) -> None:
        """Wait a little for a lost store: its client would serve stale reads and refuse writes at once."""
        connected = getattr(db.storage, "is_connected", None)
        if connected is None:
            return
        deadline = time.monotonic() + self._wait
        while not connected():
            if time.monotonic() >= deadline:
                raise StoreDown("no connection to the store")
            time.sleep(0.02)

    def pack(self, days: float = 0.0) -> None:
        """Free what no object needs any more and was replaced more than ``days`` ago."""
        try:
            self._opened().pack(days=days)
        except ClientDisconnected as error:
            raise StoreDown(str(error)) from error

    def close(self) -> None:
        """Close the storage; it opens again when used again."""
        if self._db is not None:
            self._db.close()
            self._db = None


class MainDatabase(Database):
    """The main storage; work is given the :class:`storage.models.Root`."""

    def transact(self, work: Callable[[Root], T], *, note: str = "", attempts: int = ATTEMPTS) -> T:
        """Run ``work(root)`` in a transaction and commit; see :meth:`Database.transact`."""
        return super().transact(lambda mapping: work(_root(mapping)), note=note, attempts=attempts)

    def read(self, work: Callable[[Root], T]) -> T:
        """Run ``work(root)`` on one consistent view; see :meth:`Database.read`."""
        return super().read(lambda mapping: work(_root(mapping)))

    def evolve(self) -> list[str]:
        """Run the evolution steps that are missing and return their names (``box400 evolve``)."""
        return super().transact(evolve_main, note="evolve")


def _root(mapping: Any) -> Root:
    root: Root | None = mapping.get(ROOT_KEY)
    return require_current(root)


def open_main(data: DataDirectory, *, wait: float = WAIT_SECONDS, caches: Caches = USUAL) -> MainDatabase:
    """Return the main database that ``settings.json`` names; by default the box's own store."""
    uri = data.read_settings().storage
    if uri:
        return MainDatabase(lambda: _from_uri(uri, caches))
    return MainDatabase(lambda: _database(_zeo(data, MAIN, None, wait, caches), caches, 5), wait=wait)


def open_recordings(data: DataDirectory, *, wait: float = WAIT_SECONDS) -> Database:
    """Return the database of recordings; its root and models belong to ``storage.recordings``.

    Its blob directory is shared with the store, so audio never crosses the socket.
    """
    uri, caches = data.read_settings().recordings, USUAL._replace(objects=1000)
    if uri:
        return Database(lambda: _from_uri(uri, caches))
    blobs = data.store / "blobs"
    return Database(lambda: _database(_zeo(data, RECORDINGS, blobs, wait, caches), caches, 4), wait=wait)


def open_main_in_memory() -> MainDatabase:
    """Return an empty main database that lives as long as this object, with blobs and conflict resolution."""
    database = MainDatabase(_once(DB(DemoStorage())))
    database.evolve()
    return database


def open_recordings_in_memory() -> Database:
    """Return an empty database of recordings that lives as long as this object."""
    return Database(_once(DB(DemoStorage())))


def _once(db: DB) -> Callable[[], DB]:
    return lambda: db


def _database(storage: StoreClient, caches: Caches, connections: int) -> DB:
    return DB(
        storage,
        cache_size=caches.objects,
        cache_size_bytes=caches.object_bytes,
        pool_size=connections,
    )


def _zeo(data: DataDirectory, name: str, blobs: Path | None, wait: float, caches: Caches) -> StoreClient:
    path = str(data.store_socket)
    _require_listening(path)
    try:
        return StoreClient(
            path,
            storage=name,
            wait=True,
            wait_timeout=wait,
            cache_size=caches.client_bytes,
            blob_dir=str(blobs) if blobs is not None else None,
            shared_blob_dir=blobs is not None,
            server_sync=True,  # a transaction sees what any process committed before it began
        )
    except ClientDisconnected as error:
        raise StoreDown(str(error)) from error


def _require_listening(path: str) -> None:
    """Fail at once when nobody listens, where ZEO's client would try for its whole waiting time."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(path)
            probe.recv(64)  # the server's greeting: leaving before it would be logged there as an error
        except OSError as error:
            raise StoreDown(f"{path}: {error}") from error


def _from_uri(uri: str, caches: Caches) -> DB:
    factory, options = zodburi.resolve_uri(uri)
    options.setdefault("cache_size", caches.objects)
    try:
        return DB(factory(), **options)
    except (ClientDisconnected, StorageError, OSError) as error:
        raise StoreDown(f"{uri.split('?', 1)[0]}: {error}") from error
