"""Give the box tariffs and books."""

from __future__ import annotations

from typing import Any

from BTrees.OOBTree import OOBTree

from storage.models.money import Money
from storage.models.root import ROOT_KEY


def run(mapping: Any) -> None:
    """Add what is not there."""
    root = mapping[ROOT_KEY]
    if "tariffs" not in root.__dict__:
        root.tariffs = OOBTree()
    if "money" not in root.__dict__:
        root.money = Money()
