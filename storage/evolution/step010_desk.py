"""Give the box contact cards and notes of calls."""

from __future__ import annotations

from typing import Any

from storage.models.desk import DeskBook
from storage.models.root import ROOT_KEY


def run(mapping: Any) -> None:
    """Add what is not there."""
    root = mapping[ROOT_KEY]
    if "desk" not in root.__dict__:
        root.desk = DeskBook()
