"""Keep what stands behind the figures of conversations and tickets, of the days that were counted without."""

from __future__ import annotations

from typing import Any

from BTrees.OOBTree import OOTreeSet

from storage.models.root import ROOT_KEY
from storage.records.call_id import day_of
from storage.reports.service_counts import counted_anew


def run(mapping: Any) -> None:
    """Add what is not there; the figures stay as they are."""
    root = mapping[ROOT_KEY]
    without = {key: day for key, day in root.service.days.items() if not hasattr(day, "events")}
    for day in without.values():
        day.events = OOTreeSet()
    if not without:
        return
    for desk, at, service, what in counted_anew(root):
        day = without.get((desk, day_of(round(at * 1000))))
        if day is not None:
            day.note(at, service, what)
