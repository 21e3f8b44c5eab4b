"""Give tenants timelines of their customers, with the notes that are there already."""

from __future__ import annotations

from typing import Any

from domain.customers.timeline import number_stream
from storage.models.root import ROOT_KEY
from storage.models.timeline import TimelineBook, note_entry


def run(mapping: Any) -> None:
    """Add what is not there. Calls are found by their records, from step 31 on."""
    root = mapping[ROOT_KEY]
    if "timelines" in root.__dict__:
        return
    root.timelines = TimelineBook()
    for tenant, desk in root.desk.tenants.items():
        for call in desk.notes:
            note = desk.note(call)
            if note.caller:
                root.timelines.of(tenant).put((number_stream(note.caller),), note_entry(note))
