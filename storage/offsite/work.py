"""Back up off the machine, prove that it can be restored, restore: what the schedule and the command do."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from domain.snapshot import OffsitePlan
from storage.backup import BackupError, Manifest, backup, prune, restore, verify
from storage.data_directory import DataDirectory
from storage.offsite.restic import OffsiteError, Restic, Snapshot
from storage.offsite.state import Drill, OffsiteState, state_for, write_state
from storage.upgrade.census import Census, count_stopped

FORGET_SECONDS: Final = 86400.0
PLAYED_OF: Final = 20
"""A drill compares each hash and plays one of so many recordings."""
Now = Callable[[], float]


def back_up(data: DataDirectory, plan: OffsitePlan, now: Now = time.time) -> OffsiteState:
    """Make one backup and note what became of it."""
    began = now()
    state = msgspec.structs.replace(state_for(data, plan, began), tried_at=began)
    try:
        restic = Restic(data, plan)
        restic.open()
        tree = restic.place / "staged"
        backup(data.root, tree, link=True)
        prune(tree, 1)
        taken = restic.take(tree)
        forgot = state.forgot_at
        if began - forgot >= FORGET_SECONDS or forgot > began:
            restic.forget()
            forgot = began
        state = msgspec.structs.replace(
            state, good_at=began, snapshot=taken.snapshot_id, added_bytes=taken.data_added, forgot_at=forgot,
            seconds=round(now() - began, 3), error="",
        )  # fmt: skip
    except (OffsiteError, BackupError, OSError) as error:
        state = msgspec.structs.replace(state, error=str(error))
    write_state(data, state)
    return state


def drill(data: DataDirectory, plan: OffsitePlan, now: Now = time.time) -> Drill:
    """Restore the newest backup into a scratch place, compare, and note what was found.

    The scratch place is beside the data, so that it is known to have the room, and goes afterwards.
    """
    began = now()
    done = Drill(began, 0.0, "", 0.0)
    try:
        restic = Restic(data, plan)
        snapshot = newest(restic)
        done = msgspec.structs.replace(done, snapshot=snapshot.id, made=moment_of(snapshot))
        with tempfile.TemporaryDirectory(dir=restic.place, prefix="drill-") as place:
            done = _compared(restic, snapshot, Path(place), done)
    except (OffsiteError, BackupError, OSError) as error:
        done = msgspec.structs.replace(done, faults=(str(error),))
    done = msgspec.structs.replace(done, seconds=round(now() - began, 3))
    write_state(data, msgspec.structs.replace(state_for(data, plan, began), drill=done))
    return done


def _compared(restic: Restic, snapshot: Snapshot, place: Path, done: Drill) -> Drill:
    tree, scratch = place / "tree", DataDirectory(place / "data")
    tree.mkdir()
    restic.fetch(snapshot.id, tree)
    verdict = verify(tree, every=PLAYED_OF)
    manifest = restore(tree, scratch.root)
    forget_run(scratch)
    found = count_stopped(scratch)
    return msgspec.structs.replace(
        done, tenants=found.tenants, records=found.records, recordings=found.recordings,
        faults=(*verdict.faults, *_differences(manifest, verdict.tenants, found)),
    )  # fmt: skip


def _differences(manifest: Manifest, tenants: int, found: Census) -> list[str]:
    told = {"recordings": (manifest.recordings_count, found.recordings), "tenants": (tenants, found.tenants)}
    return [
        f"{name}: {there} were backed up, {here} restored"
        for name, (there, here) in told.items()
        if there != here
    ]


def restore_newest(
    data: DataDirectory, plan: OffsitePlan, *, snapshot: str | None = None, aside: bool = False
) -> Manifest:
    """Make a data directory what a backup was, on a fresh box too; raises OffsiteError, BackupError."""
    data.root.parent.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=data.root.parent, prefix=f".{data.root.name}-restore-"))
    try:
        restic = Restic(DataDirectory(place), plan)
        chosen = snapshot or newest(restic).id
        tree = place / "tree"
        tree.mkdir()
        restic.fetch(chosen, tree)
        made: Manifest = restore(tree, data.root, aside=aside)
    finally:
        shutil.rmtree(place)
    return made


def newest(restic: Restic) -> Snapshot:
    """Return the newest backup; raises OffsiteError when there is none."""
    found = restic.snapshots()
    if not found:
        raise OffsiteError("the repository holds no backup of a box400")
    return found[-1]


def moment_of(snapshot: Snapshot) -> float:
    """Return when it was made; restic writes nanoseconds, which Python does not read."""
    head, _, rest = snapshot.time.partition(".")
    zone = rest.lstrip("0123456789") or "Z"
    return datetime.fromisoformat(f"{head}{zone}").timestamp()


def forget_run(data: DataDirectory) -> None:
    """Remove the directory of sockets that a long path was given elsewhere."""
    if (data.root / "run.path").exists():
        shutil.rmtree(data.run)
