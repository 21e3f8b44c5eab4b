"""Who answered whom (来电转接记忆) outlives a restart: a file of its own, written now and then.

Read from the journal it would reach back an hour only, out of the records the b2bua would need the store. A
crash loses the last minute of it, which nobody is hurt by.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from b2bua.calls.live import Live, Memory
from storage.data_directory import write_atomically

SAVE_SECONDS: Final = 60.0
log = logging.getLogger(__name__)


class CallerMemory:
    """Keeps the memory of a :class:`b2bua.calls.live.Live` in a file."""

    def __init__(self, live: Live, path: Path, in_thread: Callable[..., object]) -> None:
        """``in_thread`` runs what waits for the disk."""
        self.live = live
        self._path = path
        self._in_thread = in_thread
        self._changed = False

    def load(self) -> None:
        """Remember what the file holds; one that is not there or damaged is an empty memory."""
        try:
            self.live.memory = msgspec.json.decode(self._path.read_bytes(), type=Memory)
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            log.error("%s cannot be read, nobody is remembered: %s", self._path, error)
        self.live.on_memory = self._note

    def save(self) -> None:
        """Write the file on a thread when there is something new."""
        if self._changed:
            self._changed = False
            self._in_thread(self._write, dict(self.live.memory))

    def write_now(self) -> None:
        """Write what is new before the process ends."""
        if self._changed:
            self._write(self.live.memory)

    def _note(self) -> None:
        self._changed = True

    def _write(self, memory: Memory) -> None:
        try:
            write_atomically(self._path, msgspec.json.encode(memory))
        except OSError as error:
            log.error("%s cannot be written: %s", self._path, error)
