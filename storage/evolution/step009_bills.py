"""Give accounts their statements and bills, and the books proposals and invoices."""

from __future__ import annotations

from typing import Any

from BTrees.OOBTree import OOBTree

from domain.money.bill import natural_day
from storage.models.root import ROOT_KEY
from storage.records.call_id import day_of


def run(mapping: Any) -> None:
    """Add what is not there; what was entered before stands in statements on the day it is about."""
    money = mapping[ROOT_KEY].money
    money._p_activate()
    for name in ("proposals", "invoices"):
        if name not in money.__dict__:
            setattr(money, name, OOBTree())
    if "billed_before" not in money.__dict__:
        money.billed_before = ""
    for account in money.accounts.values():
        account._p_activate()
        if "bills" not in account.__dict__:
            account.bills, account.booked = OOBTree(), OOBTree()
            for entry in account.listed():
                account.book(entry.day or natural_day(entry, day_of), entry.kind, entry.li)
