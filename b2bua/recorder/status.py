"""What the recorder tells about itself in ``run/recorder.json``: for ``box400 status`` and for itself."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from b2bua.alarms import Alarm
from storage.data_directory import DataDirectory


class RecorderStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """How recording is going. Counters are since the process began; times are UTC POSIX seconds."""

    pid: int
    backlog: int = 0
    """Calls that ended and are not safe in the store yet."""
    oldest: float = 0.0
    """When the oldest of them ended; 0.0: there is none."""
    made: int = 0
    seconds: float = 0.0
    """Length of what was made."""
    last_call: str = ""
    last_at: float = 0.0
    failed: int = 0
    """Spools in ``spool/failed`` that wait for a person."""
    lost: int = 0
    """Calls that should have been recorded and left no sound at all."""
    composing: tuple[str, ...] = ()
    """Calls being composed now; found by the next process, they have ended this one."""
    alarms: tuple[Alarm, ...] = ()


def status_path(data: DataDirectory) -> Path:
    """Return where the recorder tells how it is."""
    return data.run / "recorder.json"


def read_status(data: DataDirectory) -> RecorderStatus | None:
    """Return what the recorder last told, or None."""
    try:
        return msgspec.json.decode(status_path(data).read_bytes(), type=RecorderStatus)
    except (OSError, msgspec.DecodeError):
        return None


def write_status(data: DataDirectory, status: RecorderStatus) -> None:
    """Tell how it is; no fsync, since it tells of a process that a power cut ends."""
    path = status_path(data)
    passing = path.with_suffix(f".{os.getpid()}.new")
    passing.write_bytes(msgspec.json.encode(status))
    passing.replace(path)
