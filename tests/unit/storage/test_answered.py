"""A call counts as answered when somebody talked with the caller, however it ended then."""

from __future__ import annotations

from datetime import date

import msgspec

from domain.outcomes import Outcome
from storage.connection import open_main_in_memory
from storage.evolution import STEPS
from storage.export.call_records import answered_or_why
from storage.models.root import ROOT_KEY
from storage.models.totals import Count, RollUp, Totals, total
from storage.records.query import Filter, search
from storage.records.rows import row_of
from storage.reports.report import report_of_rows
from tests.unit.storage.test_call_records import some


def test_a_talk_that_an_operator_cut_is_an_answered_call() -> None:
    """In the day's totals, the report, the list's filter and the words of the Excel file."""
    answered = next(each for each in some(20) if each.answered_by)
    cut = msgspec.structs.replace(answered, outcome=Outcome.CUT_BY_OPERATOR)
    row = row_of(cut)
    assert total([row]).all.answered == 1
    made = report_of_rows([row], date(2026, 11, 22), date(2026, 11, 22))
    assert (made.all.answered, made.all.missed, made.all.unanswered) == (1, 0, 0)
    assert Filter(answered=True).takes(row)
    assert not Filter(answered=False).takes(row)
    assert answered_or_why(row.outcome, row.answered) == "接听（管理员拆线）"


def test_totals_that_were_stored_are_counted_again() -> None:
    """Days whose records are kept come right; a day whose records are gone keeps its count."""
    database = open_main_in_memory()
    records = [
        msgspec.structs.replace(each, outcome=Outcome.CUT_BY_OPERATOR) if each.answered_by else each
        for each in some(50)
    ]
    old = Totals(Count(7, 3, 0, 0, 900))

    def store(root) -> None:  # type: ignore[no-untyped-def]
        root.records.add(records)
        owner = root.records.owners["acme"]
        for day, held in owner.day_totals.items():
            value = held.value
            value.all.answered = 0
            owner.day_totals[day] = RollUp()
            owner.day_totals[day].add(value)
        owner.day_totals["20250101"] = RollUp()
        owner.day_totals["20250101"].add(old)

    database.transact(store)
    step = next(each for each in STEPS if "answered" in each.name)
    database.transact(lambda root: step.run({ROOT_KEY: root}))
    owner = database.read(lambda root: root.records.owners["acme"].totals("20260101", "20991231"))
    rows = database.read(lambda root: [each.row for each in search(root, Filter(tenant="acme"))])
    assert owner.all.answered == sum(bool(row.answered_by) for row in rows) > 0
    assert owner == total(rows)
    kept = database.read(lambda root: root.records.owners["acme"].totals("20250101", "20250101"))
    assert kept.all == old.all
    database.close()
