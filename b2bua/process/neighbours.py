"""What ledger, recorder and notices said last of themselves, for the watch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from b2bua.ledger.status import read_status as read_ledger
from b2bua.notices.status import status_path
from b2bua.process.watch import Neighbour
from b2bua.recorder.status import read_status as read_recorder
from storage.data_directory import DataDirectory


class Ledger:
    """Tells how the ledger is; it writes at least every ten seconds.

    Its silence is counted on our monotonic clock since its word last changed: the time it writes is the wall
    clock's, which somebody may set.
    """

    def __init__(self, data: DataDirectory, mono: Callable[[], float]) -> None:
        self._data = data
        self._mono = mono
        self._said = float("nan")
        self._heard = mono()

    def __call__(self) -> Neighbour | None:
        """Read its status; None when none ever ran on this directory."""
        status = read_ledger(self._data)
        if status is None:
            return None
        now = self._mono()
        if status.at != self._said:
            self._said, self._heard = status.at, now
        return Neighbour(now - self._heard, status.store_down, status.lag_bytes)


class Recorder:
    """Tells how the recorder is; it writes only what is new, so its process is looked for instead."""

    def __init__(self, data: DataDirectory, mono: Callable[[], float]) -> None:
        self._data = data
        self._mono = mono
        self._seen_alive = mono()

    def __call__(self) -> Neighbour | None:
        """Look for its process; None when none ever ran on this directory."""
        status = read_recorder(self._data)
        if status is None:
            return None
        now = self._mono()
        if Path(f"/proc/{status.pid}").exists():
            self._seen_alive = now
        return Neighbour(now - self._seen_alive)


class Notices:
    """Tells how the notices' process is; it writes its status every five seconds."""

    def __init__(self, data: DataDirectory, mono: Callable[[], float]) -> None:
        self._file = status_path(data)
        self._mono = mono
        self._said = 0
        self._heard = mono()

    def __call__(self) -> Neighbour | None:
        """Look at its file; None when none ever ran on this directory."""
        try:
            said = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        now = self._mono()
        if said != self._said:
            self._said, self._heard = said, now
        return Neighbour(now - self._heard)
