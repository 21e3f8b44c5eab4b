"""A backup from elsewhere comes onto a new box while its pages are up, and holds after its next start."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from domain.refusal import NotPossible
from domain.snapshot import OffsitePlan
from storage.data_directory import DataDirectory, Settings
from storage.evolution import STEPS, SchemaMismatch
from storage.machine.wish import RestartBox, wished
from storage.offsite import asking, restoring, takeover
from storage.offsite.failures import NoRoom, told
from storage.offsite.restic import OffsiteError, sftp_key
from storage.offsite.schedule import BY_TIMER, OffsiteSchedule
from storage.offsite.takeover import Phase, Restoring, take_over
from storage.offsite.work import back_up
from storage.upgrade.census import count_stopped
from tests.unit.backup.test_backup import add_tenant, box, contents
from tests.unit.backup.test_offsite import SECRET, at, s3, sshd
from tests.unit.recorder.box import Box

__all__ = ["box", "s3", "sshd"]


@pytest.fixture
def fresh(tmp_path: Path) -> DataDirectory:
    """A new box that somebody has begun to set up."""
    data = DataDirectory(tmp_path / "fresh" / "data")
    data.create()
    data.write_settings(Settings(web="127.0.0.9:8400"))
    for name in ("setup-code", "web.secret", "standings.json", "journal/old"):
        (data.root / name).write_text(f"the new box's {name}")
    return data


def told_of(data: DataDirectory) -> Restoring:
    """Return what the pages show."""
    state = asking.look(data)
    assert state is not None
    return state


def test_a_new_box_becomes_the_old_one(box: Box, fresh: DataDirectory, tmp_path: Path) -> None:
    """All that the old box knew is here; what belongs to the machine stays as it is."""
    add_tenant(box.data, "acme")
    assert back_up(box.data, at(tmp_path)).error == ""
    asking.ask(fresh, at(tmp_path))
    assert told_of(fresh).phase is Phase.ASKED
    ended = restoring.prepare(fresh)
    assert ended is not None
    assert (ended.phase, ended.tenants, ended.recordings, ended.percent) == (Phase.READY, 1, 4, 100)
    assert told_of(fresh) == ended
    assert SECRET not in "".join(
        file.read_text("latin-1") for file in (fresh.root / "restore").glob("*.json")
    )
    assert not take_over(fresh)
    asking.take(fresh)
    assert take_over(fresh)
    assert not take_over(fresh)
    assert told_of(fresh).phase is Phase.DONE
    assert (count_stopped(fresh).tenants, len(contents(fresh))) == (1, 4)
    assert fresh.read_settings().web == "127.0.0.9:8400"
    for name in ("setup-code", "web.secret"):
        assert (fresh.root / name).read_text() == f"the new box's {name}"
    assert not (fresh.root / "standings.json").exists()
    assert not (fresh.journal / "old").exists()
    assert (fresh.root / "restore/before/journal/old").exists()


class PowerCut(BaseException):
    """The machine is off."""


def test_it_may_be_interrupted_at_any_name(
    box: Box, fresh: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut at each renaming, the next start ends what was begun."""
    back_up(box.data, at(tmp_path))
    asking.ask(fresh, at(tmp_path))
    restoring.prepare(fresh)
    asking.take(fresh)
    left, rename = [0], Path.rename

    def once(old: Path, new: Path) -> Path:
        if left[0] == 0:
            raise PowerCut
        left[0] -= 1
        return rename(old, new)

    monkeypatch.setattr(Path, "rename", once)
    for cut in range(100):
        data = DataDirectory(tmp_path / f"cut-{cut}")
        shutil.copytree(fresh.root, data.root)
        left[0] = cut
        try:
            take_over(data)
            whole = True
        except PowerCut:
            left[0], whole = 1000, False
            assert take_over(data)
        assert count_stopped(data).recordings == 4
        assert (data.root / "restore/before/standings.json").exists()
        assert not (data.root / "standings.json").exists()
        if whole:
            break
    assert 8 < cut < 99


def fails(data: DataDirectory, plan: OffsitePlan) -> str:
    """Ask for a restore that cannot be; return what the pages say."""
    asking.ask(data, plan)
    ended = restoring.prepare(data)
    assert ended is not None
    assert ended.phase is Phase.FAILED
    assert ended.why_zh
    assert sorted(path.name for path in (data.root / "restore").iterdir()) == ["lock", "state.json"]
    with pytest.raises(NotPossible):
        asking.take(data)
    return ended.why


def test_what_cannot_be_restored_is_told(box: Box, fresh: DataDirectory, tmp_path: Path) -> None:
    """A wrong password, no backup there, a place that is empty; then the right one works."""
    assert "no backup at this address" in fails(fresh, at(tmp_path))
    back_up(box.data, at(tmp_path))
    assert "not the password" in fails(fresh, OffsitePlan(at(tmp_path).to, "another secret"))
    asking.ask(fresh, at(tmp_path))
    with pytest.raises(NotPossible, match="under way"):
        asking.ask(fresh, at(tmp_path))
    assert restoring.prepare(fresh)
    assert told_of(fresh).phase is Phase.READY


def test_a_backup_of_a_newer_version_is_refused(
    box: Box, fresh: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older program would not understand its data."""
    back_up(box.data, at(tmp_path))
    monkeypatch.setattr("storage.evolution.STEPS", STEPS[:-1])
    assert "newer version" in fails(fresh, at(tmp_path))


def test_a_backup_that_does_not_fit_is_refused(
    box: Box, fresh: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is fetched."""
    back_up(box.data, at(tmp_path))
    monkeypatch.setattr(restoring, "SPARE_BYTES", 1 << 60)
    assert "Too little space" in fails(fresh, at(tmp_path))


def test_over_sftp_and_from_s3(
    box: Box, fresh: DataDirectory, tmp_path: Path, sshd: tuple[Path, int, str], s3: str
) -> None:
    """With the new box's own key, once the server takes it; with the keys of the storage."""
    authorized, port, host_key = sshd
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    plan = OffsitePlan(f"sftp://{user}@127.0.0.1:{port}/{tmp_path}/far", SECRET, host_key=host_key)
    shutil.copyfile(sftp_key(box.data.root / "offsite").with_suffix(".pub"), authorized)
    assert back_up(box.data, plan).error == ""
    assert "does not take this box's key" in fails(fresh, plan)
    shutil.copyfile(sftp_key(fresh.root / "offsite").with_suffix(".pub"), authorized)
    asking.ask(fresh, plan)
    restoring.prepare(fresh)
    assert told_of(fresh).recordings == 4
    bucket = OffsitePlan(f"s3:{s3}/box400/a", SECRET, access_key="AKIAEXAMPLE", secret_key="its secret")
    assert back_up(box.data, bucket).error == ""
    asking.ask(fresh, bucket)
    restoring.prepare(fresh)
    assert (told_of(fresh).phase, told_of(fresh).recordings) == (Phase.READY, 4)


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (OffsitePlan("nonsense", SECRET), "where the backup is"),
        (OffsitePlan("sftp:-oProxy@host:/x", SECRET, host_key="x"), "where the backup is"),
        (OffsitePlan("/mnt/disk", ""), "password"),
        (OffsitePlan("sftp:box@host:/x", SECRET), "host key"),
        (OffsitePlan("s3:https://host/bucket", SECRET, access_key="x"), "both keys"),
    ],
)
def test_what_is_missing_is_asked_for(fresh: DataDirectory, plan: OffsitePlan, why: str) -> None:
    """Before anything begins."""
    with pytest.raises(NotPossible, match=why):
        asking.ask(fresh, plan)
    assert asking.look(fresh) is None


def test_one_that_nobody_works_at_has_failed(fresh: DataDirectory) -> None:
    """The machine was switched off meanwhile: the page does not wait for ever."""
    asking.ask(fresh, OffsitePlan("/mnt/disk", SECRET))
    (fresh.root / "restore/request.json").unlink()
    takeover.write_state(fresh, Restoring("/mnt/disk", Phase.FETCHING, size=100, fetched=40))
    assert (told_of(fresh).phase, "interrupted" in told_of(fresh).why) == (Phase.FAILED, True)
    asking.ask(fresh, OffsitePlan("/mnt/disk", SECRET))
    assert told_of(fresh).phase is Phase.ASKED


def test_any_appliance_starts_anew_with_it(fresh: DataDirectory) -> None:
    """Also a Debian of somebody's network, asked by the command, which lacks the units' environment."""
    (fresh.root.parent / "appliance").mkdir()
    (fresh.root / "restore/data").mkdir(parents=True)
    takeover.write_state(fresh, Restoring("/mnt/disk", Phase.READY))
    asking.take(fresh)
    assert wished(fresh) == RestartBox()


def test_the_store_begins_it_where_no_timer_does(
    fresh: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own, which ends when it has told what became of it."""
    schedule = OffsiteSchedule(fresh, lambda: None)
    assert not schedule.is_wanted(1.0)
    asking.ask(fresh, at(tmp_path))
    assert schedule.is_wanted(1.0)
    command = [sys.executable, "-m", "storage.offsite", "--data", str(fresh.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "no backup at this address" in done.stderr) == (0, True)
    assert told_of(fresh).phase is Phase.FAILED
    monkeypatch.setenv(BY_TIMER, "1")
    asking.ask(fresh, at(tmp_path))
    assert not schedule.is_wanted(1.0)


@pytest.mark.parametrize(
    ("said", "means"),
    [
        (OffsiteError("subprocess ssh: Host key verification failed. | Fatal: ..."), "another host key"),
        (OffsiteError("dial tcp: lookup nowhere.example: no such host"), "not found"),
        (OffsiteError("ssh: connect to host x port 22: Connection refused"), "does not answer"),
        (OffsiteError("client.BucketExists: Access Denied."), "refuses these keys"),
        (OffsiteError("something nobody has seen"), "something nobody has seen"),
        (SchemaMismatch("database is at step 99"), "newer version"),
        (NoRoom(3_000_000_000, 1_000_000_000), "3.0 GB are needed, 1.0 GB are free"),
    ],
)
def test_last_words_are_told_in_ours(said: Exception, means: str) -> None:
    """What nobody has foreseen is told as it is."""
    assert means in told(said)[0]
