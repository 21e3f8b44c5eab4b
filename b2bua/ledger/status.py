"""How the ledger is, in ``run/ledger.json`` for ``box400 status`` and metrics."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from b2bua.alarms import Alarm
from storage.data_directory import DataDirectory
from storage.journal import Position
from storage.journal.line import file_path, sequences


class LedgerStatus(msgspec.Struct, frozen=True):
    """Written at most once a second, at least every ten."""

    pid: int
    at: float
    """When this was written, UTC POSIX seconds."""
    lag_bytes: int
    """Journal written and not read."""
    waiting: int
    """Records made and not committed."""
    open_calls: int
    committed_rows: int
    """Since the ledger's start."""
    rows_per_second: float
    """Committed over the last ten seconds or so."""
    committed_at: float
    """Last commit, UTC POSIX seconds; 0: none yet."""
    store_down: str
    """Why records cannot be committed; empty: they can."""
    damaged_lines: int
    alarms: tuple[Alarm, ...] = ()


def status_path(data: DataDirectory) -> Path:
    """Return where the ledger tells how it is."""
    return data.run / "ledger.json"


def write_status(path: Path, status: LedgerStatus) -> None:
    """Replace the status file; without fsync, since it means nothing after a power cut."""
    passing = path.with_suffix(".new")
    passing.write_bytes(msgspec.json.encode(status))
    os.replace(passing, path)


def read_status(data: DataDirectory) -> LedgerStatus | None:
    """Return what the ledger last wrote, or None when it never ran."""
    try:
        return msgspec.json.decode(status_path(data).read_bytes(), type=LedgerStatus)
    except FileNotFoundError:
        return None


def lag(journal: Path, place: Position) -> int:
    """Return how many bytes of journal lie after a place."""
    total = 0
    for sequence in sequences(journal):
        if sequence < place.sequence:
            continue
        try:
            size = file_path(journal, sequence).stat().st_size
        except FileNotFoundError:
            continue
        total += max(0, size - place.offset) if sequence == place.sequence else size
    return total
