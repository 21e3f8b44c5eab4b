"""What each step of an upgrade does, and each step back; all may be repeated after an interruption."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from box400.upgrade import trial
from box400.upgrade.machine import Machine, data_argument
from box400.upgrade.places import CURRENT, Places, space_lacking, space_needed
from domain.refusal import NotPossible
from domain.upgrade.moves import Step, Undo
from domain.upgrade.release import SYSTEM, Manifest, check_follows
from storage.data_directory import write_atomically
from storage.upgrade.bundle import bytes_of, pour, read_manifest, trusted_keys, unpack, verify
from storage.upgrade.census import Census
from storage.upgrade.slots import other

CALLS_EVERY: Final = 1.0
HEALTH_SECONDS: Final = 180.0
"""How long the box may take to be well after its start."""
HEALTH_EVERY: Final = 2.0
Note = Callable[[str, str], None]


class Order(msgspec.Struct, frozen=True):
    """What was asked for; kept beside the journal, for who goes on after a restart."""

    bundle: str
    """Path of the bundle."""
    old: str
    """Version that runs."""
    new: str
    wait_minutes: int | None = None
    patience: float = HEALTH_SECONDS
    slot: str = ""
    """Where the new system goes; empty: only the program is another."""


class Steps:
    """The steps of one upgrade."""

    def __init__(self, places: Places, machine: Machine, order: Order, note: Note) -> None:
        """``note`` is told how far a step is, in English and Chinese."""
        self._places = places
        self._machine = machine
        self._order = order
        self._note = note
        self.goes_down = False
        """Whether the machine restarts now: what is under way ends with it, and the other system goes on."""

    def do(self, step: Step) -> None:
        """Do a step; raises NotPossible, OSError."""
        _DO[step](self)

    def undo(self, undo: Undo) -> None:
        """Do a step back; raises NotPossible, OSError."""
        _UNDO[undo](self)

    # forward

    def _verify(self) -> None:
        keys = trusted_keys(self._places.keys)
        manifest = verify(Path(self._order.bundle), keys)
        check_follows(manifest, self._places.running())
        if (manifest.format == SYSTEM) is not bool(self._order.slot):
            raise exchanged()

    def _space(self) -> None:
        manifest = self._manifest()
        if self._order.slot:
            self._require_room(manifest)
        unpacked = 0 if self._order.slot else 2 * bytes_of(manifest.files)
        lacking = space_lacking(space_needed(self._places, manifest, unpacked))
        if lacking is not None:
            place, wanted, free = lacking
            raise NotPossible(
                f"{place}: {_megabytes(wanted)} are needed, {_megabytes(free)} are free; make room first",
                f"{place} 需要 {_megabytes(wanted)} 空间，仅剩 {_megabytes(free)}，请清理后重试",
            )

    def _install(self) -> None:
        unpacked = self._places.unpacked
        shutil.rmtree(unpacked, ignore_errors=True)
        unpacked.mkdir(mode=0o755, parents=True)
        manifest = unpack(Path(self._order.bundle), trusted_keys(self._places.keys), unpacked)
        if manifest.version != self._order.new:
            raise exchanged()
        self._machine.install(manifest, unpacked, self._places.program(manifest.version))

    def _write(self) -> None:
        slots, slot = self._places.slots, self._order.slot
        manifest = self._manifest()
        with contextlib.closing(slots.writer(slot, manifest, self._note)) as writer:
            if pour(Path(self._order.bundle), trusted_keys(self._places.keys), writer) != manifest:
                raise exchanged()
        slots.check(slot, manifest, self._note)
        self._machine.carry(slots.device(slot))

    def _trial(self) -> None:
        self._call_new()

    def _drain(self) -> None:
        self._machine.drain(True)
        minutes = self._order.wait_minutes
        until = time.monotonic() + 60 * (minutes or 0)
        told = -1
        while calls := self._machine.calls():
            if time.monotonic() >= until:
                waited = (f" after {minutes} minutes", f"（已等待 {minutes} 分钟）") if minutes else ("", "")
                raise NotPossible(
                    f"{calls} calls are up{waited[0]}: wait longer (--wait MINUTES), or come back later",
                    f"仍有 {calls} 路通话{waited[1]}：可延长等待时间（--wait 分钟），或在空闲时再升级",
                )
            if calls != told:
                left = max(0, round((until - time.monotonic()) / 60))
                self._note(
                    f"{calls} calls are up; waiting {left} minutes at most",
                    f"还有 {calls} 路通话，最多再等 {left} 分钟",
                )
                told = calls
            time.sleep(CALLS_EVERY)

    def _stop(self) -> None:
        self._machine.stop()

    def _snapshot(self) -> None:
        before = self._census(self._order.old)
        self._keep("take")
        write_atomically(self._before, msgspec.json.encode(before))

    def _restart(self) -> None:
        self._places.slots.try_once(self._order.slot)
        self._go_down()

    def _evolve(self) -> None:
        self._compare(self._census(self._order.new, "--evolve"))

    def _switch(self) -> None:
        self._places.link_current(self._order.new)

    def _configure(self) -> None:
        told, image = (path.read_bytes() if path.exists() else None for path in self._places.told)
        if self._order.slot and image is not None and told == image:
            self._note("The image was made with this box's settings", "映像的配置与本机一致，无需重新配置")
            return
        self._machine.configure(self._order.new, self._places.unpacked)

    def _start(self) -> None:
        self._machine.start()

    def _health(self) -> None:
        self._wait_until_well(self._order.new)
        self._compare(self._census(self._order.new, "--live"))
        self._call_new()

    def _commit(self) -> None:
        """Of a program the journal's line is the commit; of a system, what GRUB starts from now on."""
        if self._order.slot:
            self._places.slots.mark_good(self._order.slot)

    def _tidy(self) -> None:
        """Keep the old version; drop what is older, what was kept of the data, and what was unpacked."""
        self._keep("forget")
        wanted = {self._order.old, self._order.new, CURRENT}
        for path in self._places.programs.iterdir():
            if path.name not in wanted and path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
        shutil.rmtree(self._places.unpacked, ignore_errors=True)
        self._before.unlink(missing_ok=True)
        self._forget_upload()

    # back

    def _restart_old(self) -> None:
        slots, old = self._places.slots, other(self._order.slot)
        slots.mark_good(old)
        if slots.running != old:
            self._go_down()

    def _switch_back(self) -> None:
        self._places.link_current(self._order.old)

    def _put_back(self) -> None:
        self._keep("put-back")

    def _configure_back(self) -> None:
        self._machine.configure(self._order.old, self._places.unpacked)

    def _health_of_old(self) -> None:
        self._wait_until_well(self._order.old)
        if self._before.exists():
            self._compare(self._census(self._order.old, "--live"))

    def _take_calls(self) -> None:
        self._machine.drain(False)

    def _remove_new(self) -> None:
        if self._order.new != self._order.old and not self._order.slot:
            shutil.rmtree(self._places.program(self._order.new), ignore_errors=True)
        shutil.rmtree(self._places.unpacked, ignore_errors=True)
        self._forget_upload()

    # what several of them need

    def _go_down(self) -> None:
        self._machine.restart()
        self.goes_down = True

    def _require_room(self, manifest: Manifest) -> None:
        name, room = self._order.slot.upper(), self._places.slots.room(self._order.slot)
        wanted = manifest.image_bytes
        if wanted > room:
            raise NotPossible(
                f"The new system needs {_megabytes(wanted)}, system {name} has {_megabytes(room)}:"
                " install from the ISO and keep the data",
                f"新系统需要 {_megabytes(wanted)}，系统分区 {name} 只有 {_megabytes(room)}，"
                "请用安装光盘重装并保留数据",
            )

    @property
    def _before(self) -> Path:
        return self._places.upgrades / "before.json"

    def _manifest(self) -> Manifest:
        return read_manifest(Path(self._order.bundle), trusted_keys(self._places.keys))

    def _keep(self, what: str) -> None:
        """Have the old version's code do it: put-back must work whatever the new one is like.

        Each system has its own: back in the old one ``current`` is the old version.
        """
        python = self._places.python(CURRENT if self._order.slot else self._order.old)
        self._machine.as_owner(python, "-m", "storage.upgrade.safe", what, str(self._places.data.root))

    def _census(self, version: str, *how: str) -> Census:
        said = self._machine.as_owner(
            self._places.python(version),
            "-m",
            "storage.upgrade.census",
            *data_argument(self._places.data),
            *how,
        )
        return msgspec.json.decode(said, type=Census)

    def _compare(self, now: Census) -> None:
        before = msgspec.json.decode(self._before.read_bytes(), type=Census)
        lost = ", ".join(now.lost_since(before))
        if lost:
            raise NotPossible(f"Data is missing: {lost}", f"数据缺失：{lost}")

    def _call_new(self) -> None:
        """Have the new version take a call in private; a machine that is given longer to be well, longer."""
        patience = max(trial.PATIENCE, self._order.patience)
        python = self._places.python(self._order.new)
        said = self._machine.as_owner(python, "-m", trial.__name__, "--patience", str(patience))
        _require_well(said)

    def _wait_until_well(self, version: str) -> None:
        """Ask until the box is well; raises the last complaint when it does not become so in time."""
        python, end = self._places.python(version), time.monotonic() + self._order.patience
        while True:
            try:
                said = self._machine.as_owner(
                    python, "-m", "box400.upgrade.health", *data_argument(self._places.data)
                )
                _require_well(said)
                return
            except NotPossible:
                if time.monotonic() >= end:
                    raise
            time.sleep(HEALTH_EVERY)

    def _forget_upload(self) -> None:
        """Drop the bundle if the pages brought it; one that a technician named is his."""
        bundle = Path(self._order.bundle)
        if bundle.parent == self._places.inbox:  # that account's directory: root must not delete by its names
            self._machine.as_owner("rm", "-f", "--", str(bundle))


def exchanged() -> NotPossible:
    """Return the refusal of a bundle that is another than the one that was read at first."""
    return NotPossible("The bundle was exchanged meanwhile", "升级包在此期间被替换")


def _require_well(said: str) -> None:
    """Raise NotPossible with what a check found wrong: a JSON list of pairs, English and Chinese."""
    found = json.loads(said)
    if found:
        raise NotPossible("; ".join(en for en, _ in found), "；".join(zh for _, zh in found))


def _megabytes(count: int) -> str:
    return f"{-(-count // (1 << 20))} MB"


def write_order(path: Path, order: Order) -> None:
    """Keep it beside the journal, durably."""
    write_atomically(path, msgspec.json.encode(order))


_DO: Final[Mapping[Step, Callable[[Steps], None]]] = {
    Step.VERIFY: Steps._verify,
    Step.SPACE: Steps._space,
    Step.INSTALL: Steps._install,
    Step.WRITE: Steps._write,
    Step.TRIAL: Steps._trial,
    Step.DRAIN: Steps._drain,
    Step.STOP: Steps._stop,
    Step.SNAPSHOT: Steps._snapshot,
    Step.RESTART: Steps._restart,
    Step.EVOLVE: Steps._evolve,
    Step.SWITCH: Steps._switch,
    Step.CONFIGURE: Steps._configure,
    Step.START: Steps._start,
    Step.HEALTH: Steps._health,
    Step.COMMIT: Steps._commit,
    Step.TIDY: Steps._tidy,
}
_UNDO: Final[Mapping[Undo, Callable[[Steps], None]]] = {
    Undo.STOP: Steps._stop,
    Undo.RESTART: Steps._restart_old,
    Undo.SWITCH: Steps._switch_back,
    Undo.DATA: Steps._put_back,
    Undo.CONFIGURE: Steps._configure_back,
    Undo.START: Steps._start,
    Undo.HEALTH: Steps._health_of_old,
    Undo.DRAIN: Steps._take_calls,
    Undo.REMOVE: Steps._remove_new,
}
