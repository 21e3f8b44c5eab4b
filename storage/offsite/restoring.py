"""Restore a backup onto a new box while its pages are up: fetch, restore beside, count, then say it is ready.

Pages and commands ask (``storage.offsite.asking``); a process of its own does it (``prepare``); then
``storage.offsite.takeover`` puts the result in place when the box starts anew.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from domain.snapshot import OffsitePlan
from storage.backup import BackupError, restore
from storage.data_directory import DataDirectory
from storage.evolution import SchemaMismatch
from storage.offsite.asking import alone
from storage.offsite.failures import NoRoom, told
from storage.offsite.restic import OffsiteError, Restic
from storage.offsite.takeover import REQUEST, Phase, Restoring, place_of, read_state, write_state
from storage.offsite.work import forget_run, moment_of, newest
from storage.upgrade.census import count_stopped, evolve_stopped

TOLD_SECONDS: Final = 1.0
"""How often it is told how much is here."""
SPARE_BYTES: Final = 256 << 20
COPIES: Final = 2
"""What is fetched, and what is restored of it."""


def prepare(data: DataDirectory) -> Restoring | None:
    """Do what was asked for, up to where it is ready; None: somebody else is at it, or nothing was asked."""
    request = place_of(data) / REQUEST
    with alone(data) as ours:
        if not ours or not request.exists():
            return None
        plan = msgspec.json.decode(request.read_bytes(), type=OffsitePlan)
        state = Restoring(plan.to, Phase.CONNECTING)
        write_state(data, state)
        request.unlink()
        try:
            state = _prepared(data, plan, state)
        except (OffsiteError, BackupError, SchemaMismatch, OSError) as error:
            en, zh = told(error)
            held = read_state(data) or state
            state = msgspec.structs.replace(held, phase=Phase.FAILED, why=en, why_zh=zh)
            shutil.rmtree(place_of(data) / "data", ignore_errors=True)
        finally:
            shutil.rmtree(place_of(data) / "tree", ignore_errors=True)
        write_state(data, state)
        return state


def _prepared(data: DataDirectory, plan: OffsitePlan, state: Restoring) -> Restoring:
    place = place_of(data)
    tree, restored = place / "tree", DataDirectory(place / "data")
    for old in (tree, restored.root):
        shutil.rmtree(old, ignore_errors=True)
    restic = Restic(data, plan)
    snapshot = newest(restic)
    state = msgspec.structs.replace(
        state, phase=Phase.FETCHING, made=moment_of(snapshot), size=restic.size(snapshot.id)
    )
    write_state(data, state)
    needed, free = COPIES * state.size + SPARE_BYTES, shutil.disk_usage(place).free
    if needed > free:
        raise NoRoom(needed, free)
    tree.mkdir()
    with _telling(data, state, tree):
        restic.fetch(snapshot.id, tree)
    state = msgspec.structs.replace(state, phase=Phase.CHECKING, fetched=state.size)
    write_state(data, state)
    restore(tree, restored.root)
    forget_run(restored)
    evolve_stopped(restored)
    found = count_stopped(restored)
    return msgspec.structs.replace(
        state, phase=Phase.READY, tenants=found.tenants, numbers=found.numbers, records=found.records,
        recordings=found.recordings,
    )  # fmt: skip


@contextmanager
def _telling(data: DataDirectory, state: Restoring, tree: Path) -> Iterator[None]:
    """Tell again and again how much of the tree is here."""
    over = threading.Event()

    def tell() -> None:
        while not over.wait(TOLD_SECONDS):
            write_state(data, msgspec.structs.replace(state, fetched=_bytes_of(tree)))

    teller = threading.Thread(target=tell, name="telling")
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _bytes_of(tree: Path) -> int:
    total = 0
    for path in tree.rglob("*"):
        try:
            held = path.lstat()
        except FileNotFoundError:
            continue
        total += min(held.st_size, held.st_blocks * 512)
    return total
