"""What became of the backups off the machine (``DATA/offsite.json``), and when the next one is due."""

from __future__ import annotations

from typing import Final

import msgspec

from domain.snapshot import OffsitePlan
from storage.backup_schedule import BackupAsks
from storage.data_directory import DataDirectory, write_atomically

RETRY_SECONDS: Final = 120.0
"""Until one that failed is tried again: most failures are of the network."""


class Drill(msgspec.Struct, frozen=True):
    """A restore into a scratch place."""

    at: float
    seconds: float
    snapshot: str
    """Which one was restored."""
    made: float
    """When that was made."""
    tenants: int = 0
    records: int = 0
    recordings: int = 0
    faults: tuple[str, ...] = ()
    """What is wrong; empty: it can be relied on."""


class OffsiteState(msgspec.Struct, frozen=True):
    """What became of them; times are UTC POSIX seconds, 0: never."""

    to: str
    since: float
    """When backups to this place were first asked for."""
    tried_at: float = 0.0
    good_at: float = 0.0
    """When the last good one began: all committed before is in it."""
    snapshot: str = ""
    seconds: float = 0.0
    added_bytes: int = 0
    """What the last good one added to the repository."""
    forgot_at: float = 0.0
    """When old ones were last dropped."""
    error: str = ""
    """Why the last try failed; empty: it did not."""
    drill: Drill | None = None


def read_state(data: DataDirectory) -> OffsiteState | None:
    """Return it; None before the first was asked for."""
    try:
        return msgspec.json.decode((data.root / "offsite.json").read_bytes(), type=OffsiteState)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def write_state(data: DataDirectory, state: OffsiteState) -> None:
    """Write it, whole or not at all."""
    write_atomically(data.root / "offsite.json", msgspec.json.format(msgspec.json.encode(state)) + b"\n")


def state_for(data: DataDirectory, plan: OffsitePlan, now: float) -> OffsiteState:
    """Return the state of a plan; a new one when it leads elsewhere now."""
    state = read_state(data)
    return state if state is not None and state.to == plan.to else OffsiteState(plan.to, now)


def is_due(plan: OffsitePlan, state: OffsiteState, now: float) -> bool:
    """Tell whether to back up now; a clock that was set back counts as due."""
    if state.tried_at > now or state.good_at > now:
        return True
    if state.error:
        return now - state.tried_at >= RETRY_SECONDS
    return now - state.good_at >= 60 * plan.minutes


def is_wanted(plan: OffsitePlan, state: OffsiteState, asks: BackupAsks, now: float) -> bool:
    """Tell whether a backup is due, or was asked for since the last one."""
    return is_due(plan, state, now) or asks.offsite > state.tried_at


def drill_is_due(state: OffsiteState, asks: BackupAsks) -> bool:
    """Tell whether somebody asked for a drill since the last one, and there is a backup to restore."""
    return state.good_at > 0 and asks.drill > (state.drill.at if state.drill is not None else 0.0)


def latest_good(plan: OffsitePlan, state: OffsiteState) -> float:
    """Return the moment by which a backup should have been good: twice the interval is late."""
    return (state.good_at or state.since) + 2 * 60 * plan.minutes
