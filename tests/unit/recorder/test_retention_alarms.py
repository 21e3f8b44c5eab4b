"""The operator hears of recordings that outgrow their quota before and after anything is deleted."""

from __future__ import annotations

from datetime import date

from b2bua.alarms import AlarmBoard, Severity
from b2bua.recorder.retention_alarms import LOOK_SECONDS, RetentionAlarms
from storage.retention.nightly import RetentionSummary
from storage.retention.recordings import QuotaUse

NIGHT = date(2026, 11, 22)


class Nights:
    """The file of the last run, as the recorder meets it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.summary: RetentionSummary | None = None
        self.board = AlarmBoard(lambda: self.now, lambda content: None)
        self.alarms = RetentionAlarms(self.board, lambda: self.summary, lambda: self.now)

    def after(self, summary: RetentionSummary | None) -> dict[str, Severity]:
        self.summary = summary
        self.now += LOOK_SECONDS
        self.alarms.look()
        return {alarm.key: alarm.severity for alarm in self.board.up()}


def test_a_quota_that_is_nearly_used_up_is_an_alarm_until_it_is_not() -> None:
    """A warning from 80 percent on, urgent when nothing more may be deleted."""
    nights = Nights()
    assert nights.after(None) == {}
    assert nights.after(RetentionSummary(NIGHT, quotas=(QuotaUse("acme", 85, 100),))) == {
        "recordings:quota:acme": Severity.WARNING
    }
    (alarm,) = nights.board.up()
    assert "85%" in alarm.zh
    both = (QuotaUse("acme", 140, 100), QuotaUse("other", 80, 100))
    assert nights.after(RetentionSummary(NIGHT, quotas=both)) == {
        "recordings:quota:acme": Severity.CRITICAL,
        "recordings:quota:other": Severity.WARNING,
    }
    assert nights.after(RetentionSummary(NIGHT)) == {}


def test_a_clock_that_is_ahead_is_an_alarm() -> None:
    """Nothing is deleted early by it, but somebody must set it right."""
    nights = Nights()
    assert nights.after(RetentionSummary(NIGHT, clock_ahead=3600)) == {"recordings:clock": Severity.WARNING}
    assert nights.after(RetentionSummary(NIGHT)) == {}
