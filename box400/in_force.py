"""Put a configuration in force: database, snapshot files, and the running b2bua's word for it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from b2bua.control import ControlClient, ControlDown, ControlFailed, InForce, Reload
from box400.prompts import PreparedPrompts
from storage import snapshots
from storage.connection import MainDatabase
from storage.data_directory import DataDirectory
from storage.provisioning import Applied, apply_file
from storage.snapshots import Snapshots

RELOAD_SECONDS = 30.0
"""A box with thousands of tenants reads that long."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of an application."""

    applied: Applied
    in_force: bool
    """Whether calls are served by it now."""
    why_not: str = ""


def put_in_force(
    data: DataDirectory, database: MainDatabase, file: Path, *, prune: bool, dry_run: bool
) -> Outcome:
    """Apply a file; raises ProvisioningError, StoreDown. What is stored stays stored if b2bua is down."""
    applied = apply_file(database, file, PreparedPrompts(data), prune=prune, dry_run=dry_run)
    if dry_run:
        return Outcome(applied, in_force=False)
    snapshots.write(data, applied.snapshots)
    return _reload(data, applied)


def _reload(data: DataDirectory, applied: Applied) -> Outcome:
    try:
        with ControlClient(data.control_socket, timeout=RELOAD_SECONDS) as client:
            versions = client.ask(Reload(), InForce)
    except (ControlDown, ControlFailed) as error:
        return Outcome(applied, in_force=False, why_not=str(error))
    why_not = _missing(versions, applied.snapshots)
    return Outcome(applied, in_force=not why_not, why_not=why_not)


def _missing(versions: InForce, wanted: Snapshots) -> str:
    """Return what b2bua does not serve by yet; empty when it serves by all of it, or by something newer."""
    if versions.errors:
        return "; ".join(f"{name}: {why}" for name, why in versions.errors.items())
    late = [each.id for each in wanted.tenants if versions.tenants.get(each.id, -1) < each.version]
    if versions.box < wanted.box.version:
        late.insert(0, "box")
    return f"older in force: {', '.join(late)}" if late else ""
