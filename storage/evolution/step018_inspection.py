"""Give the root the book of inspections."""

from __future__ import annotations

from typing import Any

from storage.models.inspection import InspectionBook
from storage.models.root import ROOT_KEY


def run(mapping: Any) -> None:
    """Add what is not there."""
    root = mapping[ROOT_KEY]
    if "inspection" not in root.__dict__:
        root.inspection = InspectionBook()
