"""When recordings are deleted, and when they must not be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.days.calendar import Entered, EnteredDay
from domain.snapshot import BoxSnapshot
from storage.connection import Database, StoreDown
from storage.data_directory import DataDirectory, write_atomically
from storage.recordings import Fresh, RecordingFacts, Recordings
from storage.retention.nightly import RetentionJob, clock_path, read_summary
from storage.retention.recordings import (
    GRACE_DAYS,
    Keep,
    Plans,
    Retention,
    day_of,
    deletion_day,
    is_weekday,
    months_after,
    working_days_after,
)
from storage.retention.trusted_clock import BELIEVE_AFTER, Clocks, ClockState, TrustedClock, advance
from tests.unit.recorder.box import UnsteadyDatabase

TODAY = date(2026, 11, 22)
DAY = 86400.0


@pytest.fixture
def database() -> Iterator[Database]:
    """Return an empty database of recordings."""
    database = UnsteadyDatabase()
    yield database
    database.close()


@pytest.fixture
def recordings(database: Database) -> Recordings:
    """Return recordings in it."""
    return Recordings(database)


def noon(day: date) -> float:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC).timestamp()


def kept_since(recordings: Recordings, days: list[date], tenant: str = "acme") -> list[str]:
    """Store a recording for each day; return their ids."""
    names = []
    directory = recordings.temporary_directory()
    for number, day in enumerate(days):
        name = f"{int(noon(day)):016d}{tenant:>10}"[:26].replace(" ", "0")
        file = directory / f"{number}.flac"
        file.write_bytes(b"sound of " + name.encode())
        facts = RecordingFacts(
            id=name, tenant=tenant, number="4001003722", caller="139", answerers=(), at=noon(day),
            seconds=10.0, bytes=35, sha256="",
        )  # fmt: skip
        recordings.add([Fresh(facts, file)])
        names.append(name)
    return names


def test_three_months_are_the_default(recordings: Recordings) -> None:
    """What is older than three months (and two days' grace) goes, a day younger stays."""
    old, young = kept_since(recordings, [date(2026, 8, 19), date(2026, 8, 20)])
    report = Retention(recordings).run(TODAY)
    assert [facts.id for facts in report.deleted] == [old]
    assert recordings.known([old, young]) == {young}
    assert report.bytes == 35
    assert recordings.usage("acme").count == 1
    assert Retention(recordings).run(TODAY).deleted == ()
    assert Retention(recordings).run(TODAY + timedelta(days=1)).deleted[0].id == young


def test_never_before_ten_working_days(recordings: Recordings) -> None:
    """A plan of a week still keeps ten working days; a holiday week makes it longer."""
    plans = Plans(tenants={"brief": Keep(days=7)})
    made = date(2026, 9, 28)  # the National Day week follows
    (name,) = kept_since(recordings, [made], "brief")
    weekdays_only = deletion_day(made, Keep(days=7))
    assert weekdays_only == date(2026, 10, 12) + timedelta(days=GRACE_DAYS + 1)

    def chinese(day: date) -> bool:
        return is_weekday(day) and not date(2026, 10, 1) <= day <= date(2026, 10, 7)

    with_holidays = Retention(recordings, plans, chinese)
    assert with_holidays.run(weekdays_only).deleted == ()
    later = weekdays_only + timedelta(days=7)
    assert with_holidays.run(later - timedelta(days=1)).deleted == ()
    assert [facts.id for facts in with_holidays.run(later).deleted] == [name]


def test_a_legal_hold_outlives_its_time(recordings: Recordings) -> None:
    """A held recording stays for years, and goes when the hold is lifted."""
    (name,) = kept_since(recordings, [date(2020, 1, 1)])
    recordings.set_hold(name, "court")
    report = Retention(recordings).run(TODAY)
    assert (report.deleted, report.held) == ((), 1)
    recordings.set_hold(name, "")
    assert Retention(recordings).run(TODAY).deleted[0].id == name


def test_a_dry_run_lists_and_deletes_nothing(recordings: Recordings) -> None:
    """An operator sees what would go, and each tenant is warned two weeks before."""
    names = kept_since(
        recordings, [date(2026, 8, 1), date(2026, 8, 25), date(2026, 8, 26), date(2026, 11, 1)]
    )
    kept_since(recordings, [date(2026, 8, 27)], "other")
    report = Retention(recordings).examine(TODAY)
    assert [facts.id for facts in report.deleted] == [names[0]]
    assert [(each.tenant, each.count, each.first) for each in report.warnings] == [
        ("acme", 2, date(2026, 11, 28)),
        ("other", 1, date(2026, 11, 30)),
    ]
    assert recordings.total().count == 5


def test_an_interrupted_run_is_run_again(recordings: Recordings, database: UnsteadyDatabase) -> None:
    """The store going down in the middle harms nothing."""
    kept_since(recordings, [date(2020, 1, 1), date(2020, 1, 2)])
    database.after = StoreDown("gone")
    with pytest.raises(StoreDown):
        Retention(recordings).run(TODAY)
    database.after = None
    Retention(recordings).run(TODAY)
    assert recordings.total().count == 0
    assert recordings.usage("acme").bytes == 0


@pytest.mark.parametrize(
    ("made", "months", "end"),
    [
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2023, 11, 30), 3, date(2024, 2, 29)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
    ],
)
def test_months_end_where_people_expect(made: date, months: int, end: date) -> None:
    """Three months after the last of November is the last of February."""
    assert months_after(made, months) == end


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 400), st.integers(0, 24))
def test_whatever_the_plan_ten_working_days_are_kept(made: date, days: int, months: int) -> None:
    """No plan can undercut the law."""
    end = deletion_day(made, Keep(months=months, days=days))
    whole_days = sum(is_weekday(made + timedelta(days=n)) for n in range(1, (end - made).days))
    assert whole_days >= 10
    assert working_days_after(made, 10, lambda day: False) > made


def test_days_are_those_of_china() -> None:
    """A call at 01:00 in China belongs to that day, not to the day before in UTC."""
    assert day_of(datetime(2026, 11, 21, 17, tzinfo=UTC).timestamp()) == date(2026, 11, 22)


# The clock.

START = Clocks(noon(TODAY), 1000.0, "boot-1")


def after(clocks: Clocks, uptime: float, step: float = 0.0, boot: str | None = None) -> Clocks:
    """Return the clocks some seconds of uptime later, the wall clock stepped in between."""
    if boot is not None:
        return Clocks(clocks.utc + uptime + step, uptime, boot)
    return Clocks(clocks.utc + uptime + step, clocks.mono + uptime, clocks.boot)


def looked(
    state: ClockState | None, clocks: Clocks, seconds: float, step: float = 0.0
) -> tuple[ClockState, Clocks]:
    """Let time pass with a look every ten minutes; the step comes first."""
    clocks = after(clocks, 0.0, step)
    for _ in range(int(seconds / 600)):
        clocks = after(clocks, 600)
        state = advance(state, clocks)
    assert state is not None
    return state, clocks


@pytest.mark.parametrize("step", [3600.0, DAY, 30 * DAY])
def test_a_clock_set_ahead_is_not_followed(step: float) -> None:
    """An hour, a day, a month ahead: for days nothing is deleted by it; set back, all is as before."""
    state, clocks = looked(None, START, DAY)
    state, clocks = looked(state, clocks, 5 * DAY, step)
    assert state.trusted == pytest.approx(clocks.utc - step)
    state, clocks = looked(state, clocks, DAY, -step)
    assert state.trusted == pytest.approx(clocks.utc)
    assert state.steady == 0.0


@pytest.mark.parametrize("step", [-3600.0, -DAY])
def test_a_clock_set_back_is_believed(step: float) -> None:
    """Set back, things are kept longer; set right again, it is followed after a week at the latest."""
    state, clocks = looked(None, START, DAY)
    state, clocks = looked(state, clocks, DAY, step)
    assert state.trusted == pytest.approx(clocks.utc)
    state, clocks = looked(state, clocks, DAY, -step)
    assert state.trusted == pytest.approx(clocks.utc + step)
    state, clocks = looked(state, clocks, BELIEVE_AFTER)
    assert state.trusted == pytest.approx(clocks.utc)


def test_a_box_that_was_off_for_a_month_catches_up_after_a_week() -> None:
    """Nobody knows at first that the month was real; a week of steady time is proof enough."""
    state, clocks = looked(None, START, DAY)
    clocks = after(clocks, 600, 30 * DAY, boot="boot-2")
    state = advance(state, clocks)
    assert clocks.utc - state.trusted > 29 * DAY
    state, clocks = looked(state, clocks, BELIEVE_AFTER + 600)
    assert state.trusted == pytest.approx(clocks.utc)


def test_small_corrections_are_followed() -> None:
    """What a time server corrects is no step."""
    state, clocks = looked(None, START, DAY)
    state, clocks = looked(state, clocks, 600, 5.0)
    assert state.trusted == pytest.approx(clocks.utc)


def test_a_clock_that_jumps_about_is_never_believed() -> None:
    """Ahead by another day every other day is no proof."""
    state, clocks = looked(None, START, DAY)
    begin = clocks.mono
    for _ in range(10):
        state, clocks = looked(state, clocks, 2 * DAY, DAY)
    assert state.trusted == pytest.approx(START.utc + DAY + clocks.mono - begin, abs=1)


def test_the_clock_is_kept_in_a_file(tmp_path: Path) -> None:
    """Restarts change nothing; an operator may say that the clock is right."""
    times = [START]
    clock = TrustedClock(tmp_path / "clock.json", lambda: times[0])
    clock.now()
    times[0] = after(START, 600, DAY)
    assert TrustedClock(tmp_path / "clock.json", lambda: times[0]).now().trusted == START.utc + 600
    assert clock.believe().trusted == times[0].utc
    (tmp_path / "clock.json").write_text("")
    assert clock.read() is None


def test_the_job_runs_once_a_night(tmp_path: Path, recordings: Recordings) -> None:
    """It deletes after three in the morning, once, says what it did, and is not fooled by the clock."""
    data = DataDirectory(tmp_path)
    data.create()
    old, edge = kept_since(recordings, [date(2026, 8, 1), date(2026, 8, 20)])
    times = [Clocks(noon(TODAY) - 10 * 3600, 0.0, "boot")]
    job = RetentionJob(data, recordings, TrustedClock(clock_path(data), lambda: times[0]))
    assert job.step() is None
    times[0] = Clocks(noon(TODAY), 10 * 3600.0, "boot")
    summary = job.step()
    assert summary is not None
    assert (summary.day, summary.deleted, summary.bytes) == (TODAY, 1, 35)
    assert read_summary(data) == summary
    assert job.step() is None
    times[0] = Clocks(noon(TODAY) + DAY, 10 * 3600.0 + 600, "boot")
    assert job.step() is None
    assert recordings.known([old, edge]) == {edge}


@pytest.mark.parametrize(
    ("entered", "goes"),
    [({}, date(2026, 10, 19)), ({"2026-10-12": EnteredDay(Entered.HOLIDAY, "司庆")}, date(2026, 10, 22))],
)
def test_ten_working_days_are_counted_by_the_calendar_of_the_box(
    tmp_path: Path, recordings: Recordings, entered: dict[str, EnteredDay], goes: date
) -> None:
    """National Day week does not count, the Saturday worked for it does; the operator's table is obeyed."""
    data = DataDirectory(tmp_path)
    data.create()
    write_atomically(data.box_snapshot, msgspec.json.encode(BoxSnapshot(calendar=entered)))
    kept_since(recordings, [date(2026, 9, 28)])
    deleted = {}
    for day in (goes - timedelta(days=1), goes):
        clock = TrustedClock(tmp_path / f"{day}.json", lambda day=day: Clocks(noon(day), 0.0, "boot"))  # type: ignore[misc]
        summary = RetentionJob(data, recordings, clock, lambda: Plans(Keep(days=1))).step()
        assert summary is not None
        deleted[day] = summary.deleted
    assert list(deleted.values()) == [0, 1]
