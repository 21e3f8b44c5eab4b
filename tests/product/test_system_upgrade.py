"""Upgrades of a machine's whole system: the idle slot, one try, good or back, and power cuts on the way."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from domain.upgrade.moves import OF_PROGRAM, Ended, Result, Step, Undo
from tests.product.scratch_root import BEFORE, FROZEN_STEP, NEW, OLD, SICK, STEPS, ScratchRoot, cut
from tests.product.scratch_slots import DEAD, SLOT_BYTES, ScratchSlots

IN_OLD = (Step.VERIFY, Step.SPACE, Step.WRITE, Step.DRAIN, Step.STOP, Step.SNAPSHOT)
IN_NEW = (Step.EVOLVE, Step.CONFIGURE, Step.START, Step.HEALTH)
UNDOS = tuple(undo for undo in Undo if undo not in OF_PROGRAM)
CUT_IN_EVERY_RUN = (Step.WRITE, Step.EVOLVE, Undo.DATA)
"""Slot half written, data half new, data half old; power cuts at all others are among the long tests."""


@pytest.fixture
def machine() -> Iterator[ScratchSlots]:
    """Return a machine whose old system, in slot a, is up."""
    made = ScratchSlots(Path(tempfile.mkdtemp(prefix="b4s-")))
    try:
        made.start()
        yield made
    finally:
        made.remove()


def has(machine: ScratchSlots, version: str) -> None:
    """Make sure that a system works on its data, whole, that it is the good one, and all is done."""
    slot = "a" if version == OLD else "b"
    assert (machine.version(), machine.slots.running, machine.slots.good) == (version, slot, slot)
    schema = FROZEN_STEP if version == OLD else len(STEPS)
    assert machine.census() == msgspec.structs.replace(BEFORE, schema=schema)
    assert machine.is_over()


def result(machine: ScratchSlots) -> Result:
    """Return how the last upgrade ended."""
    ended = machine.journal()[-1]
    assert isinstance(ended, Ended)
    return ended.result


def test_upgrade_of_the_system(machine: ScratchSlots) -> None:
    """The other slot is written and tried, finds itself well, and is good now; the box stays itself."""
    checked = machine.upgrade("--check", str(machine.bundle))
    assert "整机系统，Debian 13.2" in checked.stdout
    done = machine.upgrade(str(machine.bundle))
    assert (done.returncode, "连接即将断开" in done.stdout) == (0, True), done.stdout + done.stderr
    assert (machine.root / "restarting").exists()
    assert "进行中" in machine.upgrade("--status").stdout
    machine.boot()
    has(machine, NEW)
    assert (machine.root / "etc/machine-id").read_text() == "0123456789abcdef\n"
    assert (machine.root / "etc/configured").read_text() == f"{NEW}\n"
    assert not (machine.data / "upgrade-safe").exists()
    status = machine.upgrade("--status").stdout
    assert f"当前版本：{NEW}（系统 B）" in status
    assert f"{OLD} -> {NEW}（系统 B）  升级成功" in status
    machine.boot()
    has(machine, NEW)


@pytest.mark.long
def test_the_next_one_goes_into_the_slot_of_the_first(machine: ScratchSlots) -> None:
    """A system with the same version of the program may follow, since it may bring a newer Debian."""
    for slot in "ba":
        machine.upgrade(str(machine.bundle))
        machine.boot()
        assert (machine.slots.running, machine.slots.good, result(machine)) == (slot, slot, Result.UPGRADED)


@pytest.mark.long
def test_the_image_has_the_settings_of_the_box(machine: ScratchSlots) -> None:
    """Then the roles need not be applied once more."""
    (machine.root / "data/appliance").mkdir()
    for place in ("data/appliance/site.yml", "etc/box400/image-site.yml"):
        (machine.root / place).write_text("hardening_host_keys: /data/ssh\n")
    machine.offer_system()
    machine.upgrade(str(machine.bundle))
    machine.boot()
    has(machine, NEW)
    assert not (machine.root / "etc/configured").exists()


def test_the_new_system_does_not_start(machine: ScratchSlots) -> None:
    """Its kernel dies: the machine starts the old system by itself, which says so."""
    machine.offer_system(DEAD)
    machine.upgrade(str(machine.bundle))
    machine.boot()
    has(machine, OLD)
    status = machine.upgrade("--status").stdout
    assert "已回退" in status
    assert "新系统未能启动" in status


def test_the_new_system_is_sick(machine: ScratchSlots) -> None:
    """It goes back to the old one, which puts the data back; the reason is kept."""
    machine.offered("health", SICK)
    machine.offer_system()
    machine.upgrade(str(machine.bundle), "--patience", "1")
    machine.boot()
    has(machine, OLD)
    upgrades = json.loads(machine.upgrade("--status", "--json").stdout)["upgrades"]
    assert (upgrades[0]["slot"], upgrades[0]["result"], upgrades[0]["failed_at"]) == (
        "b", "rolled-back", "health",
    )  # fmt: skip
    assert upgrades[0]["reason_zh"] == "没有 SIP 监听"


@pytest.mark.parametrize("step", cut(CUT_IN_EVERY_RUN, *IN_OLD))
def test_power_cut_before_the_restart(machine: ScratchSlots, step: Step) -> None:
    """What is in the idle slot by then is started by nobody."""
    machine.upgrade_and_die("unnoted", step)
    machine.boot()
    has(machine, OLD)
    assert result(machine) in (Result.REFUSED, Result.ROLLED_BACK)
    assert "中断" in machine.upgrade("--status").stdout


@pytest.mark.long
def test_killed_before_the_machine_went_down(machine: ScratchSlots) -> None:
    """The restart was noted and not asked for: whoever goes on asks for it."""
    machine.upgrade_and_die("begun", Step.RESTART)
    assert machine.upgrade("--resume").returncode == 0
    assert (machine.root / "restarting").exists()
    machine.boot()
    has(machine, NEW)


@pytest.mark.parametrize("step", cut(CUT_IN_EVERY_RUN, *IN_NEW))
def test_power_cut_in_the_new_system(machine: ScratchSlots, step: Step) -> None:
    """It was tried once and was not found good: the next start is that of the old system, with its data."""
    machine.upgrade(str(machine.bundle))
    machine.start_kernel()
    machine.upgrade_and_die("unnoted", step, "resume")
    machine.boot()
    has(machine, OLD)
    assert result(machine) is Result.ROLLED_BACK
    assert "中断" in machine.upgrade("--status").stdout


@pytest.mark.long
@pytest.mark.parametrize(
    ("how", "step", "version"),
    [
        ("begun", Step.COMMIT, OLD),
        ("unnoted", Step.COMMIT, NEW),
        ("begun", Step.TIDY, NEW),
        ("unnoted", Step.TIDY, NEW),
    ],
)
def test_power_cut_at_the_commit(machine: ScratchSlots, how: str, step: Step, version: str) -> None:
    """The commit is what GRUB is told: before it the old system starts, after it the new one."""
    machine.upgrade(str(machine.bundle))
    machine.start_kernel()
    machine.upgrade_and_die(how, step, "resume")
    machine.boot()
    has(machine, version)


@pytest.mark.parametrize("undo", cut(CUT_IN_EVERY_RUN, *(undo for undo in UNDOS if undo is not Undo.RESTART)))
def test_power_cut_on_the_way_back(machine: ScratchSlots, undo: Undo) -> None:
    """Cut again while it goes back: the old system works at the next start."""
    machine.offered("health", SICK)
    machine.offer_system()
    machine.upgrade(str(machine.bundle), "--patience", "1")
    machine.start_kernel()
    if undo is not Undo.STOP:
        machine.by_runner("--resume")
        assert (machine.root / "restarting").exists()
        machine.start_kernel()
    machine.upgrade_and_die("unnoted", undo, "resume")
    machine.boot()
    has(machine, OLD)


def test_what_is_no_good_system(machine: ScratchSlots) -> None:
    """Older, too big for the slot, damaged, by nobody: it is told, and the old system goes on."""
    good = machine.manifest()
    machine.offer_system(wanted=msgspec.structs.replace(good, version="0.0.9+older"))
    done = machine.upgrade(str(machine.bundle))
    assert (done.returncode, "比当前版本 0.1.0+old 旧" in done.stdout) == (1, True), done.stdout
    machine.slots.device("b").write_bytes(bytes(SLOT_BYTES // 4))
    machine.offer_system()
    done = machine.upgrade(str(machine.bundle))
    assert (done.returncode, "系统分区 B 只有 1 MB" in done.stdout) == (1, True), done.stdout
    content = bytearray(machine.bundle.read_bytes())
    content[content.index(b"\x1f\x8b") + 100] ^= 1
    machine.bundle.write_bytes(content)
    done = machine.upgrade(str(machine.bundle))
    assert (done.returncode, "不是完整的升级包" in done.stdout) == (1, True), done.stdout
    (machine.keys / "release.pub").unlink()
    done = machine.upgrade(str(machine.bundle))
    assert (done.returncode, "尚未信任" in done.stdout) == (1, True)
    assert not any(machine.slots.device("b").read_bytes())
    has(machine, OLD)


def test_a_machine_with_one_system(machine: ScratchSlots) -> None:
    """A Debian that the roles were applied to: it is told what to do instead, and nothing is changed."""
    (machine.root / "proc/cmdline").write_text("root=UUID=1 ro\n")
    for words in (("--check",), ()):
        done = machine.upgrade(*words, str(machine.bundle))
        assert (done.returncode, "A/B 双系统分区" in done.stdout + done.stderr) == (1, True)
    assert ScratchRoot.version(machine) == OLD
    assert machine.is_over()
