"""Count answered calls of a day by who answered, not by how they ended.

A talk that an operator, a crash or lost audio had cut counted as not answered. Days whose records are kept
are counted again; those of months whose records are gone keep what was counted then, since nothing is left to
tell it from. Only the count of answered calls changes, never money.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from storage.models.root import ROOT_KEY
from storage.models.totals import RollUp, total
from storage.records.call_id import day_of, milliseconds_of
from storage.records.rows import CallRow


def run(mapping: Any) -> None:
    """Count the days of every month that has its records."""
    for owner in mapping[ROOT_KEY].records.owners.values():
        for month in owner.months.values():
            days: dict[str, list[CallRow]] = defaultdict(list)
            for key, row in month.rows():
                days[day_of(milliseconds_of(key))].append(row)
            for day, rows in days.items():
                counted = RollUp()
                counted.add(total(rows))
                owner.day_totals[day] = counted
