"""The nightly backup: when it is due and what became of it (``DATA/backup.json``).

Apart from ``storage.backup``, which does it: the store and b2bua need not load what reads audio.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from domain.snapshot import BackupPlan
from storage.data_directory import DataDirectory, write_atomically
from storage.records.call_id import BEIJING

LOOK_SECONDS: Final = 5.0
RETRY_SECONDS: Final = 3600.0
"""Until a backup that failed is tried again."""


class BackupState(msgspec.Struct, frozen=True):
    """What became of the scheduled backups of a box; times are UTC POSIX seconds, 0: never."""

    to: str
    since: float
    """When backups to this place were first asked for."""
    tried_at: float = 0.0
    good_at: float = 0.0
    """When the last backup began that was written whole and verified."""
    generation: str = ""
    kept: int = 0
    """Generations at the place."""
    seconds: float = 0.0
    """How long the last good one took."""
    error: str = ""
    """Why the last try failed; empty: it did not."""


def state_path(data: DataDirectory) -> Path:
    """Return where the state lies."""
    return data.root / "backup.json"


def read_state(data: DataDirectory) -> BackupState | None:
    """Return what became of the backups; None before the first was asked for."""
    try:
        return msgspec.json.decode(state_path(data).read_bytes(), type=BackupState)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def write_state(data: DataDirectory, state: BackupState) -> None:
    """Write it, whole or not at all."""
    write_atomically(state_path(data), msgspec.json.format(msgspec.json.encode(state)) + b"\n")


class BackupAsks(msgspec.Struct, frozen=True):
    """When a backup was last asked for (``DATA/backup-asked.json``); UTC POSIX seconds, 0: never.

    It is done when something has been tried since; nobody takes the word back.
    """

    nightly: float = 0.0
    offsite: float = 0.0
    drill: float = 0.0
    """A restore of the newest backup off the machine into a scratch place."""


def read_asks(data: DataDirectory) -> BackupAsks:
    """Return what was asked for."""
    try:
        return msgspec.json.decode((data.root / "backup-asked.json").read_bytes(), type=BackupAsks)
    except (FileNotFoundError, msgspec.DecodeError):
        return BackupAsks()


def write_asks(data: DataDirectory, asks: BackupAsks) -> None:
    """Ask for something; whoever makes backups looks within seconds, on an appliance within a minute."""
    write_atomically(data.root / "backup-asked.json", msgspec.json.encode(asks) + b"\n")


def last_moment(at: str, now: float) -> float:
    """Return the last time (UTC POSIX seconds) at which the clock in Beijing showed ``HH:MM``."""
    today = datetime.fromtimestamp(now, BEIJING)
    hour, _, minute = at.partition(":")
    moment = today.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
    if moment > today:
        moment -= timedelta(days=1)
    return moment.timestamp()


def is_due(plan: BackupPlan, state: BackupState, now: float) -> bool:
    """Tell whether to make a backup now: at its time, later if the box was down then, again after a failure.

    The first one is due at once, so that whoever asked for it sees that it works.
    """
    moment = last_moment(plan.at, now)
    if state.good_at >= moment:
        return False
    return state.tried_at < moment or now - state.tried_at >= RETRY_SECONDS or state.tried_at > now


class BackupSchedule:
    """Starts a process for each backup that is due; part of the store, which is up whenever the box is."""

    def __init__(
        self,
        data: DataDirectory,
        plan: Callable[[], BackupPlan | None],
        start: Callable[[DataDirectory], subprocess.Popen[bytes]] | None = None,
    ) -> None:
        """``plan`` gives what is in force; ``start`` begins a backup: a process of low priority."""
        self._data = data
        self._plan = plan
        self._start = start or _start
        self._running: subprocess.Popen[bytes] | None = None

    def look(self, now: float) -> None:
        """Begin a backup if one is due and none is under way."""
        if self._running is not None and self._running.poll() is None:
            return
        self._running = None
        if self.is_wanted(now):
            self._running = self._start(self._data)

    def is_wanted(self, now: float) -> bool:
        """Tell whether one is due; notes since when backups to a place are asked for."""
        plan = self._plan()
        if plan is None:
            return False
        state = read_state(self._data)
        if state is None or state.to != plan.to:
            state = BackupState(plan.to, now)
            write_state(self._data, state)
        return is_due(plan, state, now) or read_asks(self._data).nightly > state.tried_at

    def keep_looking(self, stop: threading.Event) -> None:
        """Look again and again until ``stop``; a backup that is under way is broken off then."""
        while not stop.wait(LOOK_SECONDS):
            self.look(time.time())
        if self._running is not None and self._running.poll() is None:
            self._running.terminate()
            self._running.wait()


def _start(data: DataDirectory) -> subprocess.Popen[bytes]:
    command = ("nice", "-n", "10", sys.executable, "-m", "storage.backup", "--data", str(data.root))
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own interpreter
