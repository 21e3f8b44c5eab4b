"""The store as its own process: who may open it, conflicts, blobs, and what its loss means to others."""

from __future__ import annotations

import gc
import signal
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec
import pytest
from BTrees.Length import Length
from persistent import Persistent
from ZEO.Exceptions import ServerException
from ZODB import DB
from ZODB.blob import Blob
from ZODB.DemoStorage import DemoStorage
from ZODB.FileStorage import FileStorage
from ZODB.POSException import ConflictError

from domain.snapshot import ExtensionSnapshot
from storage.connection import Database, StoreDown, open_main, open_recordings
from storage.data_directory import DataDirectory, Settings
from storage.evolution import STEPS, SchemaMismatch, Step, evolve_main, require_current
from storage.models import Extension, Root
from storage.models.root import ROOT_KEY
from storage.server import StoreStatus, pack, pack_due, status_path
from tests.unit.storage.running import eventually, running, short_data_directory, wait_for_store

# ZEO leaves its event loop's sockets to the garbage collector when a connection is lost.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

EVERY_STEP = tuple(f"{step.number} {step.name}" for step in STEPS)


@pytest.fixture
def data() -> Iterator[DataDirectory]:
    with short_data_directory() as directory:
        yield directory
    gc.collect()


def status(data: DataDirectory) -> StoreStatus:
    return msgspec.json.decode(status_path(data).read_bytes(), type=StoreStatus)


def test_only_the_service_user_reaches_the_store(data: DataDirectory) -> None:
    """Whoever opens the socket can run code in the server: 0660, in a directory others cannot enter."""
    with running("storage", data) as store:
        wait_for_store(data)
        assert stat.S_IMODE(data.store_socket.stat().st_mode) == 0o660
        assert stat.S_IMODE(data.run.stat().st_mode) & 0o007 == 0
        assert stat.S_IMODE((data.store / "main.fs").stat().st_mode) & 0o007 == 0
        assert status(data).evolved == EVERY_STEP
        assert store.end() == 0


def test_a_second_store_on_the_same_files_is_refused(data: DataDirectory) -> None:
    """Two servers on one file would destroy it; the first goes on."""
    with running("storage", data):
        wait_for_store(data)
        with running("storage", data) as second:
            assert second.popen.wait(timeout=30) != 0
        wait_for_store(data)


def test_conflicts_are_tried_again_until_both_are_there(data: DataDirectory) -> None:
    """Two writers of the same object: the second is run again on fresh data, and nothing is lost."""
    with running("storage", data):
        wait_for_store(data)
        one, other = open_recordings(data), open_recordings(data)
        one.transact(lambda root: root.__setitem__("list", ()))
        tries: list[int] = []

        def add(root: dict[str, tuple[int, ...]]) -> None:
            tries.append(len(root["list"]))
            if len(tries) == 1:
                other.transact(lambda theirs: theirs.__setitem__("list", (*theirs["list"], 1)))
            root["list"] = (*root["list"], 2)

        one.transact(add)
        assert other.read(lambda root: root["list"]) == (1, 2)
        assert tries == [0, 1]

        def always_late(root: dict[str, tuple[int, ...]]) -> None:
            other.transact(lambda theirs: theirs.__setitem__("list", (*theirs["list"], 3)))
            root["list"] = ()

        with pytest.raises(ConflictError):
            one.transact(always_late, attempts=2)
        one.close()
        other.close()


def test_a_store_that_started_again_gives_no_object_id_twice(data: DataDirectory) -> None:
    """Ids that a client had fetched ahead are given to another one by the new store; he must not use them."""
    with running("storage", data) as store:
        wait_for_store(data)
        one, other = open_recordings(data), open_recordings(data)
        one.transact(lambda root: root.__setitem__("a", Length(1)))
        assert store.end() == 0
    with running("storage", data):
        wait_for_store(data)
        reconnect(one, other)
        for number in range(20):  # takes the ids that follow those committed
            other.transact(lambda root, number=number: root.__setitem__(f"theirs {number}", Length(number)))
        assert one.read(lambda root: sum(root[f"theirs {number}"]() for number in range(20))) == 190
        one.transact(lambda root: root.update({f"ours {number}": Length(number) for number in range(20)}))
        assert other.read(lambda root: sum(root[f"ours {number}"]() for number in range(20))) == 190
        assert other.read(lambda root: sum(root[f"theirs {number}"]() for number in range(20))) == 190
        one.close()
        other.close()


def reconnect(*databases: Database) -> None:
    """Wait until each has found the store again."""
    for database in databases:
        assert eventually(partial(database.read, len))


def test_counters_of_two_writers_add_up(data: DataDirectory) -> None:
    """The server resolves conflicts of counters by itself: it sees our classes."""
    with running("storage", data):
        wait_for_store(data)
        one, other = open_recordings(data), open_recordings(data)
        one.transact(lambda root: root.__setitem__("count", Length()))

        def add(root: dict[str, Length]) -> None:
            if not done:
                done.append(True)
                other.transact(lambda theirs: theirs["count"].change(5))
            runs.append(True)
            root["count"].change(7)

        done: list[bool] = []
        runs: list[bool] = []
        one.transact(add)
        assert one.read(lambda root: root["count"]()) == 12
        assert len(runs) == 1
        one.close()
        other.close()


def test_a_blob_is_a_file_of_the_shared_directory(data: DataDirectory) -> None:
    """Audio never crosses the socket: the blob's file lies under store/blobs, whole."""
    with running("storage", data):
        wait_for_store(data)
        database = open_recordings(data)
        sound = b"\x55" * 100_000

        def put(root: dict[str, Blob]) -> None:
            root["call"] = blob = Blob()
            with blob.open("w") as file:
                file.write(sound)

        database.transact(put)
        path = database.read(lambda root: root["call"].committed())
        assert path.startswith(str(data.store / "blobs"))
        with open(path, "rb") as file:
            assert file.read() == sound
        database.close()


def test_a_lost_store_is_told_and_comes_back(data: DataDirectory) -> None:
    """A killed store raises StoreDown, which is no conflict; once it is back, the same database goes on."""
    database = open_main(data, wait=0.5)
    with pytest.raises(StoreDown):
        database.read(lambda root: root.schema)
    with running("storage", data) as store:
        wait_for_store(data)
        database.transact(lambda root: setattr(root, "box_version", 7))
        store.end(signal.SIGKILL)
        with pytest.raises(StoreDown):
            database.transact(lambda root: setattr(root, "box_version", 8))
        with pytest.raises(StoreDown):
            database.read(lambda root: root.tenants.get("x"))
    with running("storage", data):
        assert eventually(lambda: database.read(lambda root: root.box_version)) == 7
        database.transact(lambda root: setattr(root, "box_version", 9))
        assert database.read(lambda root: root.box_version) == 9
    database.close()


class FullStorage(DemoStorage):  # type: ignore[misc]
    """A store whose disk is full, as its client sees it."""

    kind = "builtins.OSError"

    def tpc_vote(self, transaction: object) -> None:
        """Refuse what is to be written."""
        if getattr(self, "full", False):
            raise ServerException(self.kind, (28, "No space left on device"))
        super().tpc_vote(transaction)


def test_a_store_whose_disk_is_full_is_as_good_as_down() -> None:
    """Who writes tries again later, as with one that is not there; nothing is stored, reading goes on."""
    storage = FullStorage()
    db = DB(storage)
    database = Database(lambda: db)
    database.transact(lambda root: root.update(kept=1))
    storage.full = True
    with pytest.raises(StoreDown, match="No space left"):
        database.transact(lambda root: root.update(kept=2))
    assert database.read(lambda root: root["kept"]) == 1
    storage.kind = "builtins.ValueError"
    with pytest.raises(ServerException):
        database.transact(lambda root: root.update(kept=2))
    storage.full = False
    database.transact(lambda root: root.update(kept=2))
    assert database.read(lambda root: root["kept"]) == 2


def test_threads_share_one_database(data: DataDirectory) -> None:
    """Each thread has its own view; writes of all are there at the end."""
    with running("storage", data):
        wait_for_store(data)
        database = open_recordings(data)
        database.transact(lambda root: root.__setitem__("n", 0))

        def work() -> None:
            for _ in range(5):
                database.transact(lambda root: root.__setitem__("n", root["n"] + 1), attempts=50)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert database.read(lambda root: root["n"]) == 15
        database.close()


def test_clients_that_come_first_at_once_all_find_the_root(data: DataDirectory) -> None:
    """An empty storage has its root from the server: of clients that made it at once, one would fail."""
    with running("storage", data):
        wait_for_store(data)
        clients = [open_recordings(data) for _ in range(6)]
        together = threading.Barrier(len(clients))

        def first_look(client: Database) -> int:
            together.wait()
            return client.read(len)

        with ThreadPoolExecutor(len(clients)) as pool:
            assert list(pool.map(first_look, clients)) == [0] * len(clients)
        for client in clients:
            client.close()


def test_a_damaged_tail_is_cut_off_and_told(data: DataDirectory) -> None:
    """FileStorage repairs a torn end silently; the store's status says that it did."""
    with running("storage", data) as store:
        wait_for_store(data)
        database = open_main(data)
        for version in range(5):
            database.transact(lambda root, version=version: setattr(root, "box_version", version))  # type: ignore[misc]
        database.close()
        store.end()
    path = data.store / "main.fs"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    (data.store / "main.fs.index").unlink()
    with running("storage", data):
        wait_for_store(data)
        database = open_main(data)
        assert database.read(lambda root: root.box_version) == 3
        database.close()
        assert any("truncated" in told for told in status(data).damage)


def test_any_zodb_uri_may_take_the_place_of_the_store(data: DataDirectory) -> None:
    """The records' storage is a setting; a storage without our schema says what to do."""
    data.write_settings(Settings(storage=f"file://{data.root}/elsewhere.fs", recordings="memory://"))
    database = open_main(data)
    with pytest.raises(SchemaMismatch, match="box400 evolve"):
        database.read(lambda root: root.schema)
    assert tuple(database.evolve()) == EVERY_STEP
    assert database.evolve() == []
    assert database.read(lambda root: root.schema) == len(EVERY_STEP)
    database.close()
    wrong = data.read_settings()
    data.write_settings(msgspec.structs.replace(wrong, storage="file:///proc/none/x.fs"))
    with pytest.raises(StoreDown):
        open_main(data).read(lambda root: root.schema)


def test_packing_frees_what_was_replaced(data: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The storage is packed once a night; what is there stays, what was replaced goes."""
    assert pack_due("", 1_795_374_000.0) == "2026-11-22"
    assert pack_due("2026-11-22", 1_795_374_000.0) == ""
    assert pack_due("", 1_795_374_000.0 + 3600) == ""
    monkeypatch.setattr("storage.server.PACK_KEEPS", 0.0)
    storage = FileStorage(str(data.root / "x.fs"), pack_keep_old=False)
    database = Database(lambda: DB(storage))
    for number in range(20):
        database.transact(lambda root, number=number: root.__setitem__("n", "x" * 10_000 + str(number)))  # type: ignore[misc]
    before = storage.getSize()
    pack(storage)
    assert storage.getSize() < before / 10
    assert database.read(lambda root: root["n"]).endswith("x19")
    pack(storage)
    database.close()


def test_extensions_of_an_older_edition_are_filed_by_tenant() -> None:
    """Once; their phones go on registering by the name alone."""
    mapping: dict[str, Root] = {}
    evolve_main(mapping, steps=STEPS[:3])
    mapping[ROOT_KEY].extensions["8001"] = Extension(ExtensionSnapshot("8001", "acme", "s" * 20))
    assert evolve_main(mapping) == list(EVERY_STEP[3:])
    STEPS[3].run(mapping)
    (filed,) = mapping[ROOT_KEY].extensions.items()
    assert (filed[0], filed[1].value.account) == ("acme/8001", "8001")


class Shelf(Persistent):  # type: ignore[misc]
    """Something that a later edition adds."""


def test_evolution_steps_run_once_in_order_and_are_recorded() -> None:
    """A database of any older edition is brought up to date; one that is newer is refused."""
    ran: list[int] = []

    def second(mapping: dict[str, Root]) -> None:
        ran.append(2)
        mapping[ROOT_KEY].shelf = Shelf()

    def third(mapping: dict[str, Root]) -> None:
        ran.append(3)

    steps = (*STEPS, Step(len(STEPS) + 1, "shelf", second), Step(len(STEPS) + 2, "paint", third))
    mapping: dict[str, Root] = {}
    assert tuple(evolve_main(mapping)) == EVERY_STEP
    assert require_current(mapping[ROOT_KEY]).schema == len(STEPS)
    assert evolve_main(mapping, steps=steps) == [f"{each.number} {each.name}" for each in steps[-2:]]
    assert evolve_main(mapping, steps=steps) == []
    assert ran == [2, 3]
    assert list(mapping[ROOT_KEY].steps) == [each.number for each in steps]
    with pytest.raises(SchemaMismatch, match="newer than this code"):
        require_current(mapping[ROOT_KEY])
