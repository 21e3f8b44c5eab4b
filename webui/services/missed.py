"""未接来电 as things to do: claim, call back, close."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from b2bua.control import Begun, CallBack
from domain.customers.missed import Closed, MissedItem, claimed, closed
from storage.models import Root
from storage.models.web import AuditEntry
from webui.services.box import BoxServices
from webui.services.customers import Contact
from webui.services.provisioning import Stale

MOST: Final = 200
CALL_SECONDS: Final = 20.0


class Phone(NamedTuple):
    """A phone that a call-back may ring first."""

    number: str
    label: str


def listed(root: Root, tenant: str, *, every: bool, caller: str = "", number: str = "") -> list[MissedItem]:
    """Return the newest items, open ones alone unless told; of callers that begin so, of a 400 number."""
    book = root.missed.tenants.get(tenant)
    if book is None:
        return []
    found: list[MissedItem] = []
    for item in book.newest_first():
        wanted = item.caller.startswith(caller) and number in ("", item.number)
        if wanted and (every or item.is_open):
            found.append(item)
        if len(found) == MOST:
            break
    return found


def phones(root: Root, tenant: str) -> list[Phone]:
    """Return the phones of a tenant: extensions, then bound numbers."""
    held = root.tenants[tenant]
    names = [key.partition("/")[2] for key in root.extensions.keys(min=f"{tenant}/", max=f"{tenant}0")]
    found = {name: Phone(name, "") for name in names}
    for plan in held.numbers.values():
        for target in plan.value.bound:
            found.setdefault(target.number, Phone(target.number, target.label))
    return list(found.values())


def claim(services: BoxServices, tenant: str, item: str, who: str, entry: AuditEntry) -> MissedItem:
    """Take an item over; raises Stale for none, NotPossible, StoreDown."""
    now = services.now()
    return _change(services, tenant, item, entry, lambda found: claimed(found, who, now))


def close(
    services: BoxServices, tenant: str, item: str, who: str, note: str, entry: AuditEntry
) -> MissedItem:
    """Close an item; raises Stale for none, NotPossible, StoreDown."""
    now = services.now()
    return _change(services, tenant, item, entry, lambda found: closed(found, Closed.BY_HAND, who, now, note))


def call_back(services: BoxServices, tenant: str, item: str, who: str, phone: str, entry: AuditEntry) -> None:
    """Ring a phone of the tenant, then the caller; an open item is claimed by it.

    Raises Stale for none, NotPossible when it is another's, ControlDown, ControlFailed, StoreDown.
    """
    now = services.now()

    def take(found: MissedItem) -> MissedItem:
        return claimed(found, who, now) if found.is_open else found

    _change(services, tenant, item, entry, take)
    services.ask(CallBack(tenant, item, phone), Begun, timeout=CALL_SECONDS)


def call_customer(
    services: BoxServices, tenant: str, contact: Contact, who: str, phone: str, entry: AuditEntry
) -> None:
    """Ring a phone of the tenant, then who an earlier call was with; his open item is claimed by it.

    Raises NotPossible when the item is another's, ControlDown, ControlFailed, StoreDown.
    """
    now = services.now()

    def take(root: Root) -> None:
        book = root.missed.tenants.get(tenant)
        item = None if book is None else book.open_item(contact.number)
        if book is not None and item is not None:
            book.put(claimed(item, who, now))
        root.web.note(entry)

    services.change(take, entry.action)
    services.ask(CallBack(tenant, contact.call, phone), Begun, timeout=CALL_SECONDS)


def _change(
    services: BoxServices,
    tenant: str,
    name: str,
    entry: AuditEntry,
    change: Callable[[MissedItem], MissedItem],
) -> MissedItem:
    def work(root: Root) -> MissedItem:
        book = root.missed.tenants.get(tenant)
        found = None if book is None else book.find(name)
        if book is None or found is None:
            raise Stale(name)
        changed = change(found)
        book.put(changed)
        root.web.note(entry)
        return changed

    return services.change(work, entry.action)
