"""Once an hour: are the holidays of this year, and from December on of the next one, known?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from b2bua.alarms import AlarmBoard, Severity
from domain.days.calendar import Calendar, local

CHECK_SECONDS: Final = 3600.0
ASK_FROM_MONTH: Final = 12
"""The State Council announces a year's arrangement in October or November of the year before."""
KEY: Final = "calendar"


class CalendarWatch:
    """Raises an alarm while a year that matters is neither published nor entered."""

    def __init__(
        self, alarms: AlarmBoard, utc: Callable[[], float], calendar: Callable[[], Calendar]
    ) -> None:
        """``calendar``: the box's, in force now."""
        self._alarms = alarms
        self._utc = utc
        self._calendar = calendar

    def check(self) -> None:
        """Look once."""
        today = local(self._utc()).date()
        years = [today.year, today.year + 1] if today.month >= ASK_FROM_MONTH else [today.year]
        unknown = [year for year in years if not self._calendar().knows(year)]
        if not unknown:
            self._alarms.clear(KEY)
            return
        zh, en = "、".join(map(str, unknown)), ", ".join(map(str, unknown))
        self._alarms.raise_alarm(
            KEY,
            Severity.WARNING,
            f"{zh} 年节假日安排未知，暂按周一至周五为工作日；请在“日历”页面或配置的 box.calendar 中录入",
            f"The holidays of {en} are not known, weekdays are workdays; enter them (page Calendar)",
        )
