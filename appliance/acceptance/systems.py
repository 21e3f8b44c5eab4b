"""``python -m appliance.acceptance.systems RAW BUNDLE --key KEY.pub``: upgrade the whole system of a disk.

RAW is an image, which stays as it is; BUNDLE a system that KEY signed. The box on it is used, writes the
system into its idle slot and restarts. One copy of the disk goes on and keeps the new system; of another the
power is cut, and it goes back. Each system is booted in a container: it takes minutes, not hours as emulated.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from appliance.acceptance import calls, machine
from appliance.acceptance.moves import with_other_accounts
from appliance.acceptance.shown import NotProven, Proof, contents, named, require_same, show
from appliance.acceptance.slots import STAY_OFF, SlotDisk
from appliance.acceptance.upgrades import trusting
from appliance.container import Container, ContainerFailed

WITHIN = 1800.0
JOURNALS = "cat /data/upgrade/history/*.jsonl"


class Upgrade:
    """What one box knew, and what became of it."""

    def __init__(self) -> None:
        self._before: dict[str, Any] = {}

    def written(self, box: Container) -> str:
        """The system is written, read back, and the box goes down to start it."""
        self._before = contents(box)
        box.run("sh", "-c", f"mkdir -p /run/systemd/system; {STAY_OFF}")
        with suppress(ContainerFailed):  # the container may end with it
            box.run(
                "box400", "upgrade", "/mnt/system.bundle", "--wait", "5", "--patience", "600", within=WITHIN
            )
        return (
            f"{self._before['counts']['records']} records, {self._before['counts']['recordings']} recordings"
        )

    def ended(self, result: str, slot: str) -> Proof:
        """Name the proof that the upgrade ends so, with all that the box knew."""

        def prove(box: Container) -> str:
            _await(box, lambda journal: '"e":"ended"' in journal)
            journal = box.run("sh", "-c", JOURNALS)
            if f'"result":"{result}"' not in journal:
                raise NotProven(journal)
            box.settle(WITHIN)
            status = box.run("env", "LANG=en_US.UTF-8", "box400", "upgrade", "--status").strip()
            if f"(system {slot.upper()})" not in status.splitlines()[0]:
                raise NotProven(status)
            owner = box.run("stat", "-c", "%U %u", "/data/box400").strip()
            return f"{require_same(self._before, contents(box))}; the data are of {owner}\n{status}"

        return f"the upgrade is {result}, system {slot.upper()} runs", prove


def cut(box: Container) -> str:
    """Cut the power as soon as the new system has given the data its shape."""
    _await(box, lambda journal: '"step":"evolve"}' in journal)  # of the step that is done
    os.kill(box.leader, signal.SIGKILL)
    return "all of its processes ended at once"


def _await(box: Container, holds: Callable[[str], bool]) -> None:
    end = time.monotonic() + WITHIN
    while not holds(box.run("sh", "-c", JOURNALS, check=False)):
        if time.monotonic() > end:
            raise NotProven(box.run("sh", "-c", JOURNALS, check=False))
        time.sleep(0.2)


def _prove(disk: SlotDisk, wanted: str, *proofs: Proof) -> None:
    """Start what GRUB would; it must be the slot that is wanted."""
    slot = disk.chosen()
    if slot != wanted:
        raise NotProven(f"GRUB would start {slot}: {disk.variables}")
    with disk.started(slot, f"system-{slot}-{os.getpid()}") as box:
        for proof in proofs:
            show(box, *proof)


def prove(raw: Path, bundle: Path, key: Path, scratch: Path) -> None:
    """Show all of it; raises NotProven."""
    brought = scratch / "brought"
    brought.mkdir()
    subprocess.run(["cp", str(bundle), str(brought / "system.bundle")], check=True)
    used = named([machine.nothing_failed, machine.pages, calls.call_with_audio])
    upgrade = Upgrade()
    disk = _copy(raw, scratch, "disk", brought)
    with disk.system("a") as root:
        with_other_accounts(root)
    trust = ("trust in who signed", trusting(key.with_suffix("")))
    writes = ("a box in use writes a system into its idle slot", upgrade.written)
    _prove(
        disk, "a", *named([machine.nothing_failed, calls.configured, calls.call_with_audio]), trust, writes
    )
    other = _copy(scratch / "disk.raw", scratch, "cut", brought)
    _prove(disk, "b", upgrade.ended("upgraded", "b"), *used)
    _prove(disk, "b", *used)
    _prove(other, "b", ("the power is cut", cut))
    _prove(other, "a", upgrade.ended("rolled-back", "a"), *used)
    _prove(other, "a", *used)


def _copy(raw: Path, scratch: Path, name: str, brought: Path) -> SlotDisk:
    copy, place = scratch / f"{name}.raw", scratch / name
    place.mkdir()
    subprocess.run(["cp", "--sparse=always", str(raw), str(copy)], check=True)
    return SlotDisk(copy, place, brought)


def main() -> int:
    """Read the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="appliance.acceptance.systems", description="Upgrade the whole system of a disk, in containers."
    )
    parser.add_argument("raw", type=Path)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--key", type=Path, required=True, help="KEY.pub of who signed it")
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(dir=options.raw.parent, prefix="systems-") as place:
            prove(options.raw, options.bundle, options.key, Path(place))
    except NotProven as failure:
        print(failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
