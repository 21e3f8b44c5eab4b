"""What a tenant owns by name (queues, agents, extensions ...), and his own limits."""

from __future__ import annotations

from typing import Any, NamedTuple

from storage.models import Root
from storage.models.web import AuditEntry
from storage.provisioning import Problem
from storage.provisioning.export import as_written
from storage.provisioning.schema import EXTENSION, PARTS, TENANT, Section
from webui.services.box import BoxServices
from webui.services.provisioning import FILE, Done, Refused, Stale, wish
from webui.services.routing import digest

Fields = dict[str, Any]


class PhoneAccount(NamedTuple):
    """What a SIP phone needs to register."""

    server: str
    user: str
    secret: str


EXTENSIONS = "extensions"
KINDS = {**{section.plural: section for section in PARTS}, EXTENSIONS: EXTENSION}
LIMITS = ("blacklist", "vip", "monthly_cap_li", "monthly_cap_calls")
"""Fields of the tenant that he may change himself."""


def section_of(kind: str) -> Section:
    """Return the fields of a kind."""
    return KINDS[kind]


def names(root: Root, tenant: str, kind: str) -> list[str]:
    """Return the names of a tenant's parts of a kind."""
    return [name for name, _ in listed(root, tenant, kind)]


def listed(root: Root, tenant: str, kind: str) -> list[tuple[str, Any]]:
    """Return name and value of each."""
    if kind == EXTENSIONS:
        found = root.extensions.items(min=f"{tenant}/", max=f"{tenant}0")
        return [(key.partition("/")[2], held.value) for key, held in found]
    return list(root.tenants[tenant].named(kind))


def fields_of(root: Root, tenant: str, kind: str, name: str) -> Fields | None:
    """Return one as provisioning files write it, or None."""
    value = next((value for each, value in listed(root, tenant, kind) if each == name), None)
    return None if value is None else as_written(KINDS[kind], value)


def account_of(root: Root, tenant: str, name: str, host: str) -> PhoneAccount:
    """Return what is typed into the phone of an extension; ``host`` where its listener names no address."""
    held = root.extensions[f"{tenant}/{name}"].value
    found = root.listeners.get(held.listener)
    listener = None if found is None else found.value
    named = "" if listener is None else listener.advertise or listener.bind
    server = host if named in ("", "0.0.0.0", "::") else named  # noqa: S104 - compared, not listened on
    port = 5060 if listener is None else listener.port
    return PhoneAccount(server if port == 5060 else f"{server}:{port}", held.account, held.secret)


def limits_of(root: Root, tenant: str) -> Fields:
    """Return the tenant's own limits as provisioning files write them."""
    held = as_written(TENANT, root.tenants[tenant].config.value)
    return {name: held[name] for name in LIMITS if name in held}


def store(
    services: BoxServices, tenant: str, kind: str, name: str, seen: str, values: Fields, entry: AuditEntry
) -> Done:
    """Change one, or add it (``seen`` empty); raises Stale, Refused, StoreDown."""

    def document(root: Root) -> Fields:
        held = fields_of(root, tenant, kind, name)
        if (seen and held is None) or (held is not None and digest(held) != seen):
            raise Stale(name)
        if kind == "sms_lines":
            _require_own_line(root, tenant, name, values, held or {})
        return {"tenants": {tenant: {kind: {name: values}}}}

    return wish(services, document, entry)


def _require_own_line(root: Root, tenant: str, name: str, values: Fields, held: Fields) -> None:
    """Raise Refused for an SMS number that is not his: those of gateways are the operator's to give.

    Who takes one reads what everybody's customers answer to it.
    """
    number = values.get("number", "")
    if number and number != held.get("number") and number not in root.tenants[tenant].numbers:
        path = f"tenants.{tenant}.sms_lines.{name}.number"
        raise Refused([Problem(FILE, 1, path, "sms-given", {"value": number})])


def remove(services: BoxServices, tenant: str, kind: str, name: str, entry: AuditEntry) -> Done:
    """Take one away; raises Refused while something uses it, StoreDown. A robot is told of nothing first."""

    def document(root: Root) -> Fields:
        gone: Fields = {kind: {name: {"absent": True}}}
        if kind == "robots":
            gone["notices"] = {
                each: {"robots": [robot for robot in held.robots if robot != name]}
                for each, held in root.tenants[tenant].named("notices")
                if name in held.robots
            }
        return {"tenants": {tenant: gone}}

    return wish(services, document, entry)


def store_limits(services: BoxServices, tenant: str, seen: str, values: Fields, entry: AuditEntry) -> Done:
    """Change the tenant's own limits; raises Stale, Refused, StoreDown."""

    def document(root: Root) -> Fields:
        if digest(limits_of(root, tenant)) != seen:
            raise Stale(tenant)
        return {"tenants": {tenant: values}}

    return wish(services, document, entry)
