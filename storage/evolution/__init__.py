"""Numbered steps that bring an older database to the shape the code expects.

A step is a function of the root mapping; it runs once, in its own transaction, in the order of its number,
and must find its work done without harm (a crash between two steps repeats nothing, an interrupted one is
retried whole). Steps are never edited after a release; a new shape is a new step.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from storage.evolution import (
    step001_first_edition,
    step002_parts_of_tenants,
    step003_prompts,
    step004_extensions_by_tenant,
    step005_missed_calls,
    step006_money,
    step007_web,
    step008_notices,
    step009_bills,
    step010_desk,
    step011_inventory,
    step012_api_keys,
    step013_acknowledged,
    step014_timelines,
    step015_answered_counts,
    step016_tickets,
    step017_figures,
    step018_inspection,
    step019_customers,
    step020_traces,
    step021_reports,
    step022_reconciliations,
    step023_mailings,
    step024_knowledge,
    step025_assistance,
    step026_conversations,
    step027_service,
    step028_days_of_all,
    step029_saved_filters,
    step030_behind_service,
    step031_rows_by_caller,
)
from storage.models.root import ROOT_KEY, Root


class Step(NamedTuple):
    """One evolution step."""

    number: int
    name: str
    run: Callable[[Any], None]


STEPS: tuple[Step, ...] = (
    Step(1, "first edition", step001_first_edition.run),
    Step(2, "parts of tenants", step002_parts_of_tenants.run),
    Step(3, "prompts", step003_prompts.run),
    Step(4, "extensions by tenant", step004_extensions_by_tenant.run),
    Step(5, "missed calls", step005_missed_calls.run),
    Step(6, "money", step006_money.run),
    Step(7, "web", step007_web.run),
    Step(8, "notices", step008_notices.run),
    Step(9, "bills", step009_bills.run),
    Step(10, "desk", step010_desk.run),
    Step(11, "inventory", step011_inventory.run),
    Step(12, "keys of programs", step012_api_keys.run),
    Step(13, "alarms somebody sees to", step013_acknowledged.run),
    Step(14, "timelines of customers", step014_timelines.run),
    Step(15, "answered calls counted by who answered", step015_answered_counts.run),
    Step(16, "tickets", step016_tickets.run),
    Step(17, "figures of reports", step017_figures.run),
    Step(18, "inspections", step018_inspection.run),
    Step(19, "customers", step019_customers.run),
    Step(20, "traces of sealed rows", step020_traces.run),
    Step(21, "reports on SMS", step021_reports.run),
    Step(22, "comparisons with carriers", step022_reconciliations.run),
    Step(23, "reports by e-mail", step023_mailings.run),
    Step(24, "knowledge bases", step024_knowledge.run),
    Step(25, "remote assistance", step025_assistance.run),
    Step(26, "conversations", step026_conversations.run),
    Step(27, "figures of conversations and tickets", step027_service.run),
    Step(28, "days of all tenants", step028_days_of_all.run),
    Step(29, "saved filters", step029_saved_filters.run),
    Step(30, "what is behind figures of conversations and tickets", step030_behind_service.run),
    Step(31, "calls by caller", step031_rows_by_caller.run),
)


class SchemaMismatch(Exception):
    """The database has another shape than this code expects."""


def evolve_main(mapping: Any, *, steps: tuple[Step, ...] = STEPS) -> list[str]:
    """Run the missing steps on a root mapping, record them, and return their names."""
    done: list[str] = []
    for step in steps:
        root: Root | None = mapping.get(ROOT_KEY)
        if root is not None and step.number in root.steps:
            continue
        step.run(mapping)
        evolved: Root = mapping[ROOT_KEY]
        evolved.steps[step.number] = time.time()
        evolved.schema = step.number
        done.append(f"{step.number} {step.name}")
    return done


def require_current(root: Root | None) -> Root:
    """Return the root, or raise :class:`SchemaMismatch` saying what to do."""
    wanted = STEPS[-1].number
    if root is None or root.schema < wanted:
        have = 0 if root is None else root.schema
        raise SchemaMismatch(f"database is at step {have}, this code needs {wanted}: run `box400 evolve`")
    if root.schema > wanted:
        raise SchemaMismatch(
            f"database is at step {root.schema}, newer than this code ({wanted}): upgrade box400"
        )
    return root
