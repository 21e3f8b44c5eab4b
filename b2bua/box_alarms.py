"""Every alarm of a box, by the word of its processes and of the last inspection."""

from __future__ import annotations

from typing import Final

from b2bua.alarms import Alarm, Severity, read_alarms
from b2bua.control import Status
from b2bua.ledger.status import read_status as read_ledger
from b2bua.notices.status import read_status as read_notices
from b2bua.recorder.status import read_status as read_recorder
from storage.data_directory import DataDirectory

DOWN: Final = "b2bua"
"""The alarm about a SIP process that does not answer; it begins whenever somebody asks."""


def every_alarm(data: DataDirectory, status: Status | None, now: float) -> list[Alarm]:
    """Return what is up, one for each key; ``status``: the b2bua's word, None when it does not answer."""
    told = list(status.alarms) if status is not None else [_down(now)]
    found = {alarm.key: alarm for alarm in [*told, *alarms_beside(data)]}
    return list(found.values())


def alarms_beside(data: DataDirectory) -> list[Alarm]:
    """Return what others than the b2bua are alarmed about."""
    told = (read_ledger(data), read_recorder(data), read_notices(data))
    of_processes = [alarm for status in told if status is not None for alarm in status.alarms]
    return [*of_processes, *read_alarms(data.inspection_alarms)]


def _down(now: float) -> Alarm:
    return Alarm(
        DOWN, Severity.CRITICAL, "信令进程无应答：来电无法接通",
        "The SIP process does not answer: no calls", now,
    )  # fmt: skip
