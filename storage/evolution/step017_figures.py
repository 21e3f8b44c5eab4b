"""Give reports their figures, counted from the records that are kept."""

from __future__ import annotations

from typing import Any

from domain.analysis.callers import Callers
from storage.models.figures import FiguresBook, FiguresTaken
from storage.models.root import ROOT_KEY
from storage.records.counted import counted


def run(mapping: Any) -> None:
    """Count every tenant's records, the oldest first. Menu keys are counted from now on alone: rows of before
    do not tell them. What was counted meanwhile leaves memory bit by bit."""
    records = mapping[ROOT_KEY].records
    if "whole" in records.__dict__:
        return
    records.whole = FiguresBook()
    for tenant, owner in records.owners.items():
        owner.figures, callers = FiguresBook(), Callers()
        for month in owner.months.values() if tenant else ():
            for rows in month.portions():
                taken, calls = FiguresTaken(), counted(rows)
                again = [each for call in calls for each in callers.take(call.caller, call.groups)]
                taken.take(tenant, owner.figures, calls, again)
                taken.store(records.whole)
                if records._p_jar is not None:
                    records._p_jar.transaction_manager.savepoint(optimistic=True)
