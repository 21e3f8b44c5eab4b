"""来电路由: change one part of a number's plan, as long as nobody else changed that part meanwhile.

A form carries the digest of the part that it showed. Parts do not disturb each other: two people may change
opening hours and areas at once. A rule is named by its digest, so that its place may change meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from domain.snapshot import NumberPlan
from storage.models import Root
from storage.models.web import AuditEntry
from storage.provisioning.export import as_written
from storage.provisioning.schema import NUMBER
from webui.services.box import BoxServices
from webui.services.provisioning import Done, Stale, wish

Fields = dict[str, Any]
PLAN_PARTS: Final = {
    "hours": ("hours", "closed"),
    "areas": ("allow", "deny"),
    "lists": ("blacklist", "vip"),
    "forwards": ("memory_days", "when_busy", "when_no_answer"),
}
"""Parts of the route plan -> their fields."""
NUMBER_PARTS: Final = {
    "ways": ("entry", "otherwise"),
    "pin": ("pin",),
    "sounds": ("welcome", "ringback", "recording_notice"),
}
"""Parts that are fields of the number itself."""
PARTS: Final = {**PLAN_PARTS, **NUMBER_PARTS}


class Choice(NamedTuple):
    """A destination that may be chosen."""

    value: str
    kind: str
    label: str


def digest(value: Any) -> str:
    """Return what names one state of something."""
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:20]


def fields_of(plan: NumberPlan) -> Fields:
    """Return a number's plan as provisioning files write it."""
    return as_written(NUMBER, plan)


def part_of(fields: Fields, part: str) -> Fields:
    """Return the fields of one part that are not at their default."""
    held = fields.get("routing", {}) if part in PLAN_PARTS else fields
    return {name: held[name] for name in PARTS[part] if name in held}


def rules_of(fields: Fields) -> list[Fields]:
    """Return the rules of a plan."""
    rules: list[Fields] = fields.get("routing", {}).get("rules", [])
    return rules


def change_part(
    services: BoxServices, tenant: str, number: str, entry: AuditEntry, part: str, seen: str, values: Fields
) -> Done:
    """Store other values of a part; empty ones go back to their default. Raises Stale, Refused, StoreDown."""

    def edit(fields: Fields) -> Fields:
        if digest(part_of(fields, part)) != seen:
            raise Stale(part)
        if part in NUMBER_PARTS:
            return values
        return {"routing": _merged(fields.get("routing", {}), values)}

    return _change(services, tenant, number, entry, edit)


def change_rule(
    services: BoxServices, tenant: str, number: str, entry: AuditEntry, which: str, rule: Fields | None
) -> Done:
    """Put a rule in the place of another one, at the end (``which`` empty), or take one away (None).

    Raises Stale when the one named is not there as it was shown; Refused, StoreDown.
    """

    def edit(fields: Fields) -> Fields:
        rules = list(rules_of(fields))
        if which:
            place = next((n for n, each in enumerate(rules) if digest(each) == which), None)
            if place is None:
                raise Stale(which)
            rules[place : place + 1] = [] if rule is None else [rule]
        elif rule is not None:
            rules.append(rule)
        return {"routing": _merged(fields.get("routing", {}), {"rules": rules})}

    return _change(services, tenant, number, entry, edit)


def order_rules(
    services: BoxServices, tenant: str, number: str, entry: AuditEntry, wanted: list[str]
) -> Done:
    """Put the rules in another order; raises Stale unless each is named once, Refused, StoreDown."""

    def edit(fields: Fields) -> Fields:
        rules = rules_of(fields)
        if sorted(wanted) != sorted(digest(each) for each in rules):
            raise Stale("rules")
        ordered = sorted(rules, key=lambda rule: wanted.index(digest(rule)))
        return {"routing": _merged(fields.get("routing", {}), {"rules": ordered})}

    return _change(services, tenant, number, entry, edit)


def destinations(root: Root, tenant: str, number: str) -> Iterator[Choice]:
    """Yield where calls of a number may be sent."""
    held = root.tenants[tenant]
    yield Choice("bound", "bound", "")
    for plural, kind in (
        ("groups", "group"), ("queues", "queue"), ("flows", "flow"), ("voicemails", "voicemail"),
    ):  # fmt: skip
        for name, value in held.named(plural):
            label = getattr(value, "label", "") or getattr(value, "title", "")
            yield Choice(f"{kind}:{name}", kind, f"{name} {label}".rstrip())
    for other in held.numbers:
        if other != number:
            yield Choice(f"number:{other}", "number", other)
    for key in root.extensions.keys(min=f"{tenant}/", max=f"{tenant}0"):
        name = key.partition("/")[2]
        yield Choice(f"extension:{name}", "extension", name)
    for name in held.own_prompts():
        yield Choice(f"announcement:prompt:{name}", "announcement", name)
    yield Choice("hang-up", "hang-up", "")


def _change(
    services: BoxServices, tenant: str, number: str, entry: AuditEntry, edit: Callable[[Fields], Fields]
) -> Done:
    def document(root: Root) -> Fields:
        held = root.tenants.get(tenant)
        if held is None or number not in held.numbers:
            raise Stale(number)
        fields = edit(fields_of(held.numbers[number].value))
        return {"tenants": {tenant: {"numbers": {number: fields}}}}

    return wish(services, document, entry)


def _merged(routing: Fields, values: Fields) -> Fields | None:
    merged = {**routing, **values}
    return {name: value for name, value in merged.items() if value not in (None, "", [], {})} or None
