"""Rating in shadow before a tariff is changed: the difference for each tenant, and nothing changes."""

from __future__ import annotations

import random
from pathlib import Path

from b2bua.ledger.ledger import Ledger
from domain.money.tariff import ChargedFrom, Edition, Price, Tariff
from storage.connection import MainDatabase, open_main_in_memory
from storage.journal import JournalWriter
from storage.models import Root, TariffDocument, Tenant, TenantConfig
from storage.money.shadow import shadow_rate
from tests.unit.ledger.made_up import NOON, a_call

MINUTE = Tariff("standard", (Edition((Price(first_li=100, step_li=100),), included_seconds=300),))


def charged(folder: Path, calls: int) -> MainDatabase:
    """Return a box whose tenant had so many calls, charged by the minute."""
    database = open_main_in_memory()

    def work(root: Root) -> None:
        root.tariffs["standard"] = TariffDocument(MINUTE)
        root.tenants["acme"] = Tenant(TenantConfig("acme", "Acme", tariff="standard"))

    database.transact(work)
    writer = JournalWriter(folder, fsync=False)
    for n in range(calls):
        for line in a_call(random.Random(n), NOON + n * 7, mono=5000.0 + n * 7):
            writer.append(line)
    writer.close()
    ledger = Ledger(folder, database, utc=lambda: NOON + 100)
    ledger.finish()
    ledger.close()
    return database


def test_the_same_tariff_makes_no_difference_and_another_one_is_told(tmp_path: Path) -> None:
    """Included time is used up as the ledger did, over sealed segments and open rows."""
    database = charged(tmp_path, 1300)
    before = database.read(lambda root: root.money.account("acme").balance_li)
    same = database.read(lambda root: shadow_rate(root, "acme", MINUTE, "202611"))
    assert (same.calls, same.charged_li, same.difference_li) == (1300, -before, 0)
    double = Tariff("standard", (Edition((Price(first_li=200, step_li=200),), included_seconds=300),))
    assert database.read(lambda root: shadow_rate(root, "acme", double, "202611")).would_li == -2 * before
    talk = Tariff("standard", (Edition((Price(),), charged_from=ChargedFrom.ANSWERER),))
    assert database.read(lambda root: shadow_rate(root, "acme", talk, "202611")).would_li == 0
    late = Tariff("standard", (Edition((Price(first_li=1),), valid_from="2026-12-01"),))
    assert database.read(lambda root: shadow_rate(root, "acme", late, "202611")).would_li == 0
    assert database.read(lambda root: shadow_rate(root, "acme", double, "202610")).calls == 0
    assert database.read(lambda root: root.money.account("acme").balance_li) == before
