"""Give tenants timelines of their customers, with the calls and notes that are there already."""

from __future__ import annotations

from typing import Any

from domain.customers.timeline import number_stream
from storage.models.root import ROOT_KEY
from storage.models.timeline import TimelineBook, note_entry


def run(mapping: Any) -> None:
    """Add what is not there; what was built meanwhile leaves memory bit by bit."""
    root = mapping[ROOT_KEY]
    if "timelines" in root.__dict__:
        return
    root.timelines = TimelineBook()
    for tenant, owner in root.records.owners.items():
        for month in owner.months.values() if tenant else ():
            for rows in month.portions():
                root.timelines.take_calls((tenant, row) for row in rows)
                if root._p_jar is not None:
                    root._p_jar.transaction_manager.savepoint(optimistic=True)
    for tenant, desk in root.desk.tenants.items():
        for call in desk.notes:
            note = desk.note(call)
            if note.caller:
                root.timelines.of(tenant).put((number_stream(note.caller),), note_entry(note))
