"""Which version runs, by what it was installed with."""

from __future__ import annotations

from pathlib import Path

import msgspec

from domain.upgrade.release import Manifest, Running
from storage.evolution import STEPS
from storage.upgrade.slots import Slots


def running_in(program: Path, version: str, slots: Slots) -> Running:
    """Return what runs in a directory of a version; ``version`` where it lacks a manifest, as old ones do."""
    try:
        found = msgspec.json.decode((program / "manifest.json").read_bytes(), type=Manifest)
    except (FileNotFoundError, msgspec.DecodeError):
        return Running(version, schema=STEPS[-1].number, slot=slots.running, debian=slots.debian)
    return Running(found.version, found.released, found.schema, found.platform, slots.running, slots.debian)
