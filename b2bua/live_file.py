"""What outlives a restart of the process: who answered whom, whose turn it is; a file of each.

They are written now and then: the journal reaches back an hour only, and for records the b2bua would need
the store. A crash loses the last minute, which nobody is hurt by.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from b2bua.calls.live import Live
from domain.routing.live import Remembered
from storage.data_directory import write_atomically

SAVE_SECONDS: Final = 60.0
log = logging.getLogger(__name__)
V = TypeVar("V")


class LiveFile(Generic[V]):
    """Keeps one part of a :class:`b2bua.calls.live.Live` in a file."""

    def __init__(
        self, path: Path, kind: type[V], value: Callable[[], dict[str, V]], in_thread: Callable[..., object]
    ) -> None:
        """``value`` gives what is to be kept; ``in_thread`` runs what waits for the disk."""
        self._path = path
        self._kind = kind
        self._value = value
        self._in_thread = in_thread
        self._changed = False

    def read(self) -> dict[str, V]:
        """Return what the file holds; nothing when it is not there or damaged."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, self._kind])  # type: ignore[name-defined]
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            log.error("%s cannot be read and begins anew: %s", self._path, error)
        return {}

    def note(self) -> None:
        """Know that there is something new."""
        self._changed = True

    def save(self) -> None:
        """Write the file on a thread when there is something new."""
        if self._changed:
            self._changed = False
            self._in_thread(self._write, self._value().copy())

    def write_now(self) -> None:
        """Write what is new before the process ends."""
        if self._changed:
            self._write(self._value())

    def _write(self, value: dict[str, V]) -> None:
        try:
            write_atomically(self._path, msgspec.json.encode(value))
        except OSError as error:
            log.error("%s cannot be written: %s", self._path, error)


class LiveFiles:
    """Both parts of a :class:`b2bua.calls.live.Live` that are kept."""

    def __init__(self, live: Live, memory: Path, turns: Path, in_thread: Callable[..., object]) -> None:
        self.live = live
        self._memory = LiveFile(memory, Remembered, lambda: live.memory, in_thread)
        self._turns = LiveFile(turns, int, lambda: live.turns, in_thread)

    def load(self) -> None:
        """Take over what the files hold."""
        live = self.live
        live.memory = self._memory.read()
        live.turns = self._turns.read()
        live.on_memory, live.on_turn = self._memory.note, self._turns.note

    def save(self) -> None:
        """Write what is new, on a thread."""
        self._memory.save()
        self._turns.save()

    def write_now(self) -> None:
        """Write what is new before the process ends."""
        self._memory.write_now()
        self._turns.write_now()
