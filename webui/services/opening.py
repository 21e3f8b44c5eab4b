"""Open a tenant in one step: number, account, first password, tariff, limits."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from domain.money import EntryKind, yuan
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


_AS_GIVEN = ("bound_limit", "max_calls", "credit_li", "monthly_cap_li", "monthly_cap_calls")


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
    there, NotPossible, Refused, StoreDown.
    """
    password, now = first_password(), services.now()

    def document(root: Root) -> dict[str, Any]:
        if opening.id in root.tenants:
            raise Stale(opening.id)
        bound = [opening.bound] if opening.bound else []
        fields: dict[str, Any] = {"name": opening.name, "numbers": {opening.number: {"bound": bound}}}
        for name in ("tariff", "area_code"):
            if getattr(opening, name):
                fields[name] = getattr(opening, name)
        fields |= {name: getattr(opening, name) for name in _AS_GIVEN if getattr(opening, name) is not None}
        return {"tenants": {opening.id: fields | _agreed(root, opening, now, entry.who)}}

    def give(root: Root) -> None:
        accounts.give_first_password(root, opening.id, password, now)
        if opening.paid_li:
            cause = f"recharge:opening:{opening.id}:{opening.number}"
            request = MoneyRequest(
                cause=cause, tenant=opening.id, kind=EntryKind.RECHARGE, li=opening.paid_li,
                at_ms=int(now * 1000), note="预存话费", who=entry.who,
            )  # fmt: skip
            root.money.requests[cause] = Request(request)
            root.web.note(msgspec.structs.replace(entry, action="recharge", after=yuan(opening.paid_li)))

    return Opened(wish(services, document, entry, give), password)


def _agreed(root: Root, opening: Opening, now: float, by: str) -> dict[str, Any]:
    """Activate a number of the inventory; return the agreement that follows."""
    card = root.inventory.card(opening.number)
    if card is None or opening.number in root.numbers:  # planning says whose it is
        return {}
    counter = Counter(NumberDesk(root, now, by))
    card = counter.activate(opening.number, opening.id, opening.name, fee_instead=opening.fee_instead)
    if card.contract is None:
        return {}
    return {"agreements": [msgspec.to_builtins(card.contract.agreement(opening.number))]}
