"""Sum the days of all tenants up, for the pages of operators."""

from __future__ import annotations

from typing import Any

from BTrees.OOBTree import OOBTree

from storage.models.call_records import BOX_OWNER
from storage.models.root import ROOT_KEY


def run(mapping: Any) -> None:
    """Add what is not there."""
    records = mapping[ROOT_KEY].records
    if "day_totals" in records.__dict__:
        return
    records.day_totals = OOBTree()
    for tenant, owner in records.owners.items():
        if tenant != BOX_OWNER:
            for day, held in owner.day_totals.items():
                records.add_totals(day, held.value)
