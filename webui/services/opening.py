"""Open a tenant in one step: number, account, first password, tariff, limits; give him further numbers."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from domain.features import ProductEdition
from domain.money.amounts import EntryKind, yuan
from domain.refusal import BadField
from storage.models import MoneyRequest, Request, Root
from storage.models.web import AuditEntry
from storage.numbers.applications import Counter
from storage.numbers.desk import NumberDesk
from webui.services import accounts
from webui.services.box import BoxServices
from webui.services.passwords import first_password
from webui.services.provisioning import Done, Stale, wish


class Opening(msgspec.Struct, frozen=True):
    """What a new tenant is to be."""

    id: str
    name: str
    number: str
    bound: str = ""
    """The first phone that answers; empty: none yet."""
    tariff: str = ""
    area_code: str = ""
    fee_instead: bool = False
    """A picking fee instead of the number's minimum and term."""
    paid_li: int = 0
    """What he pays in now (预存话费); 0: nothing."""
    bound_limit: int | None = None
    max_calls: int | None = None
    credit_li: int | None = None
    """0: prepaid; None: no limit."""
    monthly_cap_li: int | None = None
    monthly_cap_calls: int | None = None
    edition: ProductEdition | None = None
    """基本版 or 网络版; None: as provisioning has it."""


class Further(msgspec.Struct, frozen=True):
    """One more number of a tenant who is there."""

    tenant: str
    number: str
    bound: str = ""
    """The first phone that answers; empty: none yet."""
    fee_instead: bool = False
    """A picking fee instead of the number's minimum and term."""
    paid_li: int = 0
    """What he pays in now (预存话费); 0: nothing."""


_AS_GIVEN = ("bound_limit", "max_calls", "credit_li", "monthly_cap_li", "monthly_cap_calls", "edition")


class Opened(NamedTuple):
    """A tenant that was opened."""

    done: Done
    password: str
    """His first one, told once."""


def open_tenant(services: BoxServices, opening: Opening, entry: AuditEntry) -> Opened:
    """Open a tenant with its first number, all or nothing; in force when this returns.

    A number of the inventory is activated with the terms it is offered for, which become the tenant's
    agreement; one that is under review needs the carrier's approval, one that is reserved goes to its holder.
    A number that the inventory does not know is taken in without terms. Raises Stale when the tenant is
    there, BadField (``paid``) for less than the number's deposit, NotPossible, Refused, StoreDown.
    """
    password, now = first_password(), services.now()

    def document(root: Root) -> dict[str, Any]:
        if opening.id in root.tenants:
            raise Stale(opening.id)
        fields: dict[str, Any] = {"name": opening.name, "numbers": _numbers(opening)}
        for name in ("tariff", "area_code"):
            if getattr(opening, name):
                fields[name] = getattr(opening, name)
        fields |= {name: getattr(opening, name) for name in _AS_GIVEN if getattr(opening, name) is not None}
        if agreed := _agreed(root, opening, opening.id, opening.name, now, entry.who):
            fields["agreements"] = agreed
        return {"tenants": {opening.id: fields}}

    def give(root: Root) -> None:
        accounts.give_first_password(root, opening.id, password, now)
        _pay_in(root, opening.id, opening, now, entry)

    return Opened(wish(services, document, entry, give), password)


def add_number(services: BoxServices, further: Further, entry: AuditEntry) -> Done:
    """Give a tenant who is there one more number, on the terms that :func:`open_tenant` names.

    Raises Stale when there is no such tenant, BadField (``number``, ``paid``), NotPossible, Refused,
    StoreDown.
    """
    now, tenant, number = services.now(), further.tenant, further.number

    def document(root: Root) -> dict[str, Any]:
        held = root.tenants.get(tenant)
        if held is None:
            raise Stale(tenant)
        if number in held.numbers:
            raise BadField("number", f"{tenant} has {number} already", f"该客户已拥有 {number}")
        config = held.config.value
        fields: dict[str, Any] = {"numbers": _numbers(further)}
        if agreed := _agreed(root, further, tenant, config.name, now, entry.who):
            fields["agreements"] = [*map(msgspec.to_builtins, config.agreements), *agreed]
        return {"tenants": {tenant: fields}}

    return wish(services, document, entry, lambda root: _pay_in(root, tenant, further, now, entry))


def _numbers(opening: Opening | Further) -> dict[str, Any]:
    return {opening.number: {"bound": [opening.bound] if opening.bound else []}}


def _pay_in(root: Root, tenant: str, opening: Opening | Further, now: float, entry: AuditEntry) -> None:
    if not opening.paid_li:
        return
    cause = f"recharge:opening:{tenant}:{opening.number}:{int(now)}"  # he may get a number a second time
    request = MoneyRequest(
        cause=cause, tenant=tenant, kind=EntryKind.RECHARGE, li=opening.paid_li,
        at_ms=int(now * 1000), note="预存话费", who=entry.who,
    )  # fmt: skip
    root.money.requests[cause] = Request(request)
    root.web.note(msgspec.structs.replace(entry, action="recharge", after=yuan(opening.paid_li)))


def _agreed(
    root: Root, opening: Opening | Further, tenant: str, name: str, now: float, by: str
) -> list[dict[str, Any]]:
    """Activate a number of the inventory; return the agreement that follows, as files write it."""
    card = root.inventory.card(opening.number)
    if card is None or opening.number in root.numbers:  # planning says whose it is
        return []
    counter = Counter(NumberDesk(root, now, by))
    contract = counter.activate(opening.number, tenant, name, fee_instead=opening.fee_instead).contract
    if contract is None:
        return []
    if opening.paid_li < contract.deposit_li:
        least = yuan(contract.deposit_li)
        raise BadField(
            "paid",
            f"{opening.number} wants a deposit of {least} yuan before it is opened; pay in as much, or set "
            "another deposit for this number",
            f"{opening.number} 须先预存话费 {least} 元才能开通；"
            "请填不少于此数的金额，或在号码页另定该号码的预存话费",
        )
    return [msgspec.to_builtins(contract.agreement(opening.number))]
