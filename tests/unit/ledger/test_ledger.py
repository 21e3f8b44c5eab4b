"""The ledger: each call exactly one record, whatever dies when."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from b2bua.ledger.ledger import Ledger
from b2bua.ledger.status import lag
from b2bua.ledger.tidy import NEWEST_KEPT, remove_consumed
from domain.outcomes import Outcome
from storage.connection import MainDatabase, StoreDown, open_main_in_memory
from storage.journal import JournalReader, JournalWriter, Position, open_calls
from storage.journal.events import Ended, Event
from storage.journal.line import file_path, sequences
from storage.machine.process_lock import ProcessBusy, hold_lock
from storage.models import Root
from storage.records.fold import fold
from tests.unit.ledger.made_up import NOON, a_call


class Death(BaseException):
    """A kill at a chosen step; nothing catches it."""


class Time:
    """Monotonic seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def recorded(database: MainDatabase) -> list[str]:
    """Return the ids of all records, with repetitions if there were any."""

    def read(root: Root) -> list[str]:
        return [
            row.id
            for owner in root.records.owners.values()
            for month in owner.months.values()
            for _, row in month.rows()
        ]

    return database.read(read)


def total_calls(database: MainDatabase) -> int:
    return database.read(
        lambda root: sum(owner.totals("0", "9").all.calls for owner in root.records.owners.values())
    )


def missed(database: MainDatabase) -> list[str]:
    """Return the ids of all calls in the lists of missed calls, with repetitions if there were any."""

    def read(root: Root) -> list[str]:
        items = [item for book in root.missed.tenants.values() for item in book.newest_first()]
        assert all(item.count == len(item.calls) for item in items)
        return [call for item in items for call in item.calls]

    return database.read(read)


def run(ledger: Ledger, time: Time) -> None:
    """Let the ledger do all there is to do."""
    for _ in range(4):
        while ledger.step() == 0.0:
            pass
        time.now += 1.0


def interleaved(rnd: random.Random, count: int) -> list[Event]:
    """Return the lines of calls that overlap, in the order they are written."""
    lines = [
        line
        for n in range(count)
        for line in a_call(
            rnd,
            NOON + n,
            mono=5000.0 + n,
            tenant=rnd.choice(["acme", "other"]),
            outcome=rnd.choice([Outcome.ANSWERED, Outcome.BUSY]),
            talk=rnd.uniform(1, 30),
        )
    ]
    return sorted(lines, key=lambda line: line.mono)


@pytest.fixture
def database() -> MainDatabase:
    return open_main_in_memory()


def test_a_call_that_ended_is_recorded_within_a_second(tmp_path: Path, database: MainDatabase) -> None:
    """The first call after a quiet time is committed at once, later ones each second in a group."""
    time = Time()
    rnd = random.Random(1)
    with JournalWriter(tmp_path, fsync=False) as writer:
        ledger = Ledger(tmp_path, database, mono=time)
        ledger.step()
        for line in a_call(rnd):
            writer.append(line)
        ledger.step()
        assert len(recorded(database)) == 1
        for _ in range(3):
            for line in a_call(rnd):
                writer.append(line)
        ledger.step()
        assert (len(recorded(database)), ledger.waiting) == (1, 3)
        time.now += 1.0
        ledger.step()
        assert (len(recorded(database)), ledger.waiting) == (4, 0)
        assert ledger.place == writer.position
        assert lag(tmp_path, ledger.place) == 0
        ledger.close()


def test_a_call_in_progress_waits_for_its_end(tmp_path: Path, database: MainDatabase) -> None:
    """Half a call is no record; it becomes one when its last line comes, after any restart of the ledger."""
    time = Time()
    lines = a_call(random.Random(2))
    other = a_call(random.Random(3))
    with JournalWriter(tmp_path, fsync=False) as writer:
        for line in [*lines[:6], *other]:
            writer.append(line)
        first = Ledger(tmp_path, database, mono=time)
        run(first, time)
        assert first.open_calls == 1
        first.close()
        for line in lines[6:]:
            writer.append(line)
        second = Ledger(tmp_path, database, mono=time)
        run(second, time)
        second.close()
    assert sorted(recorded(database)) == sorted([lines[0].call, other[0].call])  # type: ignore[union-attr]
    record = database.read(lambda root: root.records.find(lines[0].call))  # type: ignore[union-attr]
    assert record == fold(lines)


def test_a_call_that_outlives_its_file_is_whole(tmp_path: Path, database: MainDatabase) -> None:
    """A long call's first file may be deleted: its lines were stated again, and none counts twice."""
    time = Time()
    long, rnd = a_call(random.Random(2)), random.Random(5)
    with JournalWriter(tmp_path, fsync=False, rotate_at=20_000) as writer:
        ledger = Ledger(tmp_path, database, mono=time, keep_seconds=0.0)
        for line in long[:8]:
            writer.append(line)
        for n in range(60):
            for line in a_call(rnd, NOON + n):
                writer.append(line)
            if n % 20 == 0:
                run(ledger, time)
        run(ledger, time)
        time.now += 100
        run(ledger, time)
        assert len(sequences(tmp_path)) == NEWEST_KEPT
        ledger.close()
        for line in long[8:]:
            writer.append(line)
        again = Ledger(tmp_path, database, mono=time, keep_seconds=0.0)
        run(again, time)
        again.close()
    record = database.read(lambda root: root.records.find(long[0].call))  # type: ignore[union-attr]
    assert record == fold(long)
    assert len(recorded(database)) == total_calls(database) == 61


STEPS = ("read", "before commit", "after commit", "after removal")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("nth", [1, 2, 5])
def test_a_death_at_any_step_loses_and_doubles_nothing(
    tmp_path: Path, database: MainDatabase, step: str, nth: int
) -> None:
    """The ledger dies at a chosen step, again and again; each call is one record and counted once."""
    time = Time()
    lines = interleaved(random.Random(nth), 40)
    ended = [line.call for line in lines if isinstance(line, Ended)]
    countdown = nth

    def dies(at: str) -> None:
        nonlocal countdown
        if at == step:
            countdown -= 1
            if countdown == 0:
                countdown = nth + 1
                raise Death

    deaths = 0
    with JournalWriter(tmp_path, fsync=False, rotate_at=15_000) as writer:
        position = 0
        while position < len(lines) or len(recorded(database)) < len(ended):
            ledger = Ledger(tmp_path, database, mono=time, keep_seconds=0.0, at_step=dies)
            try:
                for _ in range(3):
                    for line in lines[position : position + 40]:
                        writer.append(line)
                    position += 40
                    time.now += 30.0
                    ledger.step()
                    ledger.step()
            except Death:
                deaths += 1
                assert deaths < 500
            ledger.close()
    assert sorted(recorded(database)) == sorted(ended)
    assert total_calls(database) == len(ended)
    busy = [line.call for line in lines if isinstance(line, Ended) and line.outcome == Outcome.BUSY]
    assert sorted(missed(database)) == sorted(busy)
    assert deaths or nth > 2
    database.transact(lambda root: root.records.journals.clear())
    ledger = Ledger(tmp_path, database, mono=time)
    run(ledger, time)
    ledger.close()
    assert sorted(missed(database)) == sorted(busy)


class FlakyStore:
    """A store that is sometimes down, and sometimes loses the answer to a commit that took place."""

    def __init__(self, database: MainDatabase, rnd: random.Random) -> None:
        self.database = database
        self.rnd = rnd
        self.up = False

    def read(self, work: object) -> object:
        if not self.up and self.rnd.random() < 0.5:
            raise StoreDown("down")
        return self.database.read(work)  # type: ignore[arg-type]

    def transact(self, work: object, *, note: str = "") -> object:
        chance = self.rnd.random()
        if not self.up and chance < 0.4:
            raise StoreDown("down")
        result = self.database.transact(work, note=note)  # type: ignore[arg-type]
        if not self.up and chance < 0.7:
            raise StoreDown("no answer")
        return result


def test_a_store_that_comes_and_goes(tmp_path: Path, database: MainDatabase) -> None:
    """Lost stores and lost answers delay records; none is missing, none is doubled, memory stays bounded."""
    time = Time()
    rnd = random.Random(11)
    group = 1000
    lines = interleaved(rnd, 3 * group)
    store = FlakyStore(database, rnd)
    with JournalWriter(tmp_path, fsync=False) as writer:
        for line in lines:
            writer.append(line)
        ledger = Ledger(tmp_path, store, mono=time, group_rows=group)  # type: ignore[arg-type]
        waits = []
        for _ in range(60):
            waits.append(ledger.step())
            time.now += 1.0
            assert ledger.waiting <= group
        assert any(wait > 0.3 for wait in waits)
        assert max(waits) <= 5.0
        store.up = True
        run(ledger, time)
        assert ledger.store_down == ""
        ledger.close()
    assert sorted(recorded(database)) == sorted(line.call for line in lines if isinstance(line, Ended))
    assert total_calls(database) == 3 * group


def test_a_power_cut_that_lost_lines_already_recorded(tmp_path: Path, database: MainDatabase) -> None:
    """The journal's last 100 ms are gone, the record is there: recovery ends the call again, once."""
    time = Time()
    lines = a_call(random.Random(2))
    with JournalWriter(tmp_path, fsync=False) as writer:
        for line in lines[:-1]:
            writer.append(line)
        before_end = writer.position
        writer.append(lines[-1])
        ledger = Ledger(tmp_path, database, mono=time)
        run(ledger, time)
        ledger.close()
    os.truncate(file_path(tmp_path, before_end.sequence), before_end.offset)
    with JournalWriter(tmp_path, fsync=False) as writer:
        (call,) = open_calls(tmp_path)
        writer.append(
            Ended(call=call.id, at=call.last_at, mono=call.last_mono, outcome=Outcome.CUT_BY_CRASH, by="box")
        )
        ledger = Ledger(tmp_path, database, mono=time)
        run(ledger, time)
        assert ledger.place == writer.position
        ledger.close()
    assert recorded(database) == [lines[0].call]  # type: ignore[union-attr]
    assert total_calls(database) == 1


def test_a_damaged_line_costs_its_line_and_raises_an_alarm(tmp_path: Path, database: MainDatabase) -> None:
    """A call whose first line is unreadable is recorded all the same, and somebody is told."""
    time = Time()
    lines = a_call(random.Random(2))
    with JournalWriter(tmp_path, fsync=False) as writer:
        for line in lines:
            writer.append(line)
        path = file_path(tmp_path, writer.position.sequence)
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"start"', b'"stxrt"', 1))
    ledger = Ledger(tmp_path, database, mono=time)
    run(ledger, time)
    ledger.close()
    assert ledger.damaged == 1
    record = database.read(lambda root: root.records.find(lines[0].call))  # type: ignore[union-attr]
    assert record is not None
    assert record.tenant is None
    assert record.outcome == Outcome.ANSWERED


def test_months_that_are_over_are_sealed(tmp_path: Path, database: MainDatabase) -> None:
    """Last month's few calls of a small tenant are compressed too, a few days into the new month."""
    time = Time()
    with JournalWriter(tmp_path, fsync=False) as writer:
        for n in range(5):
            for line in a_call(random.Random(n), NOON):
                writer.append(line)
        soon = Ledger(tmp_path, database, mono=time, utc=lambda: NOON + 10 * 86400)
        run(soon, time)
        time.now += 100
        run(soon, time)
        soon.close()
        assert database.read(lambda root: root.records.owners["acme"].months["202611"].open_count) == 5
        later = Ledger(tmp_path, database, mono=time, utc=lambda: NOON + 20 * 86400)
        run(later, time)
        later.close()
    month = database.read(
        lambda root: (
            root.records.owners["acme"].months["202611"].open_count,
            root.records.owners["acme"].months["202611"].sealed_count,
        )
    )
    assert month == (0, 5)
    assert len(recorded(database)) == 5


def test_files_the_recorder_still_needs_are_kept(tmp_path: Path) -> None:
    """Journal files go when ledger and recorder have done with them and they are old, never before."""
    journal = tmp_path / "journal"
    journal.mkdir()
    for number in range(10, 20):
        file_path(journal, number).write_bytes(b"x")
    place = tmp_path / "recorder.json"
    now = file_path(journal, 10).stat().st_mtime + 10

    def removed(rebuild: int, keep_seconds: float = 0.0) -> int:
        return remove_consumed(journal, Position(rebuild, 0), place, keep_seconds, now)

    assert removed(20) == 0, "the recorder has not said where it is"
    place.write_text('{"sequence": 13, "offset": 5, "suspects": {}}')
    assert removed(12, keep_seconds=60.0) == 0, "too young"
    assert removed(12) == 2
    assert removed(20) == 1
    place.write_text('{"sequence": 20, "offset": 0}')
    assert removed(20) == 10 - 3 - NEWEST_KEPT
    assert sequences(journal) == [17, 18, 19]


def test_one_ledger_only(tmp_path: Path) -> None:
    """A second ledger on the same data directory is refused."""
    held = hold_lock(tmp_path / "lock")
    with pytest.raises(ProcessBusy):
        hold_lock(tmp_path / "lock")
    os.close(held)
    os.close(hold_lock(tmp_path / "lock"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000), st.lists(st.sampled_from(["lines", "b2bua", "ledger", "step"]), max_size=40))
def test_any_course_of_crashes_gives_each_call_one_record(
    tmp_path_factory: pytest.TempPathFactory, seed: int, course: list[str]
) -> None:
    """b2bua and ledger die in any order while calls go on; in the end each call that began has one record."""
    journal = tmp_path_factory.mktemp("journal")
    rnd = random.Random(seed)
    database, time = open_main_in_memory(), Time()
    pending = interleaved(rnd, 25)
    dead: set[str] = set()
    begun: Counter[str] = Counter()
    writer = JournalWriter(journal, fsync=False, rotate_at=rnd.choice([3_000, 20_000]))
    ledger = Ledger(journal, database, mono=time, keep_seconds=0.0)

    def restart() -> JournalWriter:
        writer.close()
        fresh = JournalWriter(journal, fsync=False, rotate_at=rnd.choice([3_000, 20_000]))
        for call in open_calls(journal):
            dead.add(call.id)
            fresh.append(
                Ended(call=call.id, at=call.last_at, mono=call.last_mono, outcome="cut-by-crash", by="box")
            )
        return fresh

    for what in [*course, "b2bua"]:
        if what == "lines":
            for _ in range(rnd.randrange(60)):
                if not pending:
                    break
                line = pending.pop(0)
                name = line.call  # type: ignore[union-attr]
                if name in dead:
                    continue
                begun[name] += 1
                writer.append(line)
        elif what == "b2bua":
            writer = restart()
        elif what == "ledger":
            ledger.close()
            ledger = Ledger(journal, database, mono=time, keep_seconds=0.0)
        else:
            time.now += rnd.choice([0.0, 1.0, 90.0])
            ledger.step()
    run(ledger, time)
    ledger.close()
    assert sorted(recorded(database)) == sorted(begun)
    assert total_calls(database) == len(begun)
    leftover = JournalReader(journal, ledger.place)
    assert leftover.read() == []
    leftover.close()
    writer.close()
