"""What inspections are alarmed about, in ``inspection-alarms.json`` for everybody who shows alarms."""

from __future__ import annotations

import msgspec

from domain.inspection.catalogue import catalogue
from domain.inspection.concerns import concerns
from domain.inspection.round import Plan, Round
from storage.connection import MainDatabase
from storage.data_directory import DataDirectory, write_atomically
from storage.models import Root


def tell_alarms(data: DataDirectory, database: MainDatabase, now: float) -> None:
    """Write them, where they are others than before; raises StoreDown and OSError.

    Called after each change of a round, and now and then: days pass by themselves.
    """

    def read(root: Root) -> tuple[Round | None, Plan]:
        return root.inspection.latest(), root.inspection.plan.value

    latest, plan = database.read(read)
    content = msgspec.json.format(msgspec.json.encode(concerns(latest, plan, catalogue(), now))) + b"\n"
    path = data.inspection_alarms
    if (path.read_bytes() if path.exists() else b"[]\n") != content:
        write_atomically(path, content)
