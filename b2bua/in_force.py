"""Let the running b2bua serve by what the database holds: snapshot files, reload, its word for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from b2bua.control import ControlClient, ControlDown, ControlFailed, InForce, Reload
from storage.connection import MainDatabase
from storage.data_directory import DataDirectory
from storage.models import Root
from storage.serving import snapshots
from storage.serving.snapshots import Snapshots

T = TypeVar("T")

RELOAD_SECONDS = 30.0
"""A box with thousands of tenants reads that long."""


def change_in_force(
    data: DataDirectory, database: MainDatabase, work: Callable[[Root], T], note: str
) -> tuple[T, str]:
    """Run ``work`` in a transaction and put what it changed in force.

    Returns what ``work`` returned, and why the b2bua does not serve by it yet (empty: it does). Raises
    StoreDown and what ``work`` raises; what is stored stays stored if the b2bua is down.
    """

    def both(root: Root) -> tuple[T, bool]:
        version = root.version
        done = work(root)
        return done, root.version != version

    done, changed = database.transact(both, note=note[:200])
    return done, serve_by(data, database) if changed else ""


def serve_by(data: DataDirectory, database: MainDatabase) -> str:
    """Write what the database holds now and let the b2bua read it; return why it does not serve by it."""
    wanted = snapshots.publish(data, database)
    try:
        with ControlClient(data.control_socket, timeout=RELOAD_SECONDS) as client:
            versions = client.ask(Reload(), InForce)
    except (ControlDown, ControlFailed) as error:
        return str(error)
    return _missing(versions, wanted)


def _missing(versions: InForce, wanted: Snapshots) -> str:
    """Return what b2bua does not serve by yet; empty when it serves by all of it, or by something newer."""
    if versions.errors:
        return "; ".join(f"{name}: {why}" for name, why in versions.errors.items())
    late = [each.id for each in wanted.tenants if versions.tenants.get(each.id, -1) < each.version]
    if versions.box < wanted.box.version:
        late.insert(0, "box")
    return f"older in force: {', '.join(late)}" if late else ""
