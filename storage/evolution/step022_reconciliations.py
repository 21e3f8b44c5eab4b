"""Give the books the comparisons with carriers' lists."""

from __future__ import annotations

from typing import Any

from BTrees.OOBTree import OOBTree

from storage.models.root import ROOT_KEY


def run(mapping: Any) -> None:
    """Add what is not there."""
    money = mapping[ROOT_KEY].money
    money._p_activate()
    if "reconciliations" not in money.__dict__:
        money.reconciliations = OOBTree()
