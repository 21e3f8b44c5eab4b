"""How much there is, to compare before and after: ``python -m storage.upgrade.census --data DIR``.

Prints one line of JSON. The box must be down unless ``--live``. ``--evolve`` first gives the data this
version's shape. An upgrade asks the old version before, the new one after.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from typing import Any

import msgspec
from ZODB import DB
from ZODB.FileStorage import FileStorage

from storage.connection import Database, MainDatabase, StoreDown, open_main, open_recordings
from storage.data_directory import DataDirectory
from storage.evolution import SchemaMismatch
from storage.models import Root
from storage.recordings import Recordings
from storage.server import evolve_storage


class Census(msgspec.Struct, frozen=True):
    """What a box holds. New fields go to the end, with a default: another version reads it."""

    schema: int = 0
    tenants: int = 0
    numbers: int = 0
    accounts: int = 0
    records: int = 0
    recordings: int = 0

    def lost_since(self, before: Census) -> list[str]:
        """Return what there is less of than before; calls go on being recorded, so more is no fault."""
        return [
            f"{name}: {getattr(before, name)} -> {getattr(self, name)}"
            for name in self.__struct_fields__
            if getattr(self, name) < getattr(before, name)
        ]


def count_live(data: DataDirectory) -> Census:
    """Count in a box that runs; raises StoreDown, SchemaMismatch."""
    with closing(open_main(data)) as main, closing(open_recordings(data)) as recordings:
        return _count(main, recordings)


def count_stopped(data: DataDirectory) -> Census:
    """Count in the files of a box that is down; raises OSError, SchemaMismatch."""

    def open_copy(name: str) -> DB:
        blobs = str(data.store / "blobs") if name == "recordings" else None
        return DB(FileStorage(str(data.store / f"{name}.fs"), read_only=True, blob_dir=blobs))

    if not (data.store / "main.fs").exists():
        return Census()
    main = MainDatabase(lambda: open_copy("main"))
    recordings = Database(lambda: open_copy("recordings"))
    with closing(main), closing(recordings):
        return _count(main, recordings)


def evolve_stopped(data: DataDirectory) -> list[str]:
    """Give the data of a box that is down this version's shape; return the steps that were missing.

    A box that was never started has none yet.
    """
    if not (data.store / "main.fs").exists():
        return []
    with closing(FileStorage(str(data.store / "main.fs"), pack_keep_old=False)) as storage:
        return evolve_storage(storage)


def _count(main: MainDatabase, recordings: Database) -> Census:
    def work(root: Root) -> Census:
        months: list[Any] = [
            month for owner in root.records.owners.values() for month in owner.months.values()
        ]
        return Census(
            root.schema, len(root.tenants), len(root.numbers), len(root.web.accounts),
            sum(month.open_count + month.sealed_count for month in months),
        )  # fmt: skip

    return msgspec.structs.replace(main.read(work), recordings=Recordings(recordings).total().count)


def main() -> int:
    """Print it; 0 done, 1 not: the text says why."""
    parser = argparse.ArgumentParser(prog="storage.upgrade.census", description="Count what a box holds.")
    parser.add_argument("--data", required=True)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--evolve", action="store_true")
    how.add_argument("--live", action="store_true")
    options = parser.parse_args()
    data = DataDirectory(options.data)
    try:
        if options.evolve:
            evolve_stopped(data)
        found = count_live(data) if options.live else count_stopped(data)
    except (StoreDown, SchemaMismatch, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
