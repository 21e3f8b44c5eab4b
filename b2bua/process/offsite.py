"""Do the encrypted backups off the machine come in time, and could they be restored?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from b2bua.alarms import AlarmBoard, Severity
from b2bua.process.backup import last_good
from domain.snapshot import OffsitePlan
from storage.data_directory import DataDirectory
from storage.offsite.state import OffsiteState, latest_good, read_state

CHECK_SECONDS: Final = 60.0
CRITICAL_AFTER: Final = 24 * 3600.0
"""Of being late: until then a disk or a line may be put right."""
KEY: Final = "offsite-backup"
DRILL_KEY: Final = "restore-drill"


class OffsiteWatch:
    """Raises and clears the alarms about backups off the machine and the last restore drill."""

    def __init__(
        self,
        data: DataDirectory,
        alarms: AlarmBoard,
        plan: Callable[[], OffsitePlan | None],
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
            self._alarms.clear(DRILL_KEY)
            return
        self._check_age(plan, state)
        self._check_drill(state)

    def _check_age(self, plan: OffsitePlan, state: OffsiteState) -> None:
        late = self._utc() - latest_good(plan, state)
        if late <= 0:
            self._alarms.clear(KEY)
            return
        severity = Severity.CRITICAL if late > CRITICAL_AFTER else Severity.WARNING
        zh, en = last_good(state.good_at)
        self._alarms.raise_alarm(
            KEY, severity, f"异机备份逾期，{zh}{'：' if state.error else ''}{state.error}",
            f"The backup off the machine is late, {en}{': ' if state.error else ''}{state.error}",
        )  # fmt: skip

    def _check_drill(self, state: OffsiteState) -> None:
        drill = state.drill
        if drill is None or not drill.faults:
            self._alarms.clear(DRILL_KEY)
            return
        self._alarms.raise_alarm(
            DRILL_KEY, Severity.CRITICAL, f"恢复演练未通过：{'；'.join(drill.faults[:3])}",
            f"The restore drill failed: {'; '.join(drill.faults[:3])}",
        )  # fmt: skip
