"""Operators' work on tenants: open, suspend, passwords, money."""

from __future__ import annotations

import secrets
from itertools import islice
from typing import Final, NamedTuple

import msgspec

from domain.money.amounts import EntryKind, yuan
from domain.snapshot import TenantState
from storage.models import MoneyRequest, Request, Root, TenantConfig
from storage.models.ahead import ask_ahead
from storage.models.web import AuditEntry
from webui.services import accounts
from webui.services.box import BoxServices
from webui.services.calls import missed_of, today
from webui.services.passwords import first_password
from webui.services.provisioning import Done, Stale, wish

ANNOUNCED_SECONDS: Final = 7 * 86400.0
MOST_LOOKED_AT: Final = 5000
PAGE: Final = 50


class TenantLine(NamedTuple):
    """A tenant as the list shows it."""

    config: TenantConfig
    numbers: tuple[str, ...]
    balance_li: int | None
    calls: int
    missed: int
    can_sign_in: bool


class TenantPage(NamedTuple):
    """A page of the list."""

    lines: list[TenantLine]
    next: str
    """The last of them where more follow, else nothing."""


def listed(root: Root, now: float, search: str = "", after: str = "") -> TenantPage:
    """Return tenants whose id, name or number has the text in it, in the order of their ids."""
    found: list[TenantLine] = []
    following = root.tenants.items(after or None, None, bool(after))
    page = [name for name, _ in islice(following, None if search else PAGE)]
    ask_ahead((root.tenants[name] for name in page), "config", "numbers")
    ask_ahead(root.money.accounts.get(name) for name in page)
    ask_ahead((root.records.owners.get(name) for name in page), "day_totals")
    for name, tenant in following:
        config = tenant.config.value
        if search and not any(
            search.lower() in each.lower() for each in (name, config.name, *tenant.numbers)
        ):
            continue
        if len(found) == PAGE:
            return TenantPage(found, found[-1].config.id)
        found.append(line_of(root, name, now))
    return TenantPage(found, "")


def line_of(root: Root, name: str, now: float) -> TenantLine:
    """Return a tenant as the list shows him; raises KeyError."""
    tenant, account, totals = root.tenants[name], root.money.accounts.get(name), today(root, name, now)
    return TenantLine(
        tenant.config.value,
        tuple(tenant.numbers),
        None if account is None else account.balance_li,
        totals.all.calls,
        missed_of(totals),
        root.web.account(f"tenant:{name}") is not None,
    )


def acted_as(root: Root, tenant: str, now: float) -> tuple[str, float] | None:
    """Return the operator who last acted as a tenant within a week, and when; None: nobody did."""
    for _, entry in islice(root.web.listed(), MOST_LOOKED_AT):
        if entry.at < now - ANNOUNCED_SECONDS:
            break
        if entry.action == "acted-as-tenant" and entry.tenant == tenant:
            return entry.who.partition(":")[2], entry.at
    return None


def set_state(services: BoxServices, tenant: str, state: TenantState, entry: AuditEntry) -> Done:
    """Suspend a tenant or let him go on; raises Refused, StoreDown."""
    return wish(services, lambda root: {"tenants": {tenant: {"state": str(state)}}}, entry)


def new_password(services: BoxServices, tenant: str, entry: AuditEntry) -> str:
    """Give a tenant a new first password; his sessions and his second factor end."""
    password, now = first_password(), services.now()

    def work(root: Root) -> None:
        if tenant not in root.tenants:
            raise KeyError(tenant)
        accounts.give_first_password(root, tenant, password, now)
        root.web.note(entry)

    services.change(work, "tenant password")
    return password


def recharge(services: BoxServices, tenant: str, li: int, receipt: str, note: str, entry: AuditEntry) -> None:
    """Wish for a recharge; the ledger applies it, once for each receipt. Raises Stale for a known receipt."""
    cause = f"recharge:{receipt or secrets.token_hex(8)}"
    request = MoneyRequest(
        cause=cause, tenant=tenant, kind=EntryKind.RECHARGE, li=li, at_ms=int(services.now() * 1000),
        note=note, who=entry.who,
    )  # fmt: skip

    def work(root: Root) -> None:
        account = root.money.accounts.get(tenant)
        if cause in root.money.requests or (account is not None and account.find(cause) is not None):
            raise Stale(cause)
        root.money.requests[cause] = Request(request)
        root.web.note(msgspec.structs.replace(entry, after=f"{yuan(li)} {receipt} {note}".strip()))

    services.change(work, "recharge")
