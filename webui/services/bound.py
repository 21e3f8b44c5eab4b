"""A tenant's bound numbers (绑定号码): add, change, order, remove. Changes start from what is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.snapshot import NumberPlan
from storage.models import Root
from storage.models.web import AuditEntry
from storage.provisioning.export import as_written
from storage.provisioning.schema import NUMBER
from webui.services.box import BoxServices
from webui.services.provisioning import Done, Stale, wish

Rows = list[dict[str, Any]]
Edit = Callable[[Rows], Rows]


def change(services: BoxServices, tenant: str, number: str, entry: AuditEntry, edit: Edit) -> Done:
    """Store what ``edit`` makes of the list; raises Stale, Refused, StoreDown."""

    def document(root: Root) -> dict[str, Any]:
        held = root.tenants.get(tenant)
        if held is None or number not in held.numbers:
            raise Stale(number)
        plan: NumberPlan = held.numbers[number].value
        rows = edit(as_written(NUMBER, plan).get("bound", []))
        return {"tenants": {tenant: {"numbers": {number: {"bound": rows}}}}}

    return wish(services, document, entry)


def set_ringing(
    services: BoxServices, tenant: str, number: str, entry: AuditEntry, strategy: str, seconds: str
) -> Done:
    """Say how bound numbers are rung, and how long each; raises Stale, Refused, StoreDown."""

    def document(root: Root) -> dict[str, Any]:
        if root.numbers.get(number) != tenant:
            raise Stale(number)
        fields = {"strategy": strategy, "no_answer_seconds": seconds}
        return {"tenants": {tenant: {"numbers": {number: fields}}}}

    return wish(services, document, entry)


def added(row: dict[str, Any]) -> Callable[[Rows], Rows]:
    """Put one more at the end."""
    return lambda rows: [*rows, row]


def changed(which: str, values: dict[str, Any]) -> Callable[[Rows], Rows]:
    """Give one of them other values; None takes one away."""

    def edit(rows: Rows) -> Rows:
        if all(row["number"] != which for row in rows):
            raise Stale(which)
        return [_with(row, values) if row["number"] == which else row for row in rows]

    return edit


def removed(which: str) -> Callable[[Rows], Rows]:
    """Take one away."""

    def edit(rows: Rows) -> Rows:
        if all(row["number"] != which for row in rows):
            raise Stale(which)
        return [row for row in rows if row["number"] != which]

    return edit


def ordered(wanted: list[str]) -> Callable[[Rows], Rows]:
    """Put them in another order, which must name each of them once."""

    def edit(rows: Rows) -> Rows:
        if sorted(wanted) != sorted(row["number"] for row in rows):
            raise Stale("order")
        return sorted(rows, key=lambda row: wanted.index(row["number"]))

    return edit


def _with(row: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    merged = {**row, **values}
    return {name: value for name, value in merged.items() if value is not None}
