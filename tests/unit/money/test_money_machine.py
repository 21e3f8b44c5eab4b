"""Every 厘, whatever happens: calls, ticks, ends, crashes, replays, clock steps, recharges and refunds.

The journal, the ledger, the records and the accounts are the product's. Beside them stands a model that
shares no code with them: it counts block by block and keeps plain sums.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from b2bua.ledger.ledger import Ledger
from b2bua.recovery import closing_lines
from domain.money.amounts import EntryKind
from domain.money.fees import Agreement
from domain.money.tariff import CallKind, ChargedFrom, Edition, Price, Tariff
from domain.places.place import Place
from storage.connection import open_main_in_memory
from storage.journal import Event, JournalWriter, open_calls
from storage.journal.events import Answered, Bridged, Ended, LegAnswered, LegDialled, LegEnded, Marks, Started
from storage.models import MoneyRequest, Request, Root, TariffDocument, Tenant, TenantConfig
from storage.money.bills import month_bill, months_with_bills
from storage.money.books import problems
from storage.money.finance import Wrong, decide, propose
from storage.records.call_id import ulid_text

BEGIN = datetime(2026, 11, 25, 4, tzinfo=UTC)
NUMBERS = {"acme": "4001003721", "rival": "4001003731"}
PACKAGE = Edition(
    (
        Price((CallKind.LOCAL,), first_seconds=180, first_li=220, step_seconds=60, step_li=110),
        Price((CallKind.LONG_DISTANCE,), first_seconds=6, first_li=60, step_seconds=6, step_li=60),
        Price(first_seconds=60, first_li=300, step_seconds=60, step_li=300, minimum_li=500),
    ),
    included_seconds=600,
    monthly_li=30_000,
)
TALK = Edition(
    (Price(first_seconds=6, first_li=60, step_seconds=6, step_li=60),), charged_from=ChargedFrom.ANSWERER
)
MINIMUM = 2_000_000
CALLERS = (("13900001111", "021"), ("01061234567", "010"), ("02161234567", "021"))
"""A mobile from elsewhere, a landline of the same area, one of another."""


class Counted(NamedTuple):
    """Prices as the model has them: first block, price, further blocks, price, least charge."""

    first: int
    first_li: int
    step: int
    step_li: int
    least: int


MODEL = {
    ("acme", "13900001111"): Counted(60, 300, 60, 300, 500),
    ("acme", "01061234567"): Counted(180, 220, 60, 110, 0),
    ("acme", "02161234567"): Counted(6, 60, 6, 60, 0),
    **{("rival", caller): Counted(6, 60, 6, 60, 0) for caller, _ in CALLERS},
}


class Death(BaseException):
    """The process dies here."""


class Up:
    """A call as the model knows it; times are monotonic seconds."""

    def __init__(self, call: str, tenant: str, caller: str, month: str, now: float) -> None:
        self.call, self.tenant, self.caller, self.month = call, tenant, caller, month
        self.answered: float | None = None
        self.bridged: float | None = None
        self.sign = now
        """Its last sign of life in the journal."""


class MoneyMachine(RuleBasedStateMachine):
    """One box and its money."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="box400-money-"))
        self.database = open_main_in_memory()
        self.database.transact(self._configure)
        self.random = random.Random(1)
        self.mono, self.wall, self.ledger_mono = 1000.0, BEGIN, 1000.0
        self.writer = JournalWriter(self.folder, fsync=False)
        self.dies_at = ""
        self.ledger = self._new_ledger()
        self.up: list[Up] = []
        self.fees: dict[str, int] = {}
        """Call -> what it costs by the model."""
        self.month_fees: dict[tuple[str, str], int] = {}
        self.included: dict[tuple[str, str], int] = {}
        self.paid = dict.fromkeys(NUMBERS, 0)
        self.asked = 0
        self.receipts: set[str] = set()
        self.closed = self.billed = ""
        self.months: set[str] = set()
        self.topped_up = 0

    def _configure(self, root: Root) -> None:
        root.tariffs["package"] = TariffDocument(Tariff("package", (PACKAGE,)))
        root.tariffs["talk"] = TariffDocument(Tariff("talk", (TALK,)))
        agreed = (Agreement(NUMBERS["rival"], "2026-01-01", minimum_li=MINIMUM),)
        root.tenants["acme"] = Tenant(
            TenantConfig("acme", "Acme", tariff="package", area_code="010", credit_li=0)
        )
        root.tenants["rival"] = Tenant(TenantConfig("rival", "Rival", tariff="talk", agreements=agreed))

    def _new_ledger(self) -> Ledger:
        return Ledger(
            self.folder, self.database, keep_seconds=1e12, mono=lambda: self.ledger_mono,
            utc=lambda: self.wall.timestamp(), at_step=self._at_step,
        )  # fmt: skip

    def _at_step(self, step: str) -> None:
        if step == self.dies_at:
            self.dies_at = ""
            raise Death(step)

    def teardown(self) -> None:
        """Settle everything a last time."""
        while self.up:
            self.hang_up(0)
        self.settle()
        self.ledger.close()
        self.writer.close()
        self.database.close()
        shutil.rmtree(self.folder)

    # -- calls -------------------------------------------------------------------------------------

    def _write(self, kind: type, call: Up, **facts: object) -> None:
        event: Event = kind(call=call.call, at=self.wall.timestamp(), mono=self.mono, **facts)
        self.writer.append(event)
        call.sign = self.mono

    @rule(tenant=st.sampled_from(tuple(NUMBERS)), caller=st.sampled_from(CALLERS))
    def arrive(self, tenant: str, caller: tuple[str, str]) -> None:
        """Let somebody call."""
        milliseconds = round(self.wall.timestamp() * 1000)
        name = ulid_text(milliseconds.to_bytes(6, "big") + self.random.randbytes(10))
        month = f"{self.wall + timedelta(hours=8):%Y%m}"
        call = Up(name, tenant, caller[0], month, self.mono)
        number = NUMBERS[tenant]
        self._write(
            Started, call, trunk="t", source="127.0.0.2", sip_call_id=name, called_raw=number, called=number,
            caller_raw=caller[0], caller=caller[0], tenant=tenant, number=number,
            place=Place(area_code=caller[1]),
        )  # fmt: skip
        self.up.append(call)

    @rule(which=st.integers(0, 9))
    def answer(self, which: int) -> None:
        """Let the box answer a call, or somebody the call that it answered."""
        for call in self.up[which : which + 1]:
            if call.answered is None:
                self._write(Answered, call)
                call.answered = self.mono
            elif call.bridged is None:
                self._write(LegDialled, call, leg="b1", target="13800000000", trunk="t")
                self._write(LegAnswered, call, leg="b1")
                self._write(Bridged, call, leg="b1")
                call.bridged = self.mono

    @rule(half_seconds=st.integers(1, 700))
    def pass_time(self, half_seconds: int) -> None:
        """Let time pass, with a mark of all calls at its end."""
        self.mono += half_seconds / 2
        self.wall += timedelta(seconds=half_seconds / 2)
        if self.up:
            names = tuple(call.call for call in self.up)
            self.writer.append(Marks(at=self.wall.timestamp(), mono=self.mono, calls=names))
        for call in self.up:
            call.sign = self.mono

    @rule(half_seconds=st.integers(1, 11))
    def pass_unmarked_time(self, half_seconds: int) -> None:
        """Let less time pass than is between two marks."""
        self.mono += half_seconds / 2
        self.wall += timedelta(seconds=half_seconds / 2)

    @rule(which=st.integers(0, 9))
    def hang_up(self, which: int) -> None:
        """Let a call end."""
        for call in self.up[which : which + 1]:
            if call.bridged is not None:
                self._write(LegEnded, call, leg="b1", by_peer=True)
            self._write(Ended, call, outcome="answered", by="caller")
            self._end(call, self.mono)

    def _end(self, call: Up, at: float) -> None:
        """Charge a call in the model, block by block."""
        self.up.remove(call)
        begun = call.answered if call.tenant == "acme" else call.bridged
        seconds = 0.0 if begun is None else at - begun
        price, covered, fee = MODEL[call.tenant, call.caller], 0, 0
        key = call.tenant, call.month
        left = (600 if call.tenant == "acme" else 0) - self.included.get(key, 0)
        free, block = True, price.first
        while covered < seconds:
            free = free and left >= block
            if free:
                left -= block
                self.included[key] = self.included.get(key, 0) + block
            else:
                fee += price.first_li if covered == 0 else price.step_li
            covered, block = covered + block, price.step
        if fee:
            fee = max(fee, price.least)
        assert call.call not in self.fees
        self.fees[call.call] = fee
        self.month_fees[key] = self.month_fees.get(key, 0) + fee

    # -- what goes wrong ---------------------------------------------------------------------------

    @rule(reboot=st.booleans(), torn=st.booleans())
    def b2bua_dies(self, reboot: bool, torn: bool) -> None:
        """Kill the box's SIP process: its calls are closed at their last sign of life."""
        self.writer.close()
        if torn:
            newest = max(self.folder.glob("*.jnl"))
            with newest.open("ab") as file:
                file.write(b'0badcafe {"e":"end","call":"')
        cut = {each.id: each for each in open_calls(self.folder)}
        assert sorted(cut) == sorted(call.call for call in self.up)
        self.writer = JournalWriter(self.folder, fsync=False)
        if reboot:
            self.mono = 5.0
        for call in sorted(self.up, key=lambda call: list(cut).index(call.call)):
            for line in closing_lines(cut[call.call]):
                self.writer.append(line)
            self._end(call, call.sign)

    @rule(step=st.sampled_from(("read", "before commit", "after commit", "after removal")))
    def ledger_dies(self, step: str) -> None:
        """Kill the ledger at a step of its work; a new one goes on."""
        self.dies_at = step
        with suppress(Death):
            self._work(2)
        self.dies_at = ""
        self.ledger.close()
        self.ledger = self._new_ledger()

    @rule()
    def journal_is_read_again(self) -> None:
        """Let the ledger forget how far it was."""
        self.ledger.close()
        self.database.transact(lambda root: root.records.journals.clear())
        self.ledger = self._new_ledger()

    @rule(hours=st.sampled_from((-24, -1, 1, 24)))
    def clock_is_set(self, hours: int) -> None:
        """Step the wall clock; no duration may change."""
        if self.wall + timedelta(hours=hours) > BEGIN:
            self.wall += timedelta(hours=hours)

    @rule(days=st.integers(1, 9))
    def days_pass(self, days: int) -> None:
        """Let days go by without calls; those that are up are hung up first."""
        while self.up:
            self.hang_up(0)
        self.wall += timedelta(days=days)
        self.mono += days * 86400.0

    # -- money -------------------------------------------------------------------------------------

    @rule(tenant=st.sampled_from(tuple(NUMBERS)), li=st.integers(1, 10**6), receipt=st.integers(1, 6))
    def recharge(self, tenant: str, li: int, receipt: int) -> None:
        """Recharge, sometimes with a receipt that was used."""
        cause = f"recharge:{tenant}-{receipt}"
        request = MoneyRequest(cause, tenant, EntryKind.RECHARGE, li, round(self.wall.timestamp() * 1000))

        def wish(root: Root) -> None:
            account = root.money.accounts.get(tenant)
            known = account is not None and account.find(cause) is not None
            if cause not in root.money.requests and not known:
                root.money.requests[cause] = Request(request)

        self.database.transact(wish)
        if cause not in self.receipts:
            self.receipts.add(cause)
            self.paid[tenant] += li

    @rule(tenant=st.sampled_from(tuple(NUMBERS)), li=st.integers(1, 10**5), approved=st.booleans())
    def refund(self, tenant: str, li: int, approved: bool) -> None:
        """Ask for a refund; a second person decides. More than the tenant has is refused."""
        at = round(self.wall.timestamp() * 1000)

        def ask(root: Root) -> bool:
            account = root.money.accounts.get(tenant)
            try:
                asked = propose(root, tenant, EntryKind.REFUND, li, "leaves", "fang", at)
            except Wrong:
                return False
            assert account is not None
            assert account.balance_li >= li
            decide(root, asked.id, approved, "anna", at)
            return True

        if self.database.transact(ask) and approved:
            self.paid[tenant] -= li

    # -- agreement ---------------------------------------------------------------------------------

    def _work(self, rounds: int) -> None:
        for _ in range(rounds):
            self.ledger_mono += 61.0
            self.ledger.step()
            self._follow()

    def _follow(self) -> None:
        """Do in the model what is due for the days and months that the ledger closed."""
        closed, billed = self.database.read(lambda root: (root.money.closed_before, root.money.billed_before))
        if closed:
            month = (self.closed or closed)[:6]
            while month <= closed[:6]:
                self.months.add(month)
                month = _following(month)
        if self.billed:
            month = self.billed
            while month < billed:
                self.topped_up += max(0, MINIMUM - self.month_fees.get(("rival", month), 0))
                month = _following(month)
        self.closed, self.billed = closed, billed

    @rule()
    def settle(self) -> None:
        """Let the ledger catch up: records, accounts and the model agree to the 厘."""
        self._work(5)
        self.database.read(self._agree)

    def _agree(self, root: Root) -> None:
        recorded = {}
        for owner in root.records.owners.values():
            for month in owner.months.values():
                for _, row in month.rows():
                    assert row.id not in recorded
                    recorded[row.id] = row.fee_li
        assert recorded == self.fees
        fees = {"acme": 30_000 * len(self.months), "rival": self.topped_up}
        for tenant in NUMBERS:
            account = root.money.account(tenant)
            calls = sum(li for (owner, _), li in self.month_fees.items() if owner == tenant)
            assert account.balance_li == self.paid[tenant] - calls - fees[tenant]
            used = {(tenant, month): account.month(month).included_seconds for month in account.months}
            expected = {key: seconds for key, seconds in self.included.items() if key[0] == tenant}
            assert {key: seconds for key, seconds in used.items() if seconds} == expected
            bills = [month_bill(root, tenant, month) for month in months_with_bills(root, tenant)]
            if bills:
                assert bills[0].closing_li == account.balance_li
                assert sum(line.li for bill in bills for line in bill.lines) == account.balance_li
        assert not root.money.rejected
        assert list(problems(root, "20260101", "20301231")) == []


def _following(month: str) -> str:
    return f"{int(month[:4]) + 1}01" if month[4:] == "12" else f"{int(month) + 1}"


def test_a_clock_set_back_in_mid_call_shortens_no_cut_call() -> None:
    """The mark after the step is the later sign of life, though its time of day is earlier."""
    box = MoneyMachine()
    box.clock_is_set(24)
    box.arrive("acme", CALLERS[2])
    box.answer(0)
    box.clock_is_set(-1)
    box.pass_time(700)
    box.b2bua_dies(reboot=True, torn=True)
    (fee,) = box.fees.values()
    assert (fee, box.included["acme", "202611"]) == (0, 354)
    box.teardown()


QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


class TestMoneyMachine(MoneyMachine.TestCase):  # type: ignore[misc, name-defined]
    """A short run."""

    settings = settings(max_examples=12, stateful_step_count=40, deadline=None, suppress_health_check=QUIET)


@pytest.mark.long
class TestMoneyMachineLong(MoneyMachine.TestCase):  # type: ignore[misc, name-defined]
    """100,000 steps."""

    settings = settings(max_examples=500, stateful_step_count=200, deadline=None, suppress_health_check=QUIET)
