"""Charging: every call of a tenant with a tariff, once, in the transaction that records it."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from b2bua.ledger.ledger import Ledger
from domain.money.amounts import EntryKind
from domain.money.tariff import CallKind, ChargedFrom, Edition, Price, Tariff
from domain.outcomes import Outcome
from storage.connection import MainDatabase, open_main_in_memory
from storage.journal import JournalWriter
from storage.models import MoneyRequest, Request, Root, TariffDocument, Tenant, TenantConfig
from storage.money.bills import close_days
from storage.money.books import problems
from storage.money.charging import Charging, charged_times
from storage.records.call_id import day_of_call, ulid_text
from storage.records.fold import fold
from storage.records.query import Filter, search
from storage.records.record import CallRecord, LegRecord
from storage.serving.standings import limited_tenants, standings
from tests.unit.ledger.made_up import NOON, a_call

MINUTE = Price(first_li=100, step_li=100)
STANDARD = Tariff("standard", (Edition((MINUTE,), included_seconds=120, monthly_li=30_000),))


@pytest.fixture
def database() -> MainDatabase:
    """A box with two tenants, one of whom has a tariff."""
    database = open_main_in_memory()

    def work(root: Root) -> None:
        root.tariffs["standard"] = TariffDocument(STANDARD)
        root.tenants["acme"] = Tenant(TenantConfig("acme", "Acme", tariff="standard", area_code="010"))
        root.tenants["rival"] = Tenant(TenantConfig("rival", "Rival"))

    database.transact(work)
    return database


def journal(folder: Path, *calls: tuple[str, float]) -> list[str]:
    """Write calls of a tenant and so many seconds; return their ids."""
    writer = JournalWriter(folder)
    names = []
    for n, (tenant, seconds) in enumerate(calls):
        lines = a_call(random.Random(n), NOON + n, tenant=tenant, talk=seconds, ring=1.0)
        names.append(lines[0].call)  # type: ignore[union-attr]
        for line in lines:
            writer.append(line)
    writer.close()
    return names


def run(folder: Path, database: MainDatabase) -> None:
    """Let a new ledger do all there is to do."""
    ledger = Ledger(folder, database, utc=lambda: NOON + 100)
    ledger.step()
    ledger.finish()
    ledger.close()


def test_a_call_is_charged_once_however_often_the_journal_is_read(
    tmp_path: Path, database: MainDatabase
) -> None:
    """Two minutes are included; then 0.10 yuan a minute. A ledger that starts again charges nothing twice."""
    first, second, other = journal(tmp_path, ("acme", 100), ("acme", 61), ("rival", 600))
    for _ in range(3):
        run(tmp_path, database)
        database.transact(lambda root: root.records.journals.clear())
    records = {
        call: database.read(lambda root, call=call: root.records.find(call))
        for call in (first, second, other)
    }
    charges = {call: record.charge for call, record in records.items() if record is not None}
    assert charges[other] is None
    assert charges[first] is not None
    assert (charges[first].li, charges[first].included_seconds) == (0, 120)
    assert charges[second] is not None
    assert (charges[second].li, charges[second].included_seconds) == (200, 0)
    assert (charges[second].tariff, charges[second].kind) == ("standard", CallKind.MOBILE)
    account = database.read(
        lambda root: (root.money.account("acme").balance_li, root.money.account("acme").month("202611"))
    )
    assert account[0] == -200
    assert (account[1].calls, account[1].li, account[1].included_seconds) == (2, 200, 120)
    totals = database.read(lambda root: root.records.owners["acme"].totals("0", "9").all)
    assert totals.fee_li == 200
    assert database.read(_fees) == 200


def _fees(root: Root) -> int:
    return sum(found.row.fee_li for found in search(root, Filter(tenant="acme"), limit=10))


def test_calls_nobody_answered_cost_nothing(tmp_path: Path, database: MainDatabase) -> None:
    """They are counted all the same."""
    writer = JournalWriter(tmp_path)
    for line in a_call(random.Random(1), outcome=Outcome.BUSY):
        writer.append(line)
    writer.close()
    run(tmp_path, database)
    assert database.read(lambda root: root.money.account("acme").month("202611").calls) == 1
    assert database.read(lambda root: root.money.account("acme").balance_li) == 0


def test_a_cap_on_calls_counts_them_without_a_tariff_too(tmp_path: Path, database: MainDatabase) -> None:
    """费用控制 by number of calls, for a tenant whose calls nobody charges."""

    def cap(root: Root) -> None:
        config = root.tenants["rival"].config
        config.value = msgspec.structs.replace(config.value, monthly_cap_calls=5)

    database.transact(cap)
    journal(tmp_path, ("rival", 10), ("rival", 20))
    run(tmp_path, database)
    told = database.read(lambda root: standings(root, limited_tenants(root), (1, 2), NOON))
    assert told is not None
    assert (told.tenants["rival"].month_calls, told.tenants["rival"].month_li) == (2, 0)


def test_a_tariff_may_charge_the_talk_alone(database: MainDatabase) -> None:
    """Prompts and ringing are free then."""
    record = fold(a_call(random.Random(3), talk=61, ring=20))
    talk = Tariff("talk", (Edition((MINUTE,), charged_from=ChargedFrom.ANSWERER),))

    def work(root: Root) -> int:
        root.tariffs["standard"].value = talk

        with Charging(root) as charging:
            charged = charging.charge(record, day_of_call(record.id, record.start))
        assert charged.charge is not None
        return charged.charge.seconds

    assert database.transact(work) == -(-record.talk_ms // 1000)


def test_a_recharge_reaches_the_account_by_the_ledger(tmp_path: Path, database: MainDatabase) -> None:
    """Whoever stored it, also while no ledger ran."""
    wish = MoneyRequest("recharge:7", "acme", EntryKind.RECHARGE, 50_000, 1, who="finance")
    database.transact(lambda root: root.money.requests.update({wish.cause: Request(wish)}))
    run(tmp_path, database)
    entry = database.read(lambda root: root.money.account("acme").find("recharge:7"))
    assert entry is not None
    assert (entry.li, entry.who) == (50_000, "finance")


def test_a_call_that_began_as_the_month_did_is_of_one_month_everywhere(database: MainDatabase) -> None:
    """Its id was made in November, its first line written a millisecond later, in December."""
    midnight = 1_796_054_400.0
    lines = a_call(random.Random(5), midnight, talk=61, ring=1.0)
    record = msgspec.structs.replace(
        fold(lines), id=ulid_text((round(midnight * 1000) - 1).to_bytes(6, "big") + bytes(10))
    )

    def work(root: Root) -> list[tuple[str, str]]:
        with Charging(root) as charging:
            root.records.add([record], charging.charge)
        assert root.money.account("acme").month("202611").calls == 1
        return list(problems(root, "20261130", "20261201"))

    assert database.transact(work) == []


def test_days_and_months_are_closed_once(database: MainDatabase) -> None:
    """The fee of each month that began, from the first day the books were closed on."""

    def work(root: Root) -> list[str]:
        root.money.account("acme").charge_calls("20261130", 1, 100, 0)
        for before in ("20261130", "20261201", "20261201", "20270101"):
            close_days(root, before, 1)
        return sorted(entry.cause for entry in root.money.account("acme").listed())

    assert database.transact(work) == [
        "calls:20261130", "monthly:202611", "monthly:202612", "monthly:202701",
    ]  # fmt: skip
    assert database.read(lambda root: root.money.account("acme").balance_li) == -90_100


def test_both_legs_of_a_call_back_are_charged(database: MainDatabase) -> None:
    """The agent's mobile from its answer, the customer from his; an extension costs nothing."""
    agent = LegRecord("b1", "13800000000", False, ("t",), 0, 500, 1_000, 80_000, 0, "", False)
    customer = LegRecord("a", "13900001111", False, ("t",), 2_000, 3_000, 9_000, 79_000, 0, "", True)
    record = CallRecord(
        id="01HF0000000000000000000001", tenant="acme", number="4001003721", called="4001003721",
        called_raw="4001003721", caller="13900001111", caller_raw="13900001111", trunk_in=None, source="",
        sip_call_id="", start=NOON, answer_ms=9_000, bridge_ms=9_000, end_ms=80_000, access_ms=70_000,
        talk_ms=70_000, outcome=Outcome.ANSWERED, legs=(agent, customer), direction="callback",
    )  # fmt: skip
    at_home = msgspec.structs.replace(agent, is_extension=True, trunks=())
    assert charged_times(record, ChargedFrom.ANSWERER) == [(1_000, 79_000), (9_000, 70_000)]
    desk = msgspec.structs.replace(record, id="01HF0000000000000000000002", legs=(at_home, customer))
    assert charged_times(desk, ChargedFrom.BOX) == [(9_000, 70_000)]

    def charge(root: Root) -> tuple[CallRecord, CallRecord]:
        with Charging(root) as charging:
            day = day_of_call(record.id, record.start)
            return charging.charge(record, day), charging.charge(desk, day)

    both, one = database.transact(charge)
    assert both.charge is not None
    assert one.charge is not None
    assert (both.charge.li, both.charge.included_seconds, both.charge.seconds) == (200, 120, 149)
    assert (one.charge.li, one.charge.seconds) == (200, 70)
