"""Start the backups off the machine where no timer of the machine does: a part of the store."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Final

from domain.snapshot import OffsitePlan
from storage.backup_schedule import BackupSchedule, read_asks
from storage.data_directory import DataDirectory
from storage.offsite.state import drill_is_due, is_wanted, state_for
from storage.offsite.takeover import is_asked

BY_TIMER: Final = "BOX400_OFFSITE_BY_TIMER"
"""Set on the appliance: the store speaks to no network there, a unit of its own does."""


class OffsiteSchedule(BackupSchedule):
    """Starts a process for each backup that is due."""

    def __init__(
        self,
        data: DataDirectory,
        offsite: Callable[[], OffsitePlan | None],
        start: Callable[[DataDirectory], subprocess.Popen[bytes]] | None = None,
    ) -> None:
        """``offsite`` gives what is in force."""
        super().__init__(data, lambda: None, start or _start)
        self._offsite = offsite

    def is_wanted(self, now: float) -> bool:
        """Tell whether one is due that nobody else begins."""
        if BY_TIMER in os.environ:
            return False
        if is_asked(self._data):
            return True
        plan = self._offsite()
        if plan is None:
            return False
        state, asks = state_for(self._data, plan, now), read_asks(self._data)
        return is_wanted(plan, state, asks, now) or drill_is_due(state, asks)


def _start(data: DataDirectory) -> subprocess.Popen[bytes]:
    command = ("nice", "-n", "10", sys.executable, "-m", "storage.offsite", "--data", str(data.root))
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own interpreter
