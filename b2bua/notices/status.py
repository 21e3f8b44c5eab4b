"""How the process is, in ``run/notices.json``: for ``box400 status`` and ``alarms``."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from b2bua.alarms import Alarm
from storage.data_directory import DataDirectory


class NoticesStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """Counters are since the process began."""

    pid: int
    under_way: int = 0
    sent: int = 0
    failed: int = 0
    alarms: tuple[Alarm, ...] = ()


def status_path(data: DataDirectory) -> Path:
    """Return where the process tells how it is."""
    return data.run / "notices.json"


def read_status(data: DataDirectory) -> NoticesStatus | None:
    """Return what was last told, or None."""
    try:
        return msgspec.json.decode(status_path(data).read_bytes(), type=NoticesStatus)
    except (OSError, msgspec.DecodeError):
        return None


def write_status(data: DataDirectory, status: NoticesStatus) -> None:
    """Tell how it is; no fsync, since it tells of a process that a power cut ends."""
    path = status_path(data)
    passing = path.with_suffix(f".{os.getpid()}.new")
    passing.write_bytes(msgspec.json.encode(status))
    passing.replace(path)
