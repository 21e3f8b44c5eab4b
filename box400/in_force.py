"""Put a configuration in force: database, snapshot files, and the running b2bua's word for it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from b2bua.in_force import serve_by
from box400.prompts import PreparedPrompts
from storage.connection import MainDatabase
from storage.data_directory import DataDirectory
from storage.provisioning import Applied, apply_file


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
    why_not = serve_by(data, database)
    return Outcome(applied, in_force=not why_not, why_not=why_not)
