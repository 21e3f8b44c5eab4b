"""Watch the disk: an alarm when it fills, no more recordings when it is nearly full; calls and records go
on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from b2bua.alarms import AlarmBoard, Severity

ALARM_AT: Final = 0.90
STOP_AT: Final = 0.95
RESUME_AT: Final = 0.94
"""Recording starts again below this, so that it does not flap."""
CHECK_SECONDS: Final = 5.0
KEY: Final = "disk"


def used_part(path: Path) -> float:
    """Return how much of the file system is used, 0 to 1, of what users other than root may have."""
    facts = os.statvfs(path)
    total = facts.f_blocks - facts.f_bfree + facts.f_bavail
    return 1.0 - facts.f_bavail / total if total else 1.0


class DiskWatch:
    """Asked every :data:`CHECK_SECONDS`."""

    def __init__(
        self,
        path: Path,
        alarms: AlarmBoard,
        used: Callable[[Path], float] = used_part,
        on_full: Callable[[], object] = lambda: None,
    ) -> None:
        """``on_full`` is called once when recording has to stop."""
        self.may_record = True
        self.used = 0.0
        self._path = path
        self._alarms = alarms
        self._used = used
        self._on_full = on_full

    def check(self) -> None:
        """Look, and raise or clear the alarm."""
        self.used = self._used(self._path)
        if self.may_record:
            self.may_record = self.used < STOP_AT
            if not self.may_record:
                self._on_full()
        else:
            self.may_record = self.used < RESUME_AT
        percent = round(self.used * 100)
        if not self.may_record:
            self._alarms.raise_alarm(
                KEY,
                Severity.CRITICAL,
                f"磁盘已用 {percent}%：已停止录音，通话和话单不受影响",
                f"Disk {percent} % full: recording has stopped, calls and records go on",
            )
        elif self.used >= ALARM_AT:
            self._alarms.raise_alarm(KEY, Severity.WARNING, f"磁盘已用 {percent}%", f"Disk {percent} % full")
        else:
            self._alarms.clear(KEY)
