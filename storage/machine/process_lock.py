"""At most one process of a kind works on a data directory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class ProcessBusy(Exception):
    """Another one runs on this data directory."""


def hold_lock(path: Path) -> int:
    """Return a descriptor that holds the lock until it is closed; raises :class:`ProcessBusy`."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise ProcessBusy(f"another process holds {path}") from None
    return fd
