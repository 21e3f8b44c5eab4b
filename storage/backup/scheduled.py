"""Do the backup that is due (``storage.backup_schedule`` says when)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from domain.snapshot import BackupPlan
from storage.backup.making import backup
from storage.backup.manifest import BackupError, generations
from storage.backup.pruning import prune
from storage.backup.verifying import verify
from storage.backup_schedule import BackupState, read_state, write_state
from storage.data_directory import DataDirectory

PLAYED_OF: Final = 100
"""Each hash is compared; of so many recordings one is played."""


def run_once(data: DataDirectory, plan: BackupPlan, now: Callable[[], float] = time.time) -> BackupState:
    """Back up, verify, drop old generations, and note what became of it."""
    began = now()
    before = read_state(data)
    if before is None or before.to != plan.to:
        before = BackupState(plan.to, began)
    state = msgspec.structs.replace(before, tried_at=began)
    try:
        made = _back_up(data, Path(plan.to), had_some=before.good_at > 0)
        prune(Path(plan.to), plan.keep)
        kept = len(generations(Path(plan.to)))
        state = msgspec.structs.replace(
            state, good_at=began, generation=made, kept=kept, seconds=round(now() - began, 3), error=""
        )
    except (BackupError, OSError) as error:
        state = msgspec.structs.replace(state, error=str(error))
    write_state(data, state)
    return state


def _back_up(data: DataDirectory, target: Path, *, had_some: bool) -> str:
    """Make and verify one generation; raises BackupError, OSError."""
    if not target.is_dir() or (had_some and not generations(target)):
        raise BackupError(f"{target} or its earlier backups are gone; is the disk mounted?")
    made = backup(data.root, target)
    verdict = verify(target, made.name, every=PLAYED_OF)
    if not verdict.is_good:
        raise BackupError("; ".join(verdict.faults[:3]))
    return made.name
