"""Check the journal against the records: every call that ended in it must have one."""

from __future__ import annotations

from pathlib import Path

from storage.connection import MainDatabase
from storage.events import DialogNow, Ended, Marks
from storage.journal import JournalReader, Position
from storage.models import JournalProgress, Root

PAGE = 2000
"""Calls looked up in one view of the database."""


def calls_without_record(journal: Path, database: MainDatabase, box: str = "box") -> list[str]:
    """Return the calls of the journal files still there that ended, were committed, and have no record.

    Raises StoreDown.
    """

    def place(root: Root) -> Position:
        progress: JournalProgress | None = root.records.journals.get(box)
        return Position(0, 0) if progress is None else Position(*progress.committed)

    committed = database.read(place)
    missing: list[str] = []
    ended: list[str] = []
    reader = JournalReader(journal, None, without=(DialogNow, Marks))
    try:
        while entries := reader.read():
            for event, sequence, _, end, _ in entries:
                if type(event) is Ended and (sequence, end) <= committed:
                    ended.append(event.call)
            while len(ended) >= PAGE:
                missing += _missing(database, ended[:PAGE])
                del ended[:PAGE]
    finally:
        reader.close()
    return missing + _missing(database, ended)


def _missing(database: MainDatabase, calls: list[str]) -> list[str]:
    return database.read(lambda root: [call for call in calls if root.records.find(call) is None])
