"""Write the configuration that is in the database to the files that calls are served from, and read them.

After a commit: ``publish(data, database)``, then tell b2bua to reload.
"""

from __future__ import annotations

import fcntl
import logging
import os
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from domain.snapshot import BoxSnapshot, TenantSnapshot
from storage.connection import MainDatabase
from storage.data_directory import DataDirectory, write_atomically
from storage.models import Root

log = logging.getLogger(__name__)

S = TypeVar("S", BoxSnapshot, TenantSnapshot)


class Snapshots(NamedTuple):
    """Everything b2bua serves calls from."""

    box: BoxSnapshot
    tenants: tuple[TenantSnapshot, ...]

    @property
    def version(self) -> int:
        """The highest version among them."""
        return max((self.box.version, *(tenant.version for tenant in self.tenants)))


def build(root: Root) -> Snapshots:
    """Return the frozen configuration as this transaction sees it."""
    halted = root.inventory.halted()
    return Snapshots(
        root.box_snapshot(), tuple(tenant.snapshot(root.tariffs, halted) for tenant in root.tenants.values())
    )


def publish(data: DataDirectory, database: MainDatabase) -> Snapshots:
    """Make the files what the database holds now, whatever they hold; return what was written.

    One process at a time does so: the last to write is the last to have read. After a restore the database
    may be older than the files, which then go back with it. Raises ``StoreDown``.
    """
    data.tenant_snapshots.mkdir(mode=0o750, parents=True, exist_ok=True)
    lock = os.open(data.snapshots / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        snapshots = database.read(build)
        write(data, snapshots)
    finally:
        os.close(lock)
    return snapshots


def write(data: DataDirectory, snapshots: Snapshots) -> list[str]:
    """Write what has changed, delete tenants that are gone, and return the names of those files.

    Each file is replaced whole and durably; after a crash between two of them, writing again finishes the
    work. Who commits uses :func:`publish`, which lets nobody write in between.
    """
    data.tenant_snapshots.mkdir(mode=0o750, parents=True, exist_ok=True)
    changed = []
    wanted = {data.tenant_snapshots / f"{tenant.id}.json": tenant for tenant in snapshots.tenants}
    for path, tenant in wanted.items():
        if _write(path, tenant, TenantSnapshot):
            changed.append(path.name)
    # The box last: a new trunk serves nobody before its tenants are there.
    if _write(data.box_snapshot, snapshots.box, BoxSnapshot):
        changed.append(data.box_snapshot.name)
    for path in data.tenant_snapshots.glob("*.json"):
        if path not in wanted:
            path.unlink()
            changed.append(path.name)
    return changed


def _write(path: Path, value: S, kind: type[S]) -> bool:
    if _read(path, kind) == value:
        return False
    write_atomically(path, msgspec.json.format(msgspec.json.encode(value)) + b"\n")
    return True


def _read(path: Path, kind: type[S]) -> S | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:  # ValidationError too: written by another edition
        log.error("%s cannot be read: %s", path, error)
        return None


def read_box(data: DataDirectory) -> BoxSnapshot:
    """Return the box's snapshot; the default one when there is none that can be read."""
    return _read(data.box_snapshot, BoxSnapshot) or BoxSnapshot()


def read_tenants(data: DataDirectory) -> dict[str, TenantSnapshot]:
    """Return the tenants' snapshots by id; files that cannot be read are logged and left out."""
    tenants = (_read(path, TenantSnapshot) for path in sorted(data.tenant_snapshots.glob("*.json")))
    return {tenant.id: tenant for tenant in tenants if tenant is not None}
