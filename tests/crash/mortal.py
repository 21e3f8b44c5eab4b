"""A box whose processes are killed, and what its clocks may be wrong by then."""

from __future__ import annotations

from pathlib import Path

import psutil

from tests.product.box import Box, Place

_TRUNK = """
box:
  announcements: false
trunks:
  demo-carrier:
    sources: ["@CARRIER@"]
    target: "@GATEWAY@:5080"
    trunk_number: "01088886666"
    options_seconds: 0
"""
MARK = 6.0
"""Seconds between marks: what the end of a call that a crash cut may be wrong by."""
SLACK = 1.0
"""Seconds that this machine may be late in telling two observers of one event."""
ROLES = ("b2bua", "b2bua.media", "b2bua.ledger", "b2bua.recorder", "storage")


def mortal_box(folder: Path, tenants: str) -> Box:
    """Return a box with one trunk, and tenants (and tariffs) as configured."""
    box = Box(folder / "data", Place(), _TRUNK + tenants)
    box.expected_errors.append(".")  # processes die here; what they leave is judged by the records
    return box


def processes(box: Box) -> dict[str, list[psutil.Process]]:
    """Find the box's processes by what they run."""
    found: dict[str, list[psutil.Process]] = {role: [] for role in ROLES}
    spare = box.spare()  # it has served nobody yet
    for process in box.processes():
        try:
            words = process.cmdline()
        except psutil.NoSuchProcess:
            continue
        role = words[words.index("-m") + 1] if "-m" in words else ""
        if role in found and process.pid != spare and process.status() != psutil.STATUS_ZOMBIE:
            found[role].append(process)
    return found
