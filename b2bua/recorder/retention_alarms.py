"""Alarms on what the nightly deletion found: quotas that are nearly or more than used up, a clock ahead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from b2bua.alarms import AlarmBoard, Severity
from storage.retention.nightly import RetentionSummary
from storage.retention.recordings import QuotaUse

LOOK_SECONDS: Final = 60.0
_QUOTA: Final = "recordings:quota:"
_CLOCK: Final = "recordings:clock"


class RetentionAlarms:
    """Follows the summary of the last run."""

    def __init__(
        self,
        board: AlarmBoard,
        summary: Callable[[], RetentionSummary | None],
        mono: Callable[[], float],
    ) -> None:
        self._board = board
        self._summary = summary
        self._mono = mono
        self._due = mono()
        self._up: set[str] = set()

    def look(self) -> None:
        """Raise what the last run found and clear what it found no more; reads a file once a minute."""
        if self._mono() < self._due:
            return
        self._due = self._mono() + LOOK_SECONDS
        summary = self._summary()
        if summary is None:
            return
        now = {f"{_QUOTA}{use.tenant}" for use in summary.quotas}
        for use in summary.quotas:
            self._tell(use)
        if summary.clock_ahead:
            now.add(_CLOCK)
            self._board.raise_alarm(
                _CLOCK,
                Severity.WARNING,
                f"系统时钟超前 {summary.clock_ahead:.0f} 秒，录音保留期按可信时钟计算，请校时",
                f"the clock is {summary.clock_ahead:.0f} s ahead; retention goes by the trusted one",
            )
        for key in self._up - now:
            self._board.clear(key)
        self._up = now

    def _tell(self, use: QuotaUse) -> None:
        over = use.bytes > use.quota
        self._board.raise_alarm(
            f"{_QUOTA}{use.tenant}",
            Severity.CRITICAL if over else Severity.WARNING,
            f"租户 {use.tenant} 的录音已占配额 {use.percent}%"
            + (
                "，其余录音未满 10 个工作日或已保全，不能删除，请扩容" if over else "，用满后将先删最早的录音"
            ),
            f"recordings of tenant {use.tenant} take {use.percent} % of the quota"
            + ("; the rest may not be deleted yet" if over else "; the oldest go first when it is used up"),
        )
