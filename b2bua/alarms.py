"""What is wrong with the box right now, in words for people; kept in ``alarms.json`` for who asks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import msgspec

from storage.data_directory import write_atomically

log = logging.getLogger(__name__)


class Severity(StrEnum):
    """How urgent an alarm is."""

    WARNING = "warning"
    CRITICAL = "critical"
    """Calls, records or recordings are being refused or lost."""


class Alarm(msgspec.Struct, frozen=True):
    """One condition that lasts."""

    key: str
    """What it is about, e.g. ``trunk:demo-carrier`` or ``disk``; one alarm for each key."""
    severity: Severity
    zh: str
    en: str
    since: float
    """UTC POSIX seconds."""


class AlarmBoard:
    """Alarms that are up. Raising one again with other words replaces it and keeps its beginning.

    ``save`` is called with each new content; it decides where and when that is written.
    """

    def __init__(self, utc: Callable[[], float], save: Callable[[bytes], None]) -> None:
        self._utc = utc
        self._save = save
        self._up: dict[str, Alarm] = {}
        self.raised = 0
        """How many have been raised since the start."""

    def raise_alarm(self, key: str, severity: Severity, zh: str, en: str) -> None:
        """Put an alarm up, or change its words."""
        before = self._up.get(key)
        alarm = Alarm(key, severity, zh, en, before.since if before is not None else self._utc())
        if alarm == before:
            return
        if before is None:
            self.raised += 1
            log.warning("alarm %s: %s", key, en)
        self._up[key] = alarm
        self._store()

    def clear(self, key: str) -> None:
        """Take an alarm down; does nothing when it is not up."""
        if self._up.pop(key, None) is not None:
            log.info("alarm %s is over", key)
            self._store()

    def publish(self) -> None:
        """Save what is up now; at the start, so that nobody takes the last run's alarms for ours."""
        self._store()

    def up(self) -> list[Alarm]:
        """Return what is up, oldest first."""
        return sorted(self._up.values(), key=lambda alarm: alarm.since)

    def _store(self) -> None:
        self._save(msgspec.json.format(msgspec.json.encode(self.up())) + b"\n")


def read_alarms(path: Path) -> list[Alarm]:
    """Return what was up when the b2bua last wrote; empty without a file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Alarm])
    except FileNotFoundError:
        return []


def save_to(path: Path) -> Callable[[bytes], None]:
    """Make a ``save`` that writes at once; a full disk is logged, the board itself stays right."""

    def save(content: bytes) -> None:
        try:
            write_atomically(path, content)
        except OSError as error:
            log.error("%s cannot be written: %s", path, error)

    return save
