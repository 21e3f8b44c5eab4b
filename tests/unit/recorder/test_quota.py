"""Plans of tenants, quotas, the archive of a month, and that packing gives the disk its space back."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from domain.days.calendar import local
from storage.connection import open_main_in_memory, open_recordings, open_recordings_in_memory
from storage.models import Root
from storage.notices.intake import tell_retention
from storage.recordings import Fresh, RecordingFacts, Recordings
from storage.recordings.archive import LIST, month_span, name_of, write_archive
from storage.records.call_id import ulid_text
from storage.retention.nightly import RetentionSummary, plans_of
from storage.retention.recordings import Keep, Plans, Retention
from tests.unit.storage.provision import apply
from tests.unit.storage.running import eventually, running, short_data_directory

TODAY = date(2026, 11, 22)
SOUND = b"fLaC" + bytes(range(256)) * 400


def noon(day: date) -> float:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC).timestamp()


def store(recordings: Recordings, day: date, tenant: str = "acme", sound: bytes = SOUND, **facts: str) -> str:
    """Store a recording of a day's noon; return its id."""
    name = ulid_text(
        int(noon(day) * 1000).to_bytes(6, "big")
        + hashlib.sha256(str((day, tenant, facts)).encode()).digest()[:10]
    )
    file = recordings.temporary_directory() / f"{name}.flac"
    file.write_bytes(sound)
    given = {"number": "4001003722", "caller": "13800138000", **facts}
    found = RecordingFacts(
        id=name, tenant=tenant, answerers=("13900001111",), at=noon(day), seconds=10.0, bytes=len(sound),
        sha256=hashlib.sha256(sound).hexdigest(), **given,
    )  # fmt: skip
    recordings.add([Fresh(found, file)])
    return name


@pytest.fixture
def recordings() -> Recordings:
    return Recordings(open_recordings_in_memory())


def test_each_tenant_has_a_plan_of_his_own() -> None:
    """By the settings that `apply` makes: months or days, and a quota."""
    database = open_main_in_memory()
    apply(
        database,
        "tenants: {a: {recording_months: 12, recording_mebibytes: 5}, b: {recording_days: 20}, c: {}}",
    )
    plans = plans_of(database.read(lambda root: [each.config.value for each in root.tenants.values()]))
    assert (plans.of("a"), plans.of("b"), plans.of("c")) == (Keep(12), Keep(3, 20), Keep(3))
    assert plans.quotas == {"a": 5 << 20}


def test_above_the_quota_the_oldest_go_first(recordings: Recordings) -> None:
    """As many as needed, none on hold, none of another tenant, none of the last ten working days."""
    days = [TODAY - timedelta(days=each) for each in (60, 50, 40, 30, 5, 4, 3)]
    held, *names = [store(recordings, day) for day in days]
    other = store(recordings, days[0], "other")
    recordings.set_hold(held, "complaint")
    quota = 4 * len(SOUND)
    report = Retention(recordings, Plans(quotas={"acme": quota})).run(TODAY)
    assert [facts.id for facts in report.deleted] == names[:3]
    assert recordings.known([held, other]) == {held, other}
    assert recordings.usage("acme").bytes == quota
    assert [(use.tenant, use.percent) for use in report.quotas] == [("acme", 100)]
    tight = Retention(recordings, Plans(quotas={"acme": len(SOUND)})).run(TODAY)
    assert tight.deleted == ()
    assert tight.quotas[0].percent == 400


def test_tenants_are_warned_once_a_week(recordings: Recordings) -> None:
    """Before the deletion, and when the quota is nearly used up; by the ways of their notices."""
    for ago in (85, 84):
        store(recordings, TODAY - timedelta(days=ago))
    database = open_main_in_memory()
    apply(database, "tenants: {acme: {notices: {all: {emails: boss@acme.cn}}}}")
    report = Retention(recordings, Plans(quotas={"acme": 2 * len(SOUND)})).run(TODAY)

    def told(summary: RetentionSummary) -> list[str]:
        def work(root: Root) -> list[str]:
            tell_retention(root, summary, noon(summary.day))
            return sorted(each.text for each in root.notices.newest_first())

        return database.transact(work)

    summary = RetentionSummary(TODAY, expiring=report.warnings, quotas=report.quotas)
    first = told(summary)
    assert [each.split("：")[1][:12] for each in first] == ["2条录音将于2026-1", "录音空间已用100%，用"]
    assert told(summary) == first
    later = RetentionSummary(TODAY + timedelta(days=7), expiring=report.warnings, quotas=report.quotas)
    assert len(told(later)) == 4


# The archive.


def test_a_month_becomes_a_zip_with_a_list(recordings: Recordings, tmp_path: Path) -> None:
    """Of this tenant and this month of Beijing, in order; Excel keeps numbers as text."""
    first = store(recordings, date(2026, 10, 1))
    last = store(recordings, date(2026, 10, 31), caller="=1+1")
    store(recordings, date(2026, 11, 1))
    store(recordings, date(2026, 10, 5), "other")
    target = tmp_path / "acme.zip"
    seen: list[int] = []
    assert write_archive(recordings, "acme", "2026-10", target, seen.append) == (2, [])
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
        assert names == [
            f"2026-10-01/120000_4001003722_13800138000_13900001111_{first}.flac",
            f"2026-10-31/120000_4001003722_1+1_13900001111_{last}.flac",
            LIST,
        ]
        assert archive.read(names[0]) == SOUND
        assert archive.testzip() is None
        rows = list(openpyxl.load_workbook(io.BytesIO(archive.read(LIST))).active.values)  # type: ignore[union-attr]
    assert rows[0][:3] == ("文件", "应答时间", "400号码")
    assert [row[3] for row in rows[1:]] == ["13800138000", "=1+1"]
    assert rows[1][1] == datetime(2026, 10, 1, 12, 0)
    assert seen == [1, 2]
    assert [each.name for each in tmp_path.iterdir()] == ["acme.zip"]


def test_what_is_damaged_is_left_out_and_named(recordings: Recordings, tmp_path: Path) -> None:
    """The rest is there."""
    good, bad = store(recordings, date(2026, 10, 1)), store(recordings, date(2026, 10, 2))
    path = recordings.path(bad)
    path.chmod(0o600)
    path.write_bytes(b"other")
    count, damaged = write_archive(recordings, "acme", "2026-10", tmp_path / "a.zip")
    assert (count, damaged) == (1, [bad])
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert good in archive.namelist()[0]


def test_a_hostile_caller_makes_no_path() -> None:
    """Names in the archive hold digits and letters only."""
    facts = RecordingFacts("x" * 26, "a", "400", "../../etc/passwd", ("..\\x",), noon(TODAY), 1.0, 1, "")
    name = name_of(facts)
    assert name.count("/") == 1
    assert ".." not in name


@pytest.mark.parametrize("month", ["2026-13", "2026", "october", "../x"])
def test_a_wrong_month_is_refused(month: str) -> None:
    """Before anything is written."""
    with pytest.raises(ValueError, match=r"time data|unconverted"):
        month_span(month)


def test_a_month_is_that_of_beijing() -> None:
    """December ends with the year."""
    since, until = month_span("2026-12")
    assert (f"{local(since):%Y-%m-%d %H}", f"{local(until):%Y-%m-%d %H}") == (
        "2026-12-01 00",
        "2027-01-01 00",
    )


# The space.


def test_packing_gives_the_disk_its_space_back() -> None:
    """A real store: what retention deletes is gone from the disk when it has run, the rest plays."""
    with short_data_directory() as data, running("storage", data) as store_process:
        database = open_recordings(data)
        recordings = Recordings(database)
        eventually(recordings.total)
        old = [store(recordings, TODAY - timedelta(days=each)) for each in range(200, 220)]
        young = store(recordings, TODAY)

        def taken() -> int:
            blobs = (data.store / "blobs").rglob("*.blob")
            return sum(file.stat().st_size for file in blobs)

        assert taken() == 21 * len(SOUND)
        report = Retention(recordings).run(TODAY)
        assert len(report.deleted) == len(old)
        assert taken() == len(SOUND)
        assert recordings.check(young).bytes == len(SOUND)
        database.close()
        assert store_process.end() == 0
