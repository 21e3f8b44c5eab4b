"""Make customers of contact cards: the fields 公司 and 地址 become companies and addresses."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from domain.customers.customer import Customer, CustomerKind
from domain.customers.desk import DeskSettings
from storage.models.customers import CustomerBook, TenantCustomers
from storage.models.root import ROOT_KEY

COMPANY, ADDRESS = "公司", "地址"


def run(mapping: Any) -> None:
    """Move what is there."""
    root = mapping[ROOT_KEY]
    if "customers" not in root.__dict__:
        root.customers = CustomerBook()
    for tenant, desk in root.desk.tenants.items():
        kept: TenantCustomers = root.customers.of(tenant)
        for data in getattr(desk, "cards", {}).values():
            kept.put(_moved(kept, msgspec.json.decode(data, type=Customer)))
        for name in ("cards", "by_number"):
            if hasattr(desk, name):
                delattr(desk, name)
        settings: DeskSettings = desk.settings.value
        desk.settings.value = msgspec.structs.replace(
            settings, fields=tuple(each for each in settings.fields if each not in (COMPANY, ADDRESS))
        )


def _moved(kept: TenantCustomers, card: Customer) -> Customer:
    """Return a card with its company, made where there is none of the name, and its address."""
    fields = dict(card.fields)
    company, address = fields.pop(COMPANY, ""), fields.pop(ADDRESS, "")
    found = kept.company_named(company) if company else None
    if company and found is None:
        name = hashlib.sha256(company.encode()).hexdigest()[:16]
        found = Customer(name, company[:60], at=card.at, kind=CustomerKind.COMPANY)
        kept.put(found)
    return msgspec.structs.replace(
        card,
        fields=fields,
        company="" if found is None else found.id,
        addresses=(address,) if address else (),
    )
