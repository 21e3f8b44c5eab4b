"""Entries say what they are about: whoever reads an account need not guess what a line of it was for."""

from __future__ import annotations

import pytest

from domain.money.amounts import Entry, EntryKind
from domain.money.entry_words import about

LACKS = "4006128866 212.60; 4001003721 100.00"


@pytest.mark.parametrize(
    ("cause", "kind", "li", "note", "zh", "en"),
    [
        ("calls:20261122", EntryKind.CALLS, -60, "", "2026-11-22 的通话", "calls of 2026-11-22"),
        ("recharge:A-17", EntryKind.RECHARGE, 5, "转账", "收据号 A-17，转账", "receipt A-17 转账"),
        ("recharge:0123456789abcdef", EntryKind.RECHARGE, 5, "现金", "现金", "现金"),
        ("recharge:opening:acme:4006128866", EntryKind.RECHARGE, 5, "预存话费", "预存话费", "预存话费"),
        ("monthly:202611", EntryKind.MONTHLY_FEE, -5, "", "2026-11 套餐", "2026-11 package"),
        ("monthly:202611:4006128866", EntryKind.MONTHLY_FEE, -5, "4006128866", *["2026-11 4006128866"] * 2),
        ("storage:202610", EntryKind.STORAGE, -5, "1.50 GiB", *["2026-10 1.50 GiB"] * 2),
        (
            "minimum:202610", EntryKind.MINIMUM_SPEND, -282_600, LACKS,
            "2026-10 4006128866 差 212.60 元，4001003721 差 100.00 元，套餐月租等抵扣 30.00 元",
            "2026-10 4006128866 lacks 212.60, 4001003721 lacks 100.00, package and other fees 30.00",
        ),
        ("adjust:1", EntryKind.ADJUSTMENT, -5, "线路故障", "线路故障", "线路故障"),
    ],
)  # fmt: skip
def test_an_entry_says_what_it_is_about(
    cause: str, kind: EntryKind, li: int, note: str, zh: str, en: str
) -> None:
    """The day of calls, the receipt, the month of a fee, and how a minimum was reckoned."""
    entry = Entry(0, cause, kind, li, 0, note)
    assert (about(entry, "zh"), about(entry, "en")) == (zh, en)
