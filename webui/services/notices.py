"""Who of a tenant is told of what, and what became of it."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final, NamedTuple

from domain.notices.delivery import Delivery
from domain.notices.ways import Recipients
from storage.models import Root
from storage.models.web import AuditEntry
from webui.services.box import BoxServices
from webui.services.deliveries import without_codes
from webui.services.provisioning import Done, wish

KINDS: Final = ("missed-call", "voicemail", "all")
"""What a tenant sets by himself: calls, messages, and everything else."""
MOST: Final = 50


def recipients(root: Root, tenant: str) -> dict[str, Recipients]:
    """Return who is told, by kind."""
    held: dict[str, Any] = dict(root.tenants[tenant].named("notices"))
    return {kind: held.get(kind) or Recipients(kind) for kind in KINDS}


def log(root: Root, tenant: str, limit: int = MOST) -> list[Delivery]:
    """Return the latest deliveries, as their tenant may read them."""
    return [without_codes(each) for each in islice(root.notices.newest_first(tenant), limit)]


def robots(root: Root, tenant: str) -> list[str]:
    """Return the names of a tenant's group robots."""
    return [name for name, _ in root.tenants[tenant].named("robots")]


class Ways(NamedTuple):
    """By what the box can tell anybody of anything."""

    sms: bool
    email: bool


def set_robot(
    services: BoxServices, tenant: str, name: str, values: dict[str, Any], entry: AuditEntry
) -> Done:
    """Add a robot, or change one; what is left out stays. Raises Refused, StoreDown."""
    return wish(services, lambda root: {"tenants": {tenant: {"robots": {name: values}}}}, entry)


def ways(root: Root) -> Ways:
    """Say whether a gateway takes SMS, and one e-mail."""
    mails = {held.value.kind.mails for held in root.gateways.values() if held.value.enabled}
    return Ways(False in mails, True in mails)


def save(
    services: BoxServices, tenant: str, kind: str, mobiles: list[str], emails: list[str], entry: AuditEntry,
    robots: list[str] | None = None,
) -> Done:  # fmt: skip
    """Set who is told of a kind; robots stay when None. Raises Refused, StoreDown."""
    told = {"mobiles": mobiles, "emails": emails}
    if robots is not None:
        told["robots"] = robots
    return wish(services, lambda root: {"tenants": {tenant: {"notices": {kind: told}}}}, entry)
