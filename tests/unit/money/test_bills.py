"""Statements and bills: derived, closed once, never changed afterwards; the month's end done once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
import openpyxl
import pytest

from domain.days.calendar import BEIJING
from domain.money.amounts import EntryKind
from domain.money.bill import Statement, booked_day
from domain.money.fees import Agreement
from domain.money.tariff import Edition, Price, Tariff
from storage.connection import MainDatabase, open_main_in_memory
from storage.evolution import step009_bills
from storage.export.bill import write_bill
from storage.models import Account, Root, TariffDocument, Tenant, TenantConfig
from storage.models.money import AccountBroken
from storage.models.root import ROOT_KEY
from storage.money.bills import close_days, entries_of, month_bill, months_with_bills, statement
from storage.money.books import problems
from storage.records.record import CallRecord, ChargeRecord
from tests.unit.webui.site import made_up

NUMBER = "4001003721"
PACKAGE = Tariff(
    "package", (Edition((Price(first_li=100, step_li=100),), monthly_li=50_000, storage_li=1000),)
)
AGREED = Agreement(NUMBER, "2026-01-01", minimum_li=200_000, monthly_li=10_000)


def ms(day: str) -> int:
    """Return noon of a day in Beijing, UTC POSIX milliseconds."""
    return int(datetime.strptime(f"{day} 12", "%Y%m%d %H").replace(tzinfo=BEIJING).timestamp() * 1000)


@pytest.fixture
def database() -> MainDatabase:
    """A box whose books begin on 2026-11-22, with a tenant who has a package and a minimum spend."""
    database = open_main_in_memory()

    def work(root: Root) -> None:
        root.tariffs["package"] = TariffDocument(PACKAGE)
        config = TenantConfig("acme", "Acme", tariff="package", credit_li=0, agreements=(AGREED,))
        root.tenants["acme"] = Tenant(config)
        close_days(root, "20261122", ms("20261122"))
        root.money.account("acme").post(ms("20261123"), "recharge:1", EntryKind.RECHARGE, 1_000_000)

    database.transact(work)
    return database


def call(root: Root, day: str, li: int) -> None:
    """Let a call of a day be charged."""
    record = made_up("acme", NUMBER, ms(day) / 1000)

    def charge(record: CallRecord, day: str) -> CallRecord:
        root.money.account("acme").charge_calls(day, 1, li, 0)
        return msgspec.structs.replace(record, charge=ChargeRecord(li, 60, "mobile", "package", "", 0))

    root.records.add([record], charge)


def bills(root: Root) -> dict[str, Statement]:
    """Return the tenant's bills by month."""
    return {month: month_bill(root, "acme", month) for month in months_with_bills(root, "acme")}


def test_a_month_is_billed_once_with_its_top_up(database: MainDatabase) -> None:
    """Package 50, number 10, calls 20, storage 3 of a minimum of 200 yuan: 117 are topped up."""

    def work(root: Root) -> None:
        call(root, "20261125", 15_000)
        call(root, "20261130", 5_000)
        for day in ("20261126", "20261201", "20261202", "20261204", "20261204", "20261205"):
            close_days(root, day, ms(day), {"acme": 3 * 2**30})

    database.transact(work)
    bill = database.read(bills)["202611"]
    assert bill.made_ms == ms("20261204")
    assert {line.kind: line.li for line in bill.lines} == {
        EntryKind.RECHARGE: 1_000_000,
        EntryKind.CALLS: -20_000,
        EntryKind.STORAGE: -3_000,
        EntryKind.MONTHLY_FEE: -60_000,
        EntryKind.MINIMUM_SPEND: -117_000,
    }
    assert (bill.opening_li, bill.closing_li, bill.paid_li, bill.spent_li) == (0, 800_000, 1_000_000, 200_000)
    assert [(use.name, use.li) for use in bill.days] == [("20261125", 15_000), ("20261130", 5_000)]
    assert [(use.name, use.calls, use.li) for use in bill.numbers] == [(NUMBER, 2, 20_000)]
    december = database.read(bills)["202612"]
    assert (december.opening_li, december.made_ms) == (800_000, 0)
    assert database.read(lambda root: root.money.account("acme").balance_li) == december.closing_li
    assert database.read(lambda root: list(problems(root, "20261101", "20261231"))) == []


def test_a_closed_bill_never_changes(database: MainDatabase) -> None:
    """A call of November that is charged in December after all stands in December's."""

    def late(root: Root) -> tuple[Statement, Statement]:
        close_days(root, "20261204", ms("20261204"))
        before = month_bill(root, "acme", "202611")
        call(root, "20261130", 700)
        assert month_bill(root, "acme", "202612").li_of(EntryKind.CALLS) == -700
        close_days(root, "20261206", ms("20261206"))
        assert month_bill(root, "acme", "202611") == before
        root.money.account("acme").check()
        return before, month_bill(root, "acme", "202612")

    november, december = database.transact(late)
    assert december.opening_li == november.closing_li
    assert december.li_of(EntryKind.CALLS) == -700
    assert database.read(lambda root: list(problems(root))) == []
    assert booked_day("20261130", {"202611", "202612"}) == "20270101"


def test_a_day_has_a_statement_too(database: MainDatabase) -> None:
    """Today's calls are in it before they are an entry."""

    def work(root: Root) -> Statement:
        call(root, "20261124", 300)
        return statement(root, "acme", "20261124", "20261124")

    today = database.transact(work)
    assert (today.opening_li, today.closing_li, today.spent_li) == (940_000, 939_700, 300)
    nobody = database.read(lambda root: statement(root, "nobody", "20261101", "20261130"))
    assert (nobody.lines, nobody.closing_li) == ((), 0)


def test_changed_figures_are_found(database: MainDatabase) -> None:
    """A statement, a bill, a record: whatever somebody's hand or a fault changed."""
    database.transact(lambda root: close_days(root, "20261204", ms("20261204")))

    def forge(root: Root) -> str:
        account: Account = root.money.account("acme")
        account.bills["202611"] = msgspec.msgpack.encode(
            msgspec.structs.replace(month_bill(root, "acme", "202611"), closing_li=5)
        )
        return next(iter(problems(root)))[1]

    def misbook(root: Root) -> str:
        root.money.account("acme").book("20261123", EntryKind.GIFT, 1)
        return next(iter(problems(root)))[1]

    assert "bill of 202611" in database.read(forge)
    assert "statements of 20261123" in database.read(misbook)

    def uncharged(root: Root) -> list[str]:
        root.records.add([made_up("acme", NUMBER, ms("20261124") / 1000)])
        root.records.owners["acme"].add_totals("20261124", root.records.owners["acme"].totals("0", "9"))
        return [why for _, why in problems(root, "20261124", "20261124")]

    assert "20261124: 1 records of 0, rolled up 2 of 0" in database.read(uncharged)


def test_a_month_has_one_bill(database: MainDatabase) -> None:
    """Closing it again is a fault."""

    def again(root: Root) -> None:
        close_days(root, "20261204", ms("20261204"))
        root.money.account("acme").close_bill(month_bill(root, "acme", "202611"))

    with pytest.raises(ValueError, match="202611"):
        database.read(again)
    with pytest.raises(AccountBroken, match="stands"):
        database.read(lambda root: _forge_entry(root))


def _forge_entry(root: Root) -> None:
    account = root.money.account("acme")
    account.posted_li += 1
    account.post(1, "gift:1", EntryKind.GIFT, 0)
    account.check()


def test_accounts_of_before_get_their_statements(database: MainDatabase) -> None:
    """The evolution step books what was entered before there were any, once."""

    def work(root: Root) -> list[tuple[str, str]]:
        account, money = root.money.account("acme"), root.money
        for name in ("bills", "booked"):
            delattr(account, name)
        for name in ("proposals", "invoices", "billed_before"):
            delattr(money, name)
        for _ in range(2):
            step009_bills.run({ROOT_KEY: root})
        assert not money.proposals
        return list(problems(root))

    assert database.read(work) == []


def test_a_bill_as_excel(database: MainDatabase, tmp_path: Path) -> None:
    """What it comes to, days, numbers, entries; a note never is a formula."""

    def work(root: Root) -> tuple[Statement, list[object]]:
        call(root, "20261124", 300)
        root.money.account("acme").post(ms("20261124"), "gift:1", EntryKind.GIFT, 1, note="=1+1")
        return month_bill(root, "acme", "202611"), list(entries_of(root, "acme", "20261101", "20261130"))

    bill, entries = database.transact(work)
    path = tmp_path / "bill.xlsx"
    write_bill(path, "Acme", bill, entries)  # type: ignore[arg-type]
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["账单", "每日明细", "号码明细", "账户分录"]
    rows = {row[0].value: row[2].value for row in book["账单"].iter_rows(min_row=2)}
    assert (rows["期初余额"], rows["通话费"], rows["期末余额"]) == (0, -0.3, bill.closing_li / 1000)
    (note,) = (cell for cell in book["账户分录"]["E"] if cell.value == "=1+1")
    assert note.data_type == "s"
    assert [cell.value for cell in book["号码明细"][2]] == [NUMBER, 1, 1, 65, 0.3]
