"""Delete journal files that nobody needs any more."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import msgspec

from storage.journal import Position
from storage.journal.line import file_path, sequences

log = logging.getLogger(__name__)

NEWEST_KEPT: Final = 3
"""Files kept whatever was read, for people and for the power cut that tears the newest."""


class _Place(msgspec.Struct, frozen=True):
    sequence: int


def remove_consumed(
    journal: Path, rebuild: Position, recorder_place: Path | None, keep_seconds: float, now: float
) -> int:
    """Delete files before ``rebuild`` that the recorder has done with and that are old; return how many.

    ``recorder_place`` is where the recorder keeps its own place; while there is none, nothing is deleted.
    """
    floor = rebuild.sequence
    if recorder_place is not None:
        try:
            floor = min(floor, msgspec.json.decode(recorder_place.read_bytes(), type=_Place).sequence)
        except (FileNotFoundError, msgspec.DecodeError):
            return 0
    removed = 0
    for sequence in sequences(journal)[:-NEWEST_KEPT]:
        if sequence >= floor:
            break
        path = file_path(journal, sequence)
        if now - path.stat().st_mtime < keep_seconds:
            break
        path.unlink()
        removed += 1
    if removed:
        log.info("removed %d journal files", removed)
    return removed
