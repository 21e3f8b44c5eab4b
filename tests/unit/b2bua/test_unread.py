"""A new SIP process knows what calls used that the ledger has not told of: no 厘 can be spent once more."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from b2bua.directory import FileDirectory
from b2bua.ledger.ledger import Ledger
from b2bua.process.unread import settle_unread
from b2bua.recovery import closing_lines
from domain.money.funds import Funds, Terms
from domain.money.tariff import Edition, Price, Tariff
from domain.snapshot import TenantSnapshot
from storage.connection import MainDatabase, open_main_in_memory
from storage.data_directory import DataDirectory, write_atomically
from storage.journal import Event, JournalWriter, open_calls
from storage.journal.events import Ended, LegEnded, Unbridged
from storage.models import Root, TariffDocument, Tenant, TenantConfig
from storage.serving.standings import read_standings, write_standings
from tests.unit.ledger.made_up import NOON, a_call

SECONDS = Price(first_seconds=3, first_li=7, step_seconds=2, step_li=5)
TARIFF = Tariff("odd", (Edition((SECONDS,), included_seconds=40),))
TERMS = Terms(tariff=TARIFF, area_code="010", credit_li=0, monthly_cap_calls=100)
MONTH = "202611"


class Box:
    """A journal, a ledger's database, and what new b2bua processes know."""

    def __init__(self, folder: Path) -> None:
        self.data = DataDirectory(folder)
        self.data.tenant_snapshots.mkdir(parents=True)
        for name, terms in (("acme", TERMS), ("rival", Terms(tariff=TARIFF))):
            snapshot = TenantSnapshot(id=name, name=name, terms=terms)
            write_atomically(self.data.tenant_snapshots / f"{name}.json", msgspec.json.encode(snapshot))
        self.database: MainDatabase = open_main_in_memory()
        self.database.transact(self._configure)
        self.directory = FileDirectory(self.data)
        self.directory.reload()

    def _configure(self, root: Root) -> None:
        root.tariffs["odd"] = TariffDocument(TARIFF)
        root.tenants["acme"] = Tenant(
            TenantConfig("acme", "Acme", tariff="odd", area_code="010", credit_li=0, monthly_cap_calls=100)
        )
        root.tenants["rival"] = Tenant(TenantConfig("rival", "Rival", tariff="odd"))

    def write(self, *events: Event) -> None:
        """Let a b2bua write lines and die."""
        with JournalWriter(self.data.journal, rotate_at=20_000) as writer:
            for event in events:
                writer.append(event)

    def ledger_reads(self) -> None:
        """Let a ledger charge all there is, and tell."""
        ledger = Ledger(
            self.data.journal,
            self.database,
            tell=lambda content: write_standings(self.data, content),
            utc=lambda: NOON + 5000,
        )
        ledger.step()
        ledger.finish()
        ledger.close()

    def spendable(self) -> tuple[int | None, int | None, int]:
        """Return what a new b2bua lets the tenant use: 厘, calls, included seconds."""
        funds = Funds()
        settle_unread(funds, self.directory, self.data)
        return (
            funds.spendable("acme", TERMS, MONTH)[0],
            funds.calls_left("acme", TERMS, MONTH),
            funds.included_left("acme", 40, MONTH),
        )


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """A box whose ledger has told once, of nothing."""
    box = Box(tmp_path)
    box.ledger_reads()
    return box


def some_calls(count: int, seed: int = 0) -> list[list[Event]]:
    """Make up calls of both tenants, a few seconds each."""
    rnd = random.Random(seed)
    return [
        a_call(rnd, NOON + n, tenant=rnd.choice(("acme", "rival")), ring=1.0, talk=rnd.uniform(0.2, 30))
        for n in range(count)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_what_may_be_spent_is_what_the_ledger_will_say(box: Box, seed: int) -> None:
    """Calls one after the other and side by side; the ledger had read some of them when it told last."""
    calls = some_calls(30, seed)
    rnd = random.Random(seed)
    lines: list[Event] = []
    while any(calls):  # several at once, so that calls are open wherever the ledger stops
        call = rnd.choice([each for each in calls[:4] if each] or [each for each in calls if each][:1])
        lines.append(call.pop(0))
        calls = [each for each in calls if each]
    told = rnd.randrange(len(lines))
    box.write(*lines[:told])
    box.ledger_reads()
    box.write(*lines[told:])
    before = box.spendable()
    assert read_standings(box.data) is not None
    box.ledger_reads()
    assert before == box.spendable()
    assert before == (
        box.database.read(lambda root: root.money.account("acme").balance_li),
        100 - box.database.read(lambda root: root.money.account("acme").month(MONTH).calls),
        40 - box.database.read(lambda root: root.money.account("acme").month(MONTH).included_seconds),
    )


def test_a_call_that_the_crash_cut_has_used_what_it_is_charged(box: Box) -> None:
    """Up to its last sign of life, at once: its last lines are in the journal before the next call comes."""
    (call,) = some_calls(1, seed=3)
    lasting = [event for event in call if not isinstance(event, Ended | LegEnded | Unbridged)]
    box.write(*lasting)
    (cut,) = open_calls(box.data.journal)
    box.write(*closing_lines(cut))
    left, calls, _ = box.spendable()
    box.ledger_reads()
    assert (left, calls) == box.spendable()[:2]
    assert calls == 99


def test_what_the_ledger_passes_later_is_counted_once(box: Box) -> None:
    """It tells of a place between two calls: the first is in the account now, the second waits still."""
    first, second = (a_call(random.Random(n), NOON + n, talk=60.0, ring=1.0) for n in range(2))
    box.write(*first, *second)
    funds = Funds()
    settle_unread(funds, box.directory, box.data)
    before = funds.spendable("acme", TERMS, MONTH)
    assert before[0] is not None
    box.ledger_reads()
    told = read_standings(box.data)
    assert told is not None
    funds.take(told)
    assert funds.spendable("acme", TERMS, MONTH) == before == (told.tenants["acme"].balance_li, False)


def test_without_word_from_the_ledger_nothing_is_settled(tmp_path: Path) -> None:
    """A tenant with a limit waits for the ledger then, which reads all there is."""
    box = Box(tmp_path)
    box.write(*a_call(random.Random(1), talk=60.0))
    assert box.spendable() == (0, 100, 40)
