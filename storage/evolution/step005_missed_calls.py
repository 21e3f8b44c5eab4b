"""Make the place of missed calls and of notices."""

from __future__ import annotations

from typing import Any

from storage.models.missed import MissedBook
from storage.models.root import ROOT_KEY


def run(mapping: Any) -> None:
    """Add it unless it is there."""
    root = mapping[ROOT_KEY]
    if "missed" not in root.__dict__:
        root.missed = MissedBook()
