"""A machine in a directory: versions side by side, a store that really runs, and a bundle of a newer version.

The old version knows the evolution steps up to that of the frozen data, the new one all; both are this code,
seen through an interpreter of their own (``bin/python``).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from box400.upgrade.machine import extract
from domain.upgrade.moves import Entry, Step, Undo, is_over
from domain.upgrade.release import Manifest
from storage.evolution import STEPS
from storage.upgrade.bundle import new_key, private_key, write_bundle
from storage.upgrade.census import Census
from storage.upgrade.history import newest, read_entries
from tests.product.box import ROOT

FROZEN = Path(__file__).parent / "frozen" / "data-of-step-9.tar.gz"
"""What a box of an older version left behind: a tenant, its records, a recording."""
FROZEN_STEP = 9
BEFORE = Census(FROZEN_STEP, tenants=1, numbers=3, accounts=2, records=2, recordings=1)
SICK = json.dumps([["SIP is spoken nowhere", "没有 SIP 监听"]])
"""What a version that is not well says of its health."""
OLD, NEW = "0.1.0+old", "0.2.0+new"
PYTHON = """\
#!/bin/sh
# The interpreter of a version: it answers for its health, and is this code otherwise.
here=$(dirname "$(dirname "$(readlink -f "$0")")")
case "${{2:-}}" in
box400.upgrade.trial) cat "$here/trial"; exit ;;
box400.upgrade.health) cat "$here/health"; exit ;;
esac
PYTHONPATH="$here/lib:{root}" exec {python} "$@"
"""
MACHINE = """\
#!/bin/sh
set -e
root=$(dirname "$(readlink -f "$0")")
pid=$root/store.pid
case "$1" in
install) mkdir -p "$root/opt/box400/$2"; cp -r "$root/offered/." "$root/opt/box400/$2/" ;;
configure) echo "$2" >"$root/etc/configured"; [ ! -e "$root/opt/box400/$2/roles-fail" ] ;;
stop)
    [ -e "$pid" ] || exit 0
    kill "$(cat "$pid")" 2>/dev/null || true
    tail -s 0.05 --pid="$(cat "$pid")" -f /dev/null
    rm -f "$pid" ;;
start)
    if [ -e "$pid" ] && kill -0 "$(cat "$pid")" 2>/dev/null; then exit; fi
    rm -f "$root/data/box400/run/store.json"
    exec </dev/null >>"$root/store.log" 2>&1
    setsid "$root/opt/box400/current/bin/python" -m storage --data "$root/data/box400" &
    echo $! >"$pid"
    until [ -s "$root/data/box400/run/store.json" ]; do kill -0 "$(cat "$pid")"; sleep 0.05; done ;;
carry) tar -C "$root" -rf "$2" etc/machine-id ;;
restart) touch "$root/restarting" ;;
esac
"""
OLD_STEPS = """\
import storage.evolution as evolution
evolution.STEPS = evolution.STEPS[:{step}]
evolution.evolve_main.__kwdefaults__["steps"] = evolution.STEPS
"""


def cut(in_every_run: Collection[Step | Undo], *points: Step | Undo) -> list[Any]:
    """Return where power is cut; one machine takes some seconds to build, and there are many points."""
    return [pytest.param(each, marks=() if each in in_every_run else pytest.mark.long) for each in points]


class ScratchRoot:
    """One such machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "data/box400"
        self.bundle = root / "new.bundle"
        self.keys = root / "etc/box400/upgrade-keys"
        self.data.parent.mkdir(parents=True)
        extract(FROZEN, self.data)
        self.keys.mkdir(parents=True)
        new_key(root / "release", self.keys / "release.pub")
        self._version(root / "opt/box400" / OLD, FROZEN_STEP)
        self._version(root / "offered", len(STEPS))
        (root / "opt/box400/current").symlink_to(OLD)
        _script(root / "machine", MACHINE.format())
        self.offer(self.manifest())

    def _version(self, place: Path, step: int) -> None:
        (place / "bin").mkdir(parents=True)
        (place / "lib").mkdir()
        _script(place / "bin/python", PYTHON.format(root=ROOT, python=sys.executable))
        (place / "lib/sitecustomize.py").write_text(OLD_STEPS.format(step=step))
        for question in ("trial", "health"):
            (place / question).write_text("[]")

    def manifest(self) -> Manifest:
        """Return what the new version says of itself."""
        return Manifest(NEW, 1795368306, len(STEPS), ())

    def offer(self, manifest: Manifest) -> None:
        """Make the bundle."""
        (self.root / "VERSION").write_text(manifest.version)
        write_bundle(
            self.bundle, manifest, {"VERSION": self.root / "VERSION"}, private_key(self.root / "release")
        )

    def offered(self, question: str, answer: str) -> None:
        """Let the new version answer a question of its health so."""
        (self.root / "offered" / question).write_text(answer)

    # what is done to it

    def start(self) -> None:
        """Start what is current, as the machine does with itself."""
        subprocess.run([self.root / "machine", "start"], check=True)

    def cut_power(self) -> None:
        """End the store without a word."""
        try:
            store = psutil.Process(int((self.root / "store.pid").read_text()))
        except (FileNotFoundError, psutil.NoSuchProcess):
            return
        for process in [*store.children(recursive=True), store]:
            process.send_signal(signal.SIGKILL)
            process.wait(10)

    def upgrade(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``box400 upgrade``."""
        return subprocess.run(
            [sys.executable, "-m", "box400", "--lang", "zh", "upgrade", *words, "--root", str(self.root)],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def upgrade_and_die(self, how: str, move: str, what: str = "") -> None:
        """Run it until it kills itself."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.product.upgrade_driver", str(self.root), how, move,
             what or f"upgrade:{self.bundle}"],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, f"it lived:\n{done.stdout}{done.stderr}"

    def boot(self) -> None:
        """Start the machine again: what comes before the box, the box, what comes after."""
        self.cut_power()
        (self.root / "store.pid").unlink(missing_ok=True)
        early = self.upgrade("--resume", "--at-boot")
        assert early.returncode in (0, 1), early.stdout + early.stderr
        self.start()
        late = self.upgrade("--resume")
        assert late.returncode in (0, 1), late.stdout + late.stderr

    # what is known of it

    def version(self) -> str:
        """Return the version that is current."""
        return os.readlink(self.root / "opt/box400/current")

    def census(self) -> Census:
        """Ask the version in use, through its store that runs, what it holds."""
        done = subprocess.run(
            [self.root / "opt/box400/current/bin/python", "-m", "storage.upgrade.census",
             "--data", self.data, "--live"],
            capture_output=True, text=True, check=False, cwd="/",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + (self.root / "store.log").read_text()
        return msgspec.json.decode(done.stdout, type=Census)

    def journal(self) -> list[Entry]:
        """Return the entries of the last upgrade."""
        last = newest(self.root / "data/upgrade")
        return [] if last is None else read_entries(last.path)

    def is_over(self) -> bool:
        """Tell whether the last upgrade has ended, with nothing left that would go on."""
        return is_over(self.journal()) and not (self.root / "data/upgrade/runner").is_symlink()

    def remove(self) -> None:
        """Forget it."""
        self.cut_power()
        if (self.data / "run.path").exists():
            shutil.rmtree((self.data / "run.path").read_text())
        shutil.rmtree(self.root)


def _script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
