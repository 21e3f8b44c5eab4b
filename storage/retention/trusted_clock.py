"""A clock for deleting by: it never runs ahead of the true time because somebody set the box's clock.

It follows the monotonic clock. A wall clock behind it is believed at once (things are kept longer); one ahead
of it only when it has stood there, unchanged, for a week of the box being up, or an operator says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from storage.data_directory import write_atomically

SLACK_SECONDS: Final = 120.0
"""What time servers may correct at once; also how steady a clock that is ahead must stand."""
BELIEVE_AFTER: Final = 7 * 86400.0
"""Seconds of uptime after which a clock that is steadily ahead is right: the box was off that long."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class ClockState(msgspec.Struct, frozen=True):
    """What is remembered from one look at the clocks to the next, through restarts and reboots."""

    trusted: float
    """UTC POSIX seconds; the true time was this or later."""
    mono: float
    boot: str
    """The kernel's boot the monotonic seconds belong to."""
    ahead: float = 0.0
    """Seconds by which the wall clock was ahead."""
    steady: float = 0.0
    """Seconds of uptime since when it has been ahead by that."""


class Clocks(msgspec.Struct, frozen=True):
    """One look at the box's clocks."""

    utc: float
    mono: float
    boot: str


def look() -> Clocks:
    """Read the clocks of this machine."""
    return Clocks(time.time(), time.monotonic(), _BOOT_ID.read_text(encoding="ascii").strip())


def advance(state: ClockState | None, seen: Clocks) -> ClockState:
    """Return the state after a look at the clocks; without one before, the wall clock is believed. Pure."""
    if state is None:
        return ClockState(seen.utc, seen.mono, seen.boot)
    passed = max(0.0, seen.mono - state.mono) if seen.boot == state.boot else 0.0
    trusted = state.trusted + passed
    ahead = seen.utc - trusted
    if ahead <= SLACK_SECONDS:
        return ClockState(seen.utc, seen.mono, seen.boot)
    steady = state.steady + passed if abs(ahead - state.ahead) <= SLACK_SECONDS else 0.0
    if steady >= BELIEVE_AFTER:
        return ClockState(seen.utc, seen.mono, seen.boot)
    return ClockState(trusted, seen.mono, seen.boot, ahead, steady)


class TrustedClock:
    """The clock kept in one file."""

    def __init__(self, path: Path, look: Callable[[], Clocks] = look) -> None:
        self._path = path
        self._look = look

    def read(self) -> ClockState | None:
        """Return the state kept; None without a readable one."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=ClockState)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def now(self) -> ClockState:
        """Look at the clocks, keep what follows, return it; call it every few minutes. Raises OSError."""
        state = advance(self.read(), self._look())
        self._keep(state)
        return state

    def believe(self) -> ClockState:
        """Take the wall clock as right, because an operator says so. Raises OSError."""
        state = advance(None, self._look())
        self._keep(state)
        return state

    def _keep(self, state: ClockState) -> None:
        write_atomically(self._path, msgspec.json.encode(state))
