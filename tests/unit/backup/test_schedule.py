"""A backup each night, made up for when the box was down, told when it fails."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from b2bua.alarms import AlarmBoard
from b2bua.process.backup import BackupWatch
from domain.snapshot import BackupPlan
from storage.backup import generations
from storage.backup.scheduled import run_once
from storage.backup_schedule import (
    RETRY_SECONDS,
    BackupAsks,
    BackupSchedule,
    BackupState,
    is_due,
    last_moment,
    read_state,
    write_asks,
    write_state,
)
from storage.data_directory import DataDirectory
from storage.records.call_id import BEIJING
from tests.unit.backup.test_backup import box, target
from tests.unit.recorder.box import Box

__all__ = ["box", "target"]

HOUR = 3600.0
NIGHT = datetime(2026, 11, 22, 2, 30, tzinfo=BEIJING).timestamp()
PLAN = BackupPlan(to="/mnt/backup")


def test_the_time_is_that_of_clocks_in_china() -> None:
    """02:30 in Beijing, whatever the machine's own zone."""
    assert last_moment("02:30", NIGHT) == NIGHT
    assert last_moment("02:30", NIGHT - 1) == NIGHT - 24 * HOUR
    assert last_moment("23:59", NIGHT) == NIGHT - 2.5 * HOUR - 60


@pytest.mark.parametrize(
    ("good", "tried", "now", "due"),
    [
        (0.0, 0.0, NIGHT + 12 * HOUR, True),  # just asked for
        (NIGHT + 5, NIGHT + 5, NIGHT + 12 * HOUR, False),
        (NIGHT + 5, NIGHT + 5, NIGHT + 24 * HOUR - 1, False),
        (NIGHT + 5, NIGHT + 5, NIGHT + 24 * HOUR, True),
        (NIGHT + 5, NIGHT + 5, NIGHT + 31 * HOUR, True),  # the box was down at night
        (NIGHT - 24 * HOUR, NIGHT + 5, NIGHT + 60, False),  # it has just failed
        (NIGHT - 24 * HOUR, NIGHT + 5, NIGHT + 5 + RETRY_SECONDS, True),
        (NIGHT - 24 * HOUR, NIGHT + 9 * HOUR, NIGHT + 60, True),  # the clock was set back
    ],
)
def test_when_a_backup_is_due(good: float, tried: float, now: float, due: bool) -> None:
    """At its time, as soon as possible afterwards, and an hour after a failure."""
    assert is_due(PLAN, BackupState(PLAN.to, NIGHT, tried, good), now) is due


def test_one_backup_at_a_time(tmp_path: Path) -> None:
    """The store starts a process when one is due, and none while that runs."""
    data = DataDirectory(tmp_path)
    started: list[subprocess.Popen[bytes]] = []

    def start(data: DataDirectory) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
        return started[-1]

    schedule = BackupSchedule(data, lambda: PLAN, start)
    schedule.look(NIGHT)
    schedule.look(NIGHT + 1)
    assert len(started) == 1
    assert read_state(data) == BackupState(PLAN.to, NIGHT)
    started[0].communicate(b"\n")
    write_state(data, BackupState(PLAN.to, NIGHT, NIGHT, NIGHT))
    schedule.look(NIGHT + 2)
    assert len(started) == 1
    schedule.look(NIGHT + 24 * HOUR)
    assert len(started) == 2
    started[1].communicate(b"\n")


def test_one_that_is_asked_for_is_due_at_once(tmp_path: Path) -> None:
    """Whoever presses the button need not wait for the night; what was tried since answers it."""
    data = DataDirectory(tmp_path)
    schedule = BackupSchedule(data, lambda: PLAN)
    write_state(data, BackupState(PLAN.to, NIGHT, NIGHT, NIGHT))
    assert not schedule.is_wanted(NIGHT + 60)
    write_asks(data, BackupAsks(nightly=NIGHT + 50))
    assert schedule.is_wanted(NIGHT + 60)
    write_state(data, BackupState(PLAN.to, NIGHT, NIGHT + 61, NIGHT, error="disk full"))
    assert not schedule.is_wanted(NIGHT + 70)


def test_nothing_is_done_unless_it_is_configured(tmp_path: Path) -> None:
    """Nor is anything written."""
    data = DataDirectory(tmp_path)
    BackupSchedule(data, lambda: None).look(NIGHT)
    assert list(tmp_path.iterdir()) == []


def test_a_night_on_a_real_box(box: Box, target: Path) -> None:
    """Made, verified, old ones dropped; what became of it is noted."""
    target.mkdir()
    plan = BackupPlan(to=str(target), keep=2)
    for night in range(3):
        state = run_once(box.data, plan, lambda night=night: NIGHT + night * 24 * HOUR)  # type: ignore[misc]
        assert (state.error, state.good_at) == ("", NIGHT + night * 24 * HOUR)
    assert generations(target)[-1] == state.generation
    assert len(generations(target)) == state.kept == 2
    assert read_state(box.data) == state


def test_a_disk_that_is_not_mounted_is_no_new_disk(box: Box, target: Path) -> None:
    """An empty or missing place where backups were is told, never filled."""
    plan = BackupPlan(to=str(target))
    assert "mounted" in run_once(box.data, plan).error
    assert not target.exists()
    target.mkdir()
    assert run_once(box.data, plan).error == ""
    target.rename(target.with_name("unplugged"))
    target.mkdir()
    failed = run_once(box.data, plan)
    assert "mounted" in failed.error
    assert failed.good_at > 0
    assert list(target.iterdir()) == []


def test_a_backup_that_is_damaged_is_not_a_good_one(box: Box, target: Path) -> None:
    """It is compared with its hashes before it counts."""
    target.mkdir()
    plan = BackupPlan(to=str(target))
    first = run_once(box.data, plan, lambda: NIGHT)
    blob = next(path for path in (target / "blobs").rglob("*.blob"))
    blob.chmod(0o640)
    blob.write_bytes(b"no sound")
    second = run_once(box.data, plan, lambda: NIGHT + 24 * HOUR)
    assert (second.good_at, second.generation) == (NIGHT, first.generation)
    assert second.error


def test_the_alarm_about_backups(tmp_path: Path) -> None:
    """A failure warns, 36 hours without a good one are critical, and a good one ends both."""
    data = DataDirectory(tmp_path)
    now = [NIGHT]
    plans: list[BackupPlan | None] = [PLAN]
    board = AlarmBoard(lambda: now[0], lambda content: None)
    watch = BackupWatch(data, board, lambda: plans[0], lambda: now[0])

    def alarm() -> str:
        watch.check()
        return ", ".join(f"{each.severity}: {each.en}" for each in board.up())

    assert alarm() == ""
    state = BackupState(PLAN.to, NIGHT, NIGHT, NIGHT)
    write_state(data, state)
    now[0] += 36 * HOUR
    assert alarm() == ""
    now[0] += 1
    assert alarm() == "critical: No good backup for more than 36 h, the last one is of 2026-11-22 02:30"
    write_state(data, msgspec.structs.replace(state, good_at=now[0]))
    assert alarm() == ""
    write_state(data, msgspec.structs.replace(state, good_at=now[0], error="disk full"))
    assert alarm().startswith("warning: The backup failed and will be tried again: disk full")
    write_state(data, BackupState(PLAN.to, NIGHT, error="not mounted"))
    assert "there has been none yet: not mounted" in alarm()
    plans[0] = None
    assert alarm() == ""
