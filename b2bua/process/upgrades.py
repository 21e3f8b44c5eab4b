"""How did the last upgrade end? Somebody must know when it did not go through."""

from __future__ import annotations

from typing import Final

from b2bua.alarms import AlarmBoard, Severity
from domain.upgrade.moves import Result
from domain.upgrade.words import RESULTS
from storage.data_directory import DataDirectory
from storage.upgrade.history import Story, place_of, stories

KEY: Final = "upgrade"
CHECK_SECONDS: Final = 60.0
_ALARMING: Final = (Result.ROLLED_BACK, Result.BROKEN)


class UpgradeWatch:
    """Raises the alarm about the last upgrade; the next one that goes through clears it."""

    def __init__(self, data: DataDirectory, alarms: AlarmBoard) -> None:
        self._place = place_of(data)
        self._alarms = alarms

    def check(self) -> None:
        """Look once."""
        last = next(iter(stories(self._place, 1)), None)
        if last is not None and last.ended is not None and last.ended.result in _ALARMING:
            self._raise(last, last.ended.result)
        else:
            self._alarms.clear(KEY)

    def _raise(self, story: Story, result: Result) -> None:
        severity = Severity.CRITICAL if result is Result.BROKEN else Severity.WARNING
        (en, zh), (why, why_zh), new = RESULTS[result], story.reason, story.began.new
        self._alarms.raise_alarm(
            KEY,
            severity,
            f"升级到 {new} 未成功。{zh}。原因：{why_zh}",
            f"The upgrade to {new} did not go through. {en}. {why}",
        )
