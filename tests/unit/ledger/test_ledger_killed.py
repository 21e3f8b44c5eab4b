"""The ledger as its own process, killed again and again while calls are written."""

from __future__ import annotations

import gc
import random
import signal
from collections.abc import Iterator

import pytest

from b2bua.ledger.status import LedgerStatus, read_status
from storage.connection import open_main
from storage.data_directory import DataDirectory
from storage.journal import JournalWriter
from storage.journal.events import Ended
from storage.models import Root
from storage.records.fold import fold
from tests.unit.ledger.made_up import NOON, a_call
from tests.unit.storage.running import eventually, running, short_data_directory, wait_for_store

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

KILLS = 20


@pytest.fixture
def data() -> Iterator[DataDirectory]:
    with short_data_directory() as directory:
        yield directory
    gc.collect()


def counted(root: Root) -> tuple[list[str], int]:
    """Return the ids of all records, and how many calls the totals know."""
    ids = [
        row.id
        for owner in root.records.owners.values()
        for month in owner.months.values()
        for _, row in month.rows()
    ]
    return ids, sum(owner.totals("0", "9").all.calls for owner in root.records.owners.values())


def test_killed_twenty_times_each_call_is_recorded_once(data: DataDirectory) -> None:
    """kill -9 of the ledger at random moments, of the store now and then: each call has one record."""
    rnd = random.Random(20)
    calls = [a_call(rnd, NOON + n, tenant=rnd.choice(["a", "b", None])) for n in range(40 * KILLS)]
    lines = [line for call in calls for line in call]
    with JournalWriter(data.journal, rotate_at=300_000) as writer:
        store = running("storage", data)
        store.__enter__()
        wait_for_store(data)
        share = len(lines) // KILLS + 1
        for kill in range(KILLS):
            with running("b2bua.ledger", data) as ledger:
                for line in lines[kill * share : (kill + 1) * share]:
                    writer.append(line)
                # From the moment it starts reading to well after its first commits.
                wanted = rnd.choice([0, 0, 1, 20, 40])
                eventually(lambda pid=ledger.popen.pid, wanted=wanted: _at_least(data, pid, wanted))  # type: ignore[misc]
                if kill % 7 == 3:
                    store.__exit__(None, None, None)
                    store = running("storage", data)
                    store.__enter__()
                ledger.end(signal.SIGKILL)
        with running("b2bua.ledger", data) as ledger:
            database = open_main(data)
            ended = sorted(line.call for line in lines if isinstance(line, Ended))
            eventually(lambda: len(database.read(counted)[0]) >= len(ended))
            assert ledger.end() == 0
        ids, known_to_totals = database.read(counted)
        assert sorted(ids) == ended
        assert known_to_totals == len(ended)
        some = fold(calls[100])
        assert database.read(lambda root: root.records.find(some.id)) == some
        database.close()
        store.__exit__(None, None, None)


def _at_least(data: DataDirectory, pid: int, rows: int) -> bool:
    status = read_status(data)
    if status is None or status.pid != pid:
        return rows == 0
    return status.committed_rows >= min(rows, 1)


def test_records_wait_while_the_store_is_down(data: DataDirectory) -> None:
    """Without a store the ledger says so and keeps trying; when it is back, all calls are recorded."""
    rnd = random.Random(3)
    with JournalWriter(data.journal) as writer, running("b2bua.ledger", data) as ledger:
        for n in range(30):
            for line in a_call(rnd, NOON + n):
                writer.append(line)
        down = eventually(lambda: _status_when(data, lambda status: bool(status.store_down)))
        assert [alarm.key for alarm in down.alarms] == ["ledger:store"]
        assert down.lag_bytes > 0
        with running("storage", data):
            up = eventually(lambda: _status_when(data, lambda status: status.committed_rows == 30))
            assert (up.store_down, up.alarms, up.lag_bytes) == ("", (), 0)
            assert ledger.end() == 0


def _status_when(data: DataDirectory, wanted: object) -> LedgerStatus | None:
    status = read_status(data)
    return status if status is not None and wanted(status) else None  # type: ignore[operator]


def test_an_orderly_end_commits_what_is_there(data: DataDirectory) -> None:
    """SIGTERM: the last calls are recorded before the process ends with status 0."""
    rnd = random.Random(3)
    with running("storage", data):
        wait_for_store(data)
        with JournalWriter(data.journal) as writer, running("b2bua.ledger", data) as ledger:
            eventually(lambda: read_status(data))
            for n in range(10):
                for line in a_call(rnd, NOON + n):
                    writer.append(line)
            assert ledger.end() == 0
        database = open_main(data)
        assert len(database.read(counted)[0]) == 10
        database.close()
