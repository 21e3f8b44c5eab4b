"""Is the last good backup young enough?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from b2bua.alarms import AlarmBoard, Severity
from domain.snapshot import BackupPlan
from storage.backup_schedule import read_state
from storage.data_directory import DataDirectory
from storage.records.call_id import BEIJING

CHECK_SECONDS: Final = 60.0
OLDEST: Final = 36 * 3600.0
"""One night may fail; before the second one somebody must know."""
KEY: Final = "backup"


class BackupWatch:
    """Raises and clears the alarm about scheduled backups."""

    def __init__(
        self,
        data: DataDirectory,
        alarms: AlarmBoard,
        plan: Callable[[], BackupPlan | None],
        utc: Callable[[], float],
    ) -> None:
        """``plan``: what is in force; ``utc``: POSIX seconds."""
        self._data = data
        self._alarms = alarms
        self._plan = plan
        self._utc = utc

    def check(self) -> None:
        """Look once."""
        plan = self._plan()
        state = read_state(self._data) if plan is not None else None
        if plan is None or state is None or state.to != plan.to:
            self._alarms.clear(KEY)
            return
        age = self._utc() - (state.good_at or state.since)
        zh, en = last_good(state.good_at)
        if age > OLDEST:
            why = f"：{state.error}" if state.error else ""
            because = f": {state.error}" if state.error else ""
            self._alarms.raise_alarm(
                KEY,
                Severity.CRITICAL,
                f"超过 {OLDEST / 3600:.0f} 小时没有成功的备份，{zh}{why}",
                f"No good backup for more than {OLDEST / 3600:.0f} h, {en}{because}",
            )
        elif state.error:
            self._alarms.raise_alarm(
                KEY,
                Severity.WARNING,
                f"备份失败，将重试：{state.error}（{zh}）",
                f"The backup failed and will be tried again: {state.error} ({en})",
            )
        else:
            self._alarms.clear(KEY)


def last_good(at: float | None) -> tuple[str, str]:
    """Return in Chinese and English when the last good backup was; ``at``: UTC POSIX seconds."""
    if not at:
        return "尚无成功的备份", "there has been none yet"
    moment = datetime.fromtimestamp(at, BEIJING).strftime("%Y-%m-%d %H:%M")
    return f"上次成功：{moment}", f"the last one is of {moment}"
