"""What people ask of money: approval by a second person, invoices."""

from __future__ import annotations

from typing import Any

import pytest

from domain.money.amounts import EntryKind
from domain.money.approval import Decided, Decision, OwnProposal
from domain.money.invoice import InvoiceKind, InvoiceState, TooMuch, WrongState
from storage.connection import MainDatabase, open_main_in_memory
from storage.models import Root, Tenant, TenantConfig
from storage.money.finance import (
    Wrong,
    decide,
    invoiceable,
    issue_invoice,
    proposals,
    propose,
    refuse_invoice,
    request_invoice,
)


@pytest.fixture
def database() -> MainDatabase:
    """A box with a tenant who recharged 100 yuan."""
    database = open_main_in_memory()

    def work(root: Root) -> None:
        root.tenants["acme"] = Tenant(TenantConfig("acme", "Acme"))
        root.money.account("acme").post(1, "recharge:1", EntryKind.RECHARGE, 100_000)

    database.transact(work)
    return database


def balance(root: Root) -> int:
    """Book what was wished for and return the balance."""
    root.money.apply_requests()
    return int(root.money.account("acme").balance_li)


def test_an_adjustment_is_booked_when_a_second_person_approves(database: MainDatabase) -> None:
    """Not by who asked, and once; the entry names both."""

    def work(root: Root) -> None:
        asked = propose(root, "acme", EntryKind.ADJUSTMENT, -5_000, " line was down ", "fang", 10)
        assert balance(root) == 100_000
        with pytest.raises(OwnProposal):
            decide(root, asked.id, True, "fang", 11)
        decide(root, asked.id, True, "anna", 12)
        with pytest.raises(Decided):
            decide(root, asked.id, True, "anna", 13)
        assert balance(root) == balance(root) == 95_000
        entry = root.money.account("acme").find(asked.cause)
        assert entry is not None
        assert (entry.who, entry.note, entry.li) == ("fang / anna", "line was down", -5_000)

    database.transact(work)


def test_a_refund_takes_from_the_balance_and_who_asked_may_take_it_back(database: MainDatabase) -> None:
    """Nothing is booked of what was declined; what waits is listed first."""

    def work(root: Root) -> None:
        first = propose(root, "acme", EntryKind.REFUND, 40_000, "leaves", "fang", 10)
        second = propose(root, "acme", EntryKind.GIFT, 40_000, "spring", "fang", 11)
        decide(root, second.id, False, "fang", 12, "mistake")
        assert [each.id for each in proposals(root)] == [first.id, second.id]
        assert proposals(root)[1].decision is Decision.DECLINED
        decide(root, first.id, True, "anna", 13)
        assert balance(root) == 60_000

    database.transact(work)


def test_no_more_is_refunded_than_the_tenant_has_when_it_is_approved(database: MainDatabase) -> None:
    """Of two refunds of one balance the second is not approved, even before the first is booked."""

    def work(root: Root) -> None:
        first = propose(root, "acme", EntryKind.REFUND, 60_000, "leaves", "fang", 10)
        second = propose(root, "acme", EntryKind.REFUND, 60_000, "leaves", "fang", 11)
        decide(root, first.id, True, "anna", 12)
        with pytest.raises(Wrong, match=r"40\.00 yuan"):
            decide(root, second.id, True, "anna", 13)
        assert balance(root) == 40_000
        with pytest.raises(Wrong):
            decide(root, second.id, True, "anna", 14)
        assert proposals(root)[0] == second  # it waits still, and can be declined
        assert decide(root, second.id, False, "anna", 15).decision is Decision.DECLINED

    database.transact(work)


@pytest.mark.parametrize(
    ("tenant", "kind", "li", "reason", "field"),
    [
        ("nobody", EntryKind.GIFT, 1, "why", "tenant"),
        ("acme", EntryKind.GIFT, 0, "why", "amount"),
        ("acme", EntryKind.REFUND, -1, "why", "amount"),
        ("acme", EntryKind.REFUND, 100_001, "why", "amount"),
        ("acme", EntryKind.ADJUSTMENT, 10**13, "why", "amount"),
        ("acme", EntryKind.ADJUSTMENT, 5, "  ", "reason"),
        ("acme", EntryKind.ADJUSTMENT, 5, "x" * 201, "reason"),
    ],
)
def test_wrong_proposals_are_refused(
    database: MainDatabase, tenant: str, kind: EntryKind, li: int, reason: str, field: str
) -> None:
    """With the field that is wrong; nothing is stored."""

    def work(root: Root) -> None:
        with pytest.raises(Wrong) as refused:
            propose(root, tenant, kind, li, reason, "fang", 1)
        assert refused.value.field == field
        assert not root.money.proposals

    database.transact(work)


def ask(root: Root, li: int, **more: Any) -> str:
    """Ask for an invoice and return its id."""
    wanted = {"kind": InvoiceKind.ORDINARY, "title": "甲公司", "tax_number": "", "email": "", **more}
    return request_invoice(root, "acme", li=li, who="acme", at_ms=5, **wanted).id


def test_no_more_is_invoiced_than_was_paid(database: MainDatabase) -> None:
    """Gifts are no payment, refunds are taken off; a declined or void invoice sets its amount free."""

    def work(root: Root) -> None:
        account = root.money.account("acme")
        account.post(2, "gift:1", EntryKind.GIFT, 50_000)
        account.post(3, "refund:1", EntryKind.REFUND, -10_000)
        assert invoiceable(root, "acme") == 90_000
        first = ask(root, 60_000)
        with pytest.raises(TooMuch) as most:
            ask(root, 30_001)
        assert most.value.most_li == 30_000
        second = ask(root, 30_000)
        issue_invoice(root, first, "25442000000012345678", "fang", 6)
        refuse_invoice(root, second, "wrong title", "fang", 7)
        assert invoiceable(root, "acme") == 30_000
        assert refuse_invoice(root, first, "taken back", "fang", 8).state is InvoiceState.VOID
        assert invoiceable(root, "acme") == 90_000
        with pytest.raises(WrongState):
            issue_invoice(root, second, "25442000000012345679", "fang", 9)
        with pytest.raises(WrongState):
            refuse_invoice(root, first, "again", "fang", 9)

    database.transact(work)


def test_wrong_invoices_are_refused(database: MainDatabase) -> None:
    """A special one needs the taxpayer's number; a number is used once."""

    def work(root: Root) -> None:
        for field, more in (
            ("title", {"title": " "}),
            ("tax_number", {"kind": InvoiceKind.SPECIAL}),
            ("tax_number", {"tax_number": "12"}),
            ("email", {"email": "nowhere"}),
        ):
            with pytest.raises(Wrong) as refused:
                ask(root, 1, **more)
            assert refused.value.field == field
        with pytest.raises(Wrong):
            ask(root, 0)
        first, second = ask(root, 1, tax_number="91110000ma01abcd2x"), ask(root, 1)
        issue_invoice(root, first, "12345678", "fang", 6)
        for number in ("12345678", "x", ""):
            with pytest.raises(Wrong):
                issue_invoice(root, second, number, "fang", 7)
        with pytest.raises(Wrong):
            refuse_invoice(root, second, " ", "fang", 7)

    database.transact(work)
