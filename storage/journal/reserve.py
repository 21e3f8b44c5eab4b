"""Space kept back on the disk for the journal alone: a file that is deleted when nothing else is free."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

RESERVE: Final = 8 * 1024 * 1024
"""Some 2,500 calls."""
ROOM_FOR_RESERVE: Final = 4
"""A reserve is made when so many times its size are free: not while the disk is as good as full."""


class Reserve:
    """The reserve of one journal directory."""

    def __init__(self, directory: Path, size: int = RESERVE) -> None:
        """``size`` in bytes, 0: none is kept."""
        self._directory = directory
        self._file = directory / "reserve"
        self._size = size

    def keep(self) -> None:
        """Keep space back, where there is none kept and room for more; asked again after each fsync."""
        if self._size <= 0 or self._file.exists():
            return
        facts = os.statvfs(self._directory)
        if facts.f_bavail * facts.f_frsize < ROOM_FOR_RESERVE * self._size:
            return
        try:
            fd = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            try:
                os.posix_fallocate(fd, 0, self._size)
            finally:
                os.close(fd)
        except OSError as error:
            self._file.unlink(missing_ok=True)
            log.error("no space can be kept back for the journal: %s", error)

    def give_up(self) -> bool:
        """Free it; False when there is none."""
        try:
            self._file.unlink()
        except OSError:
            return False
        log.error("disk full: the journal's reserve was given up")
        return True
