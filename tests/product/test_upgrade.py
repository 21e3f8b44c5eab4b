"""Upgrades of a whole machine in a directory: real processes, real data of an older version, power cuts."""

from __future__ import annotations

import fcntl
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from domain.upgrade.moves import Ended, Result, Step, Undo, steps_of
from storage.upgrade.history import stories
from tests.product.scratch_root import BEFORE, FROZEN_STEP, NEW, OLD, SICK, STEPS, ScratchRoot, cut

CUT_IN_EVERY_RUN = (Step.EVOLVE, Step.COMMIT, Step.TIDY, Undo.DATA)
"""Data half new, all but done, done, data half old; power cuts at all others are among the long tests."""


@pytest.fixture
def machine() -> Iterator[ScratchRoot]:
    """Return a machine whose old version is up."""
    made = ScratchRoot(Path(tempfile.mkdtemp(prefix="b4u-")))
    try:
        made.start()
        yield made
    finally:
        made.remove()


def has(machine: ScratchRoot, version: str) -> None:
    """Make sure that a version works on its data, whole, and that nothing is left to do."""
    assert machine.version() == version
    schema = FROZEN_STEP if version == OLD else len(STEPS)
    assert machine.census() == msgspec.structs.replace(BEFORE, schema=schema)
    assert machine.is_over()


def test_upgrade(machine: ScratchRoot) -> None:
    """Data of an older version is evolved, the new version runs, the old one is kept beside it."""
    assert machine.census() == BEFORE
    done = machine.upgrade(str(machine.bundle))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "升级成功" in done.stdout
    has(machine, NEW)
    assert sorted(path.name for path in (machine.root / "opt/box400").iterdir()) == [OLD, NEW, "current"]
    assert (machine.root / "etc/configured").read_text() == f"{NEW}\n"
    assert not (machine.data / "upgrade-safe").exists()
    assert "升级成功" in machine.upgrade("--status").stdout
    again = machine.upgrade(str(machine.bundle))
    assert (again.returncode, "就是 0.2.0+new 版本" in again.stdout) == (1, True)


def test_the_new_version_is_sick(machine: ScratchRoot) -> None:
    """Program and data are rolled back by themselves, and the reason is shown and kept."""
    machine.offered("health", SICK)
    done = machine.upgrade(str(machine.bundle), "--patience", "1")
    assert done.returncode == 1
    assert "没有 SIP 监听" in done.stdout
    assert "已回退" in done.stdout
    has(machine, OLD)
    assert (machine.root / "etc/configured").read_text() == f"{OLD}\n"
    assert not (machine.root / "opt/box400" / NEW).exists()
    status = json.loads(machine.upgrade("--status", "--json").stdout)
    assert status["running"] == OLD
    assert status["upgrades"][0]["result"] == "rolled-back"
    assert status["upgrades"][0]["failed_at"] == "health"
    assert status["upgrades"][0]["reason_zh"] == "没有 SIP 监听"


def test_the_new_version_takes_no_call(machine: ScratchRoot) -> None:
    """A test call that fails before the box was stopped: it was never down."""
    store = (machine.root / "store.pid").read_text()
    machine.offered("trial", json.dumps([["The test call failed", "测试呼叫失败"]]))
    done = machine.upgrade(str(machine.bundle))
    assert (done.returncode, "测试呼叫失败" in done.stdout, "系统未改动" in done.stdout) == (1, True, True)
    has(machine, OLD)
    assert (machine.root / "store.pid").read_text() == store


def test_the_roles_fail(machine: ScratchRoot) -> None:
    """A machine that cannot be configured by the new roles is configured by the old ones again."""
    machine.offered("roles-fail", "")
    done = machine.upgrade(str(machine.bundle))
    assert (done.returncode, "configure" in done.stdout) == (1, True)
    has(machine, OLD)
    assert (machine.root / "etc/configured").read_text() == f"{OLD}\n"


@pytest.mark.parametrize(
    "step", cut(CUT_IN_EVERY_RUN, *(step for step in steps_of(()) if step not in (Step.COMMIT, Step.TIDY)))
)
def test_power_cut(machine: ScratchRoot, step: Step) -> None:
    """The power is cut when a step is done and not noted yet: the old version works at the next start."""
    machine.upgrade_and_die("unnoted", step)
    machine.boot()
    has(machine, OLD)
    ended = machine.journal()[-1]
    assert isinstance(ended, Ended)
    assert ended.result in (Result.REFUSED, Result.ROLLED_BACK)
    assert "中断" in machine.upgrade("--status").stdout


@pytest.mark.parametrize("step", cut(CUT_IN_EVERY_RUN, Step.SNAPSHOT, Step.EVOLVE, Step.SWITCH, Step.COMMIT))
def test_power_cut_at_the_beginning_of_a_step(machine: ScratchRoot, step: Step) -> None:
    """The same when a step was noted as begun and nothing of it done."""
    machine.upgrade_and_die("begun", step)
    machine.boot()
    has(machine, OLD)


@pytest.mark.parametrize("how", [pytest.param("begun", marks=pytest.mark.long), "unnoted"])
def test_power_cut_after_the_commit(machine: ScratchRoot, how: str) -> None:
    """The new version works at the next start."""
    machine.upgrade_and_die(how, Step.TIDY)
    machine.boot()
    has(machine, NEW)


@pytest.mark.parametrize("undo", cut(CUT_IN_EVERY_RUN, *(undo for undo in Undo if undo is not Undo.RESTART)))
def test_power_cut_on_the_way_back(machine: ScratchRoot, undo: Undo) -> None:
    """Cut again while it is rolled back: the old version works at the next start."""
    machine.offered("health", SICK)
    machine.upgrade_and_die("unnoted", undo)
    machine.boot()
    has(machine, OLD)


def test_killed_without_a_power_cut(machine: ScratchRoot) -> None:
    """Only the upgrade was killed: no other begins until ``--resume`` has brought it to its end."""
    machine.upgrade_and_die("begun", Step.CONFIGURE)
    done = machine.upgrade(str(machine.bundle))
    assert (done.returncode, "--resume" in done.stderr) == (1, True)
    resumed = machine.upgrade("--resume")
    assert (resumed.returncode, "已回退" in resumed.stdout) == (1, True)
    has(machine, OLD)


def test_two_at_once(machine: ScratchRoot) -> None:
    """The second is refused and harms nothing."""
    (machine.root / "data/upgrade").mkdir()
    with (machine.root / "data/upgrade/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = machine.upgrade(str(machine.bundle))
    assert (done.returncode, done.stderr) == (1, "另一个升级正在进行。\n")
    assert stories(machine.root / "data/upgrade") == []


def test_the_disk_is_too_small(machine: ScratchRoot) -> None:
    """What is needed and what is free is told before anything is changed."""
    machine.offer(msgspec.structs.replace(machine.manifest(), installed_bytes=1 << 50))
    done = machine.upgrade(str(machine.bundle))
    assert done.returncode == 1
    assert "需要 10737" in done.stdout
    has(machine, OLD)


def test_what_is_no_good_bundle(machine: ScratchRoot) -> None:
    """Older, or by nobody whom the box trusts: it is told, by --check too, and nothing is changed."""
    for version, words in (("0.0.9+older", "比当前版本 0.1.0+old 旧"), ("0.2.0+new", "可以升级")):
        machine.offer(msgspec.structs.replace(machine.manifest(), version=version))
        checked = machine.upgrade("--check", str(machine.bundle))
        assert words in checked.stdout + checked.stderr
    (machine.keys / "release.pub").unlink()
    done = machine.upgrade(str(machine.bundle))
    assert (done.returncode, "尚未信任" in done.stdout) == (1, True)
    has(machine, OLD)
