"""Check the journal against the records: every call that ended in it must have one."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from storage.connection import MainDatabase
from storage.journal import JournalReader, Position
from storage.journal.events import DialogNow, Ended, Marks, Started
from storage.models import JournalProgress, Root
from storage.models.call_records import BOX_OWNER
from storage.records.call_id import key_of, milliseconds_of, month_of


def calls_without_record(journal: Path, database: MainDatabase, box: str = "box") -> list[str]:
    """Return the calls of the journal files still there that ended, were committed, and have no record.

    Raises StoreDown.
    """

    def place(root: Root) -> Position:
        progress: JournalProgress | None = root.records.journals.get(box)
        return Position(0, 0) if progress is None else Position(*progress.committed)

    committed = database.read(place)
    tenants: dict[str, tuple[str, float]] = {}
    ended: dict[str, dict[str, float]] = defaultdict(dict)
    reader = JournalReader(journal, None, without=(DialogNow, Marks))
    try:
        while entries := reader.read():
            for event, sequence, _, end, _ in entries:
                if type(event) is Started:
                    tenants[event.call] = event.tenant or BOX_OWNER, event.at
                elif type(event) is Ended and (sequence, end) <= committed and event.call in tenants:
                    owner, start = tenants.pop(event.call)
                    ended[owner][event.call] = start
    finally:
        reader.close()
    return database.read(
        lambda root: [call for owner in ended for call in _missing(root, owner, ended[owner])]
    )


def _missing(root: Root, name: str, calls: dict[str, float]) -> list[str]:
    """Return which of an owner's calls have no record; each segment of their time is read once."""
    owner = root.records.owners.get(name)
    keys = {key_of(call, start): call for call, start in calls.items()}
    oldest = max(keys)
    if owner is not None:
        for month in owner.months.keys(month_of(milliseconds_of(oldest)), None):
            for key, _ in owner.months[month].rows():
                if key > oldest:
                    break
                keys.pop(key, None)
    return list(keys.values())
