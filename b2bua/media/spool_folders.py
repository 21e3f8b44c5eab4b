"""Used spool folders, emptied and kept for other calls.

A file system may take long to find a free inode where others were freed a moment ago (ext4 looks at each one
freed in the last five seconds): at 100 calls a second a folder and two files cost 0.6 to 2 ms of CPU to make
and to delete, and a fifth of that to use again.
"""

from __future__ import annotations

import os
import shutil
import zlib
from collections import deque
from pathlib import Path

FREE = "free"
"""Where they lie: ``spool/free/<number>``."""
KEPT = 512
SPARES = ("0.free", "1.free")
"""Names of emptied files in a folder; nobody takes them for spools."""
LEFT = 1
"""Octets left in an emptied file: of one cut to nothing ext4 hurries the next content to the disk."""
SUFFIX = ".spool"


def recycle(folder: Path) -> None:
    """Take all audio out of a call's folder and keep it for another call, or delete it (it may be gone)."""
    try:
        _empty(folder)
        free = folder.parent / FREE
        target = free / str(zlib.crc32(folder.name.encode()) % KEPT)
        try:
            folder.rename(target)
        except FileNotFoundError:
            free.mkdir(mode=0o750, exist_ok=True)
            folder.rename(target)
    except FileNotFoundError:
        return
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)


def _empty(folder: Path) -> None:
    spares = list(SPARES)
    names = os.listdir(folder)
    for name in names:
        if name in spares:
            spares.remove(name)
    for name in names:
        path = folder / name
        if name.endswith(SUFFIX) and spares:
            os.truncate(path, LEFT)
            path.rename(folder / spares.pop())
        elif name not in SPARES:
            path.unlink()


class FreeFolders:
    """The worker's side: gives a call its folder and files."""

    def __init__(self, spool: Path) -> None:
        self._free = spool / FREE
        self._names: deque[str] = deque()
        self._looked = 0
        """Folders made since we looked for free ones."""

    def make(self, folder: Path) -> None:
        """Make a call's folder, of a used one if there is any; raises OSError."""
        if not self._names:
            self._look()
        while self._names:
            try:
                os.rename(self._free / self._names.popleft(), folder)
            except FileNotFoundError:
                continue
            return
        folder.mkdir(mode=0o750, exist_ok=True)

    def open(self, path: Path) -> int:
        """Open a leg's file to read and write, made of an emptied one if there is any; raises OSError."""
        try:
            return os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            pass
        if not path.parent.is_dir():
            self.make(path.parent)
        for spare in SPARES:
            try:
                os.rename(path.parent / spare, path)
                break
            except FileNotFoundError:
                continue
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def _look(self) -> None:
        """Find free folders, at every sixteenth call at most while there are none."""
        self._looked += 1
        if self._looked % 16 == 1:
            try:
                self._names.extend(os.listdir(self._free))
            except FileNotFoundError:
                return
            if self._names:
                self._looked = 0
