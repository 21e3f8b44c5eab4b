"""What the pages about money show and do; accounts themselves are written by the ledger alone."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec

from domain.days.calendar import local
from domain.money.amounts import Entry, EntryKind, parse_yuan, yuan
from domain.money.approval import Proposal
from domain.money.bill import Statement
from domain.money.forecast import Runway
from domain.money.invoice import Invoice, InvoiceKind
from domain.money.tariff import Edition
from storage.models import Account, Root
from storage.models.ahead import ask_ahead
from storage.models.web import AuditEntry
from storage.money.bills import month_bill, months_with_bills
from storage.money.finance import (
    Wrong,
    decide,
    invoiceable,
    invoices,
    issue_invoice,
    proposals,
    propose,
    refuse_invoice,
    request_invoice,
)
from storage.money.runway import runway_of
from storage.records.record import ChargeRecord
from webui.services import calls
from webui.services.box import BoxServices

MONTHS: Final = 12
ENTRIES: Final = 60
DECIDED: Final = 30
"""Proposals and invoices that are done with, as shown."""


class AccountLine(NamedTuple):
    """An account as the list shows it."""

    tenant: str
    name: str
    balance_li: int
    credit_li: int | None
    month_li: int
    runway: Runway | None


def account_page(root: Root, tenant: str, now: float) -> dict[str, Any]:
    """Return what a page about one account shows."""
    account: Account = root.money.accounts.get(tenant) or Account()
    waiting = (each.value for each in root.money.requests.values())
    months = months_with_bills(root, tenant)[:MONTHS]
    found = root.tenants.get(tenant)
    tariff = None if found is None else root.tariffs.get(found.config.value.tariff)
    return {
        "company": tenant if found is None else found.config.value.name,
        "month": month_now(now),
        "today": calls.today(root, tenant, now).all,
        "edition": None if tariff is None else tariff.value.on(f"{local(now):%Y-%m-%d}"),
        "balance": account.balance_li,
        "open": account.open_li,
        "waiting": sum(each.li for each in waiting if each.tenant == tenant),
        "runway": runway_of(root, tenant, now),
        "bills": [month_bill(root, tenant, month) for month in months],
        "entries": list(islice(account.listed(), ENTRIES)),
        "recharges": recharges(account),
        "invoices": invoices(root, tenant)[:DECIDED],
        "invoiceable": invoiceable(root, tenant),
        "agreements": agreements_of(root, tenant),
    }


def recharges(account: Account) -> list[Entry]:
    """Return what was paid in, the newest first."""
    kinds = (EntryKind.RECHARGE, EntryKind.GIFT, EntryKind.REFUND)
    return list(islice((entry for entry in account.listed() if entry.kind in kinds), ENTRIES))


def agreements_of(root: Root, tenant: str) -> tuple[Any, ...]:
    """Return what was agreed for a tenant's numbers."""
    found = root.tenants.get(tenant)
    return () if found is None else found.config.value.agreements


def desk_page(root: Root, now: float) -> dict[str, Any]:
    """Return what the finance desk shows."""
    lines = []
    month = month_now(now)
    ask_ahead(root.tenants.values(), "config")
    ask_ahead(root.money.accounts.values(), "months")
    configs = {name: held.config.value for name, held in root.tenants.items()}
    limited = [name for name, config in configs.items() if config.credit_li is not None]
    ask_ahead((root.money.accounts.get(name) for name in limited), "booked")
    ask_ahead((root.records.owners.get(name) for name in limited), "day_totals")
    for tenant in sorted({*configs, *root.money.accounts}):
        account: Account = root.money.accounts.get(tenant) or Account()
        config = configs.get(tenant)
        lines.append(
            AccountLine(
                tenant,
                tenant if config is None else config.name,
                account.balance_li,
                None if config is None else config.credit_li,
                account.month(month).li,
                runway_of(root, tenant, now),
            )
        )
    asked, wanted = proposals(root), invoices(root)
    return {
        "accounts": lines,
        "month": month,
        "names": {each.tenant: each.name for each in lines},
        "waiting": [each for each in asked if not each.decided_by],
        "decided": [each for each in asked if each.decided_by][:DECIDED],
        "invoices_waiting": [each for each in wanted if each.state == "requested"],
        "invoices_done": [each for each in wanted if each.state != "requested"][:DECIDED],
    }


def month_now(now: float) -> str:
    """Return the month (YYYYMM) of a moment in Beijing."""
    return f"{local(now):%Y%m}"


def edition_of(root: Root, charge: ChargeRecord | None) -> Edition | None:
    """Return the edition of a tariff that a call was charged by; None when none was, or it is gone."""
    held = None if charge is None else root.tariffs.get(charge.tariff)
    if charge is None or held is None:
        return None
    return next((each for each in held.value.editions if each.valid_from == charge.edition), None)


def bill(root: Root, tenant: str, month: str) -> tuple[Statement, str]:
    """Return a month's bill and its tenant's name."""
    found = root.tenants.get(tenant)
    return month_bill(root, tenant, month), tenant if found is None else found.config.value.name


def bills_of(root: Root, month: str) -> list[tuple[str, Statement]]:
    """Return names and bills (``202611``) of all who have an account, also of those who left."""
    names = sorted({*root.tenants, *root.money.accounts})
    return [(name, found) for found, name in (bill(root, tenant, month) for tenant in names)]


def amount(text: str) -> int:
    """Read an amount that people typed; raises Wrong."""
    try:
        return parse_yuan(text)
    except ValueError as error:
        raise Wrong("amount", "an amount such as 100 or 12.50", "金额应如 100 或 12.50") from error


def ask_for(services: BoxServices, form: dict[str, str], entry: AuditEntry) -> Proposal:
    """Store a proposal; raises Wrong."""
    kinds = {"adjustment": EntryKind.ADJUSTMENT, "refund": EntryKind.REFUND, "gift": EntryKind.GIFT}
    kind = kinds.get(form.get("kind", ""))
    if kind is None:
        raise Wrong("kind", "choose what it is", "请选择类别")
    li, at_ms = amount(form.get("amount", "")), int(services.now() * 1000)

    def work(root: Root) -> Proposal:
        made = propose(root, form.get("tenant", ""), kind, li, form.get("reason", ""), entry.who, at_ms)
        _note(root, entry, made.id, made.tenant, f"{made.kind} {yuan(made.li)} {made.reason}")
        return made

    return services.change(work, "proposal")


def decide_on(services: BoxServices, name: str, approved: bool, remark: str, entry: AuditEntry) -> Proposal:
    """Approve or decline; raises KeyError, Decided, OwnProposal, Wrong."""

    def work(root: Root) -> Proposal:
        made = decide(root, name, approved, entry.who, int(services.now() * 1000), remark)
        _note(root, entry, name, made.tenant, f"{made.kind} {yuan(made.li)} {remark}".strip())
        return made

    return services.change(work, "decision")


def ask_invoice(services: BoxServices, tenant: str, form: dict[str, str], entry: AuditEntry) -> Invoice:
    """Store a wish for an invoice; raises Wrong, TooMuch."""
    kind = InvoiceKind.SPECIAL if form.get("kind") == InvoiceKind.SPECIAL else InvoiceKind.ORDINARY
    li, at_ms = amount(form.get("amount", "")), int(services.now() * 1000)
    title, tax, email = (form.get(name, "") for name in ("title", "tax_number", "email"))

    def work(root: Root) -> Invoice:
        made = request_invoice(root, tenant, kind, title, tax, li, email, entry.who, at_ms)
        _note(root, entry, made.id, tenant, f"{yuan(li)} {made.title}")
        return made

    return services.change(work, "invoice")


def answer_invoice(services: BoxServices, name: str, number: str, why: str, entry: AuditEntry) -> Invoice:
    """Note an invoice as issued (with its number), or refuse it; raises KeyError, WrongState, Wrong."""
    at_ms = int(services.now() * 1000)

    def work(root: Root) -> Invoice:
        if number:
            made = issue_invoice(root, name, number, entry.who, at_ms)
        else:
            made = refuse_invoice(root, name, why, entry.who, at_ms)
        _note(root, entry, name, made.tenant, f"{yuan(made.li)} {made.number} {made.remark}".strip())
        return made

    return services.change(work, "invoice")


def _note(root: Root, entry: AuditEntry, target: str, tenant: str, after: str) -> None:
    root.web.note(msgspec.structs.replace(entry, target=target, tenant=tenant, after=after))
