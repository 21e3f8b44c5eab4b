"""Give sealed segments the traces of their values, by which a search passes over most of them."""

from __future__ import annotations

from typing import Any

from storage.models.root import ROOT_KEY
from storage.records.sealed_rows import SealedRows, traces_of


def run(mapping: Any) -> None:
    """Add what is not there; each segment's rows are read once."""
    for owner in mapping[ROOT_KEY].records.owners.values():
        for month in owner.months.values():
            for newest, (oldest, segment, *traces) in list(month.segments.items()):
                if not traces:
                    rows = SealedRows(segment.block).rows()
                    month.segments[newest] = (oldest, segment, traces_of(rows))
                    segment._p_deactivate()
