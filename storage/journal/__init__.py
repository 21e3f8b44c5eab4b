"""The append-only journal of calls: its events, its file format, writer, reader and recovery.

The format is described in ``docs/architecture.md``. Nothing here imports Twisted; the writer is called
from one thread and owns a second one that fsyncs.
"""

from __future__ import annotations

from storage.journal.events import Event
from storage.journal.line import Position
from storage.journal.reader import Damage, Entry, JournalReader
from storage.journal.recovery import OpenCall, open_calls, whole_beginning
from storage.journal.writer import JournalBusy, JournalWriter

__all__ = [
    "Damage",
    "Entry",
    "Event",
    "JournalBusy",
    "JournalReader",
    "JournalWriter",
    "OpenCall",
    "Position",
    "open_calls",
    "whole_beginning",
]
