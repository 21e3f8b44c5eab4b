"""Encrypted backups off the machine: made in time, proved by drills, restored onto a fresh box."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from b2bua.alarms import AlarmBoard, Severity
from b2bua.process.offsite import DRILL_KEY, KEY, OffsiteWatch
from domain.snapshot import BoxSnapshot, OffsitePlan
from storage.backup_schedule import BackupAsks, write_asks
from storage.data_directory import DataDirectory
from storage.offsite.restic import OffsiteError, Restic, sftp_host, sftp_key
from storage.offsite.schedule import BY_TIMER, OffsiteSchedule
from storage.offsite.state import Drill, OffsiteState, drill_is_due, is_due, read_state, write_state
from storage.offsite.work import back_up, drill, restore_newest
from tests.unit.backup.servers import SshServer, free_port, ssh_server, wait_for
from tests.unit.backup.test_backup import add_tenant, box, contents
from tests.unit.recorder.box import Box

__all__ = ["box"]

NOW = 1_795_000_000.0
SECRET = "a secret of some length"


def at(place: Path) -> OffsitePlan:
    """Return a plan that leads to a directory."""
    return OffsitePlan(str(place / "repository"), SECRET)


def test_backup_drill_and_restore(box: Box, tmp_path: Path) -> None:
    """What was committed is there, encrypted; a drill counts the same; a fresh box gets it all."""
    plan = at(tmp_path)
    add_tenant(box.data, "acme")
    state = back_up(box.data, plan)
    assert (state.error, state.good_at > 0, state.added_bytes > 0) == ("", True, True)
    everything = b"".join(path.read_bytes() for path in Path(plan.to).rglob("*") if path.is_file())
    assert b"fLaC" not in everything
    assert b"acme" not in everything
    done = drill(box.data, plan)
    assert (done.faults, done.tenants, done.recordings) == ((), 1, 4)
    assert read_state(box.data) == msgspec.structs.replace(state, drill=done)
    assert sorted(path.name for path in (box.data.root / "offsite").iterdir()) == ["cache", "staged"]
    fresh = DataDirectory(tmp_path / "fresh" / "data")
    assert restore_newest(fresh, plan).recordings_count == 4
    assert {path.name for path in fresh.root.parent.iterdir()} == {"data"}
    assert len(contents(fresh)) == 4


def test_the_next_one_costs_what_is_new(box: Box, tmp_path: Path) -> None:
    """And the staged copy links audio instead of copying it."""
    plan = at(tmp_path)
    first = back_up(box.data, plan)
    staged = next((box.data.root / "offsite/staged/blobs").rglob("*.blob"))
    assert staged.stat().st_nlink == 2
    box.call(50)
    box.settle()
    second = back_up(box.data, plan)
    assert second.error == ""
    assert 0 < second.added_bytes < first.added_bytes
    assert len(Restic(box.data, plan).snapshots()) == 2


def test_a_backup_that_was_damaged_fails_the_drill(box: Box, tmp_path: Path) -> None:
    """The drill says so, and it is an alarm."""
    plan = at(tmp_path)
    back_up(box.data, plan)
    for pack in (Path(plan.to) / "data").rglob("*"):
        if pack.is_file():
            pack.chmod(0o600)
            content = bytearray(pack.read_bytes())
            content[len(content) // 2] ^= 1
            pack.write_bytes(content)
    shutil.rmtree(box.data.root / "offsite/cache")
    assert drill(box.data, plan).faults
    board = AlarmBoard(lambda: NOW, lambda alarms: None)
    OffsiteWatch(box.data, board, lambda: plan, lambda: read_state(box.data).good_at).check()  # type: ignore[union-attr]
    assert [alarm.key for alarm in board.up()] == [DRILL_KEY]


def test_what_goes_wrong_is_told(box: Box, tmp_path: Path) -> None:
    """A wrong password, a place that cannot be written to: kept as the reason, tried again soon."""
    plan = at(tmp_path)
    assert back_up(box.data, plan).error == ""
    wrong = back_up(box.data, OffsitePlan(plan.to, "another secret"))
    assert "wrong password" in wrong.error
    (tmp_path / "file").write_text("")
    state = back_up(box.data, OffsitePlan(str(tmp_path / "file/x"), SECRET))
    assert (bool(state.error), state.good_at) == (True, 0.0)
    with pytest.raises(OffsiteError):
        restore_newest(DataDirectory(tmp_path / "fresh"), OffsitePlan(plan.to, "another secret"))


@pytest.mark.parametrize(
    ("good", "tried", "error", "due"),
    [
        (0.0, 0.0, "", True), (NOW - 599, NOW - 599, "", False), (NOW - 600, NOW - 600, "", True),
        (NOW - 900, NOW - 119, "down", False), (NOW - 900, NOW - 120, "down", True),
        (NOW + 60, NOW + 60, "", True),
    ],
)  # fmt: skip
def test_when_one_is_due(good: float, tried: float, error: str, due: bool) -> None:
    """Every ten minutes, two minutes after a failure, at once where the clock was set back."""
    state = OffsiteState("x", NOW - 9999, tried, good, error=error)
    assert is_due(OffsitePlan("x", SECRET), state, NOW) is due


def test_late_backups_are_an_alarm(tmp_path: Path) -> None:
    """After twice the interval a warning, a day later critical; one that is good clears it."""
    data, plan = DataDirectory(tmp_path), OffsitePlan("/mnt/x", SECRET)
    board = AlarmBoard(lambda: NOW, lambda alarms: None)
    data.create()
    now = [NOW]
    watch = OffsiteWatch(data, board, lambda: plan, lambda: now[0])
    write_state(data, OffsiteState(plan.to, NOW, NOW, NOW))
    for later, severity in ((1199, None), (1201, Severity.WARNING), (90_000, Severity.CRITICAL)):
        now[0] = NOW + later
        watch.check()
        assert [(a.key, a.severity) for a in board.up()] == ([(KEY, severity)] if severity else [])
    write_state(data, OffsiteState(plan.to, NOW, now[0], now[0]))
    watch.check()
    assert board.up() == []


def test_the_store_begins_them_where_no_timer_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under ``box400 run``; on the appliance the store speaks to no network."""
    data, plan, begun = (
        DataDirectory(tmp_path),
        OffsitePlan("/mnt/x", SECRET),
        list[subprocess.Popen[bytes]](),
    )

    def start(data: DataDirectory) -> subprocess.Popen[bytes]:
        begun.append(subprocess.Popen([sys.executable, "-c", ""]))
        return begun[-1]

    schedule = OffsiteSchedule(data, lambda: plan, start)
    schedule.look(NOW)
    assert [process.wait() for process in begun] == [0]
    monkeypatch.setenv(BY_TIMER, "1")
    OffsiteSchedule(data, lambda: plan, start).look(NOW)
    assert len(begun) == 1


def test_backups_and_drills_that_are_asked_for_are_due_at_once(tmp_path: Path) -> None:
    """A drill only where there is something to restore, and once."""
    data, plan = DataDirectory(tmp_path), OffsitePlan("/mnt/x", SECRET)
    schedule = OffsiteSchedule(data, lambda: plan)
    good = OffsiteState(plan.to, NOW, NOW, NOW)
    write_state(data, good)
    assert not schedule.is_wanted(NOW + 5)
    write_asks(data, BackupAsks(offsite=NOW + 1))
    assert schedule.is_wanted(NOW + 5)
    write_state(data, msgspec.structs.replace(good, tried_at=NOW + 2, good_at=NOW + 2))
    assert not schedule.is_wanted(NOW + 5)
    write_asks(data, BackupAsks(drill=NOW + 3))
    assert schedule.is_wanted(NOW + 5)
    write_state(data, msgspec.structs.replace(good, drill=Drill(NOW + 4, 1.0, "abc", NOW)))
    assert not schedule.is_wanted(NOW + 5)
    assert not drill_is_due(OffsiteState(plan.to, NOW), BackupAsks(drill=NOW + 3))


def test_nothing_is_due_without_a_plan(tmp_path: Path) -> None:
    """The process that the timer starts each minute ends at once."""
    data = DataDirectory(tmp_path)
    data.create()
    data.box_snapshot.write_bytes(msgspec.json.encode(BoxSnapshot()))
    done = subprocess.run(
        [sys.executable, "-m", "storage.offsite", "--data", str(tmp_path)], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_addresses_of_sftp() -> None:
    """Both ways in which restic writes them."""
    assert sftp_host("sftp:box@backup.example.com:/srv/box") == ("box@backup.example.com", "")
    assert sftp_host("sftp://box@backup.example.com:2222//srv/box") == ("box@backup.example.com", "2222")


@pytest.fixture
def sshd() -> Iterator[SshServer]:
    """Serve SFTP on loopback as ourselves."""
    with ssh_server() as server:
        yield server


def test_over_sftp(box: Box, tmp_path: Path, sshd: SshServer) -> None:
    """By the box's own key, and only to the server whose key is known."""
    authorized, port, host_key = sshd
    shutil.copyfile(sftp_key(box.data.root / "offsite").with_suffix(".pub"), authorized)
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    plan = OffsitePlan(f"sftp://{user}@127.0.0.1:{port}/{tmp_path}/far", SECRET, host_key=host_key)
    assert back_up(box.data, plan).error == ""
    assert (drill(box.data, plan).faults, (tmp_path / "far/config").exists()) == ((), True)
    other = (
        host_key.rsplit(" ", 1)[0] + " AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
    )
    state = back_up(box.data, msgspec.structs.replace(plan, host_key=other))
    assert state.error
    assert os.listdir(tmp_path / "far/snapshots")


@pytest.fixture
def s3() -> Iterator[str]:
    """Serve S3 on loopback; gives its address."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def test_to_s3(box: Box, tmp_path: Path, s3: str) -> None:
    """The bucket is made at the first backup; a drill and a fresh box get all of it back."""
    plan = OffsitePlan(f"s3:{s3}/box400/a", SECRET, access_key="AKIAEXAMPLE", secret_key="its secret")
    assert back_up(box.data, plan).error == ""
    done = drill(box.data, plan)
    assert (done.faults, done.recordings) == ((), 4)
    assert restore_newest(DataDirectory(tmp_path / "fresh" / "data"), plan).recordings_count == 4
