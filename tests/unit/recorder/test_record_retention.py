"""Call records go after thirteen months, by the month, with what timelines tell of them; sound keeps them."""

from __future__ import annotations

import random
from datetime import date, datetime
from pathlib import Path

import msgspec
import pytest

from domain.customers.timeline import number_stream
from domain.upgrade.moves import Began, Step, StepBegan, StepDone
from storage.connection import MainDatabase, open_main_in_memory, open_recordings_in_memory
from storage.data_directory import DataDirectory
from storage.models import Root, TenantConfig
from storage.recordings import Recordings
from storage.records.call_id import BEIJING
from storage.records.fold import fold
from storage.records.intake import take_in
from storage.records.query import Filter, search
from storage.records.record import CallRecord
from storage.retention.call_records import months_heard, seen_since, sweep_records
from storage.retention.nightly import RetentionJob, clock_path, plans_of
from storage.retention.recordings import Plans, is_weekday
from storage.retention.trusted_clock import Clocks, TrustedClock
from storage.upgrade.history import begin, place_of
from tests.unit.ledger.made_up import a_call
from tests.unit.recorder.test_retention import kept_since, noon

TODAY = date(2026, 11, 22)
OLD = date(2025, 9, 30)
"""A day of the newest month that is due on TODAY."""
YOUNG = date(2025, 10, 1)


@pytest.fixture
def database() -> MainDatabase:
    """Return a box without calls."""
    return open_main_in_memory()


@pytest.fixture
def recordings() -> Recordings:
    """Return an empty storage of sound beside it."""
    return Recordings(open_recordings_in_memory())


def called(
    database: MainDatabase, days: list[date], tenant: str | None = "acme", times: int = 1
) -> list[CallRecord]:
    """Let calls of these days end, some a day; return their records."""
    rnd = random.Random(str(days))
    records = [
        msgspec.structs.replace(fold(a_call(rnd, noon(day) + n)), tenant=tenant)
        for day in days
        for n in range(times)
    ]
    database.transact(lambda root: take_in(root, records))
    return records


def listed(database: MainDatabase, tenant: str | None = None) -> set[str]:
    """Return the ids of the calls that a search finds."""
    return {found.row.id for found in database.read(lambda root: list(search(root, Filter(tenant=tenant))))}


def test_records_go_thirteen_months_after_their_month(database: MainDatabase) -> None:
    """Of tenants and of the box, many at a time; a day younger stays, as do the totals of days."""
    old = called(database, [OLD, date(2025, 9, 1)], times=1400) + called(database, [OLD], tenant=None)
    young = called(database, [YOUNG])
    assert sweep_records(database, (), Plans(), TODAY) == len(old)
    assert listed(database) == {record.id for record in young}
    assert database.read(lambda root: root.records.find(old[0].id)) is None

    def totals(root: Root) -> int:
        assert list(root.records.owner("acme").months) == ["202510"]
        return root.records.owner("acme").totals("20250901", "20250930").all.calls

    assert database.transact(totals) == 2800
    assert sweep_records(database, (), Plans(), TODAY) == 0


def test_the_first_day_they_may_go(database: MainDatabase) -> None:
    """Two days of grace after the month's thirteen: a clock that is wrong by a day drops nothing early."""
    called(database, [OLD])
    assert sweep_records(database, (), Plans(), date(2026, 11, 2)) == 0
    assert sweep_records(database, (), Plans(), date(2026, 11, 3)) == 1


def test_a_timeline_forgets_them_too(database: MainDatabase) -> None:
    """It would lead to a call that is not there; the customer's younger calls stay."""
    (old,) = called(database, [OLD])
    young = msgspec.structs.replace(called(database, [YOUNG])[0], id="", caller=old.caller)
    young = msgspec.structs.replace(young, id=fold(a_call(random.Random(5), noon(YOUNG))).id)
    database.transact(lambda root: take_in(root, [young]))
    sweep_records(database, (), Plans(), TODAY)
    entries = database.read(lambda root: root.timeline("acme").page([number_stream(old.caller)]).entries)
    assert young.id in {entry.id for entry in entries}
    assert old.id not in {entry.id for entry in entries}


def test_who_may_look_back_further_keeps_them(database: MainDatabase) -> None:
    """By the tenant's plan; a shorter one than thirteen months shortens nothing."""
    called(database, [OLD])
    assert sweep_records(database, (), plans_of([TenantConfig("acme", "Acme", record_months=24)]), TODAY) == 0
    assert sweep_records(database, (), plans_of([TenantConfig("acme", "Acme", record_months=3)]), TODAY) == 1


def test_sound_keeps_the_record(database: MainDatabase, recordings: Recordings) -> None:
    """Whether it is on legal hold or kept by a long plan: its call is still told, with its month."""
    called(database, [OLD, date(2025, 8, 4)])
    called(database, [OLD], tenant="other")
    (name,) = kept_since(recordings, [OLD])
    recordings.set_hold(name, "court")
    shelves = (recordings.messages(), recordings)
    assert months_heard(shelves, TODAY) == {("acme", "202509")}
    assert sweep_records(database, shelves, Plans(), TODAY) == 2
    assert len(listed(database, "acme")) == 1


@pytest.mark.parametrize(
    ("config", "first"),
    [
        (TenantConfig("acme", "Acme"), date(2026, 8, 22)),
        (TenantConfig("acme", "Acme", record_months=1), date(2026, 8, 22)),
        (TenantConfig("acme", "Acme", record_months=1, recording_days=40), date(2026, 10, 13)),
        (TenantConfig("acme", "Acme", record_months=12), date(2025, 11, 22)),
    ],
)
def test_how_far_back_a_tenant_sees(config: TenantConfig, first: date) -> None:
    """Three months by default, and never less than his recordings are kept."""
    midnight = datetime(first.year, first.month, first.day, tzinfo=BEIJING).timestamp()
    assert seen_since(config, noon(TODAY)) == midnight


def test_the_night_drops_them_but_not_during_an_upgrade(
    tmp_path: Path, database: MainDatabase, recordings: Recordings
) -> None:
    """What goes while an upgrade can still go back would look lost to it."""
    data = DataDirectory(tmp_path)
    data.create()
    called(database, [OLD])
    clock = TrustedClock(clock_path(data), lambda: Clocks(noon(TODAY), 0.0, "boot"))
    job = RetentionJob(
        data, recordings, clock, Plans, is_weekday,
        records=lambda plans, today: sweep_records(database, (), plans, today),
    )  # fmt: skip
    journal = begin(place_of(data), Began(0.0, "2", "1"))
    journal.append(StepBegan(1.0, Step.EVOLVE))
    assert job.step() is None
    assert len(listed(database)) == 1
    journal.append(StepDone(2.0, Step.COMMIT))
    summary = job.step()
    assert summary is not None
    assert summary.records == 1
