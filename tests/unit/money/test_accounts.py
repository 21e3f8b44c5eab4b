"""Accounts: every entry once, the balance always the sum of what made it."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.money.amounts import CONTRA, KIND_WORDS, EntryKind, parse_yuan, yuan
from storage.models import Account, Money, MoneyRequest, Request
from storage.models.money import AccountBroken


@pytest.mark.parametrize(
    ("text", "li"),
    [
        ("0", 0),
        ("12", 12_000),
        ("12.3", 12_300),
        ("-0.006", -6),
        ("+1.05", 1050),
        (" 100.00 ", 100_000),
        ("１００", 100_000),
        ("1,000.50", 1_000_500),
        ("¥12", 12_000),
        ("￥1,000", 1_000_000),
        ("5.5 元", 5500),
    ],
)
def test_amounts_are_read_to_the_li(text: str, li: int) -> None:
    """Never by way of a float; also as an input method or a spreadsheet writes them."""
    assert parse_yuan(text) == li


@pytest.mark.parametrize(
    "text",
    ["", "1.2345", "1,00", "1000,000", "1,000,", "12.3.4", "1e3", "٣", "0x10", "--1", "1 000", "99999999999"],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r"amount|large"):
        parse_yuan(text)


@pytest.mark.parametrize(("li", "text"), [(0, "0.00"), (12_300, "12.30"), (6, "0.006"), (-5_000, "-5.00")])
def test_amounts_are_written_as_yuan(li: int, text: str) -> None:
    """With the 厘 where there is one."""
    assert yuan(li) == text
    assert parse_yuan(text) == li


def test_a_cause_has_one_entry() -> None:
    """Asking twice for the same recharge pays once."""
    account = Account()
    assert account.post(1, "recharge:1", EntryKind.RECHARGE, 100_000) is not None
    assert account.post(2, "recharge:1", EntryKind.RECHARGE, 100_000) is None
    assert account.balance_li == 100_000


def test_signs_that_make_no_sense_are_refused() -> None:
    """A recharge takes nothing away, a fee gives nothing."""
    account = Account()
    with pytest.raises(ValueError, match="recharge"):
        account.post(1, "a", EntryKind.RECHARGE, -1)
    with pytest.raises(ValueError, match="monthly-fee"):
        account.post(1, "b", EntryKind.MONTHLY_FEE, 1)
    assert account.balance_li == 0


def test_the_calls_of_a_day_become_one_entry_when_it_is_over() -> None:
    """The balance falls with each call; the entry does not take it again. A late call makes an entry more."""
    account = Account()
    account.post(1, "recharge:1", EntryKind.RECHARGE, 1000)
    account.charge_calls("20261122", 1, 60, 6)
    account.charge_calls("20261122", 1, 40, 0)
    account.charge_calls("20261123", 1, 5, 0)
    assert account.balance_li == 895
    (entry,) = account.close_days("20261123", 2)
    assert (entry.cause, entry.li, entry.posted_li) == ("calls:20261122", -100, 900)
    assert account.balance_li == 895
    account.charge_calls("20261122", 1, 7, 0)
    assert [each.cause for each in account.close_days("20261124", 3)] == [
        "calls:20261122:2", "calls:20261123",
    ]  # fmt: skip
    assert account.balance_li == account.posted_li == 888
    month = account.month("202611")
    assert (month.calls, month.li, month.included_seconds) == (4, 112, 6)
    account.check()


def test_an_account_that_does_not_add_up_is_told() -> None:
    """Whatever damaged it."""
    account = Account()
    account.post(1, "a", EntryKind.GIFT, 5)
    account.posted_li = 6
    with pytest.raises(AccountBroken):
        account.check()


def test_wishes_are_applied_once_and_bad_ones_told() -> None:
    """The ledger takes what the web or the command line stored."""
    money = Money()
    for cause, li in (("recharge:1", 500), ("recharge:2", -1)):
        money.requests[cause] = Request(MoneyRequest(cause, "acme", EntryKind.RECHARGE, li, 1))
    assert money.apply_requests() == 2
    assert not money.requests
    assert money.account("acme").balance_li == 500
    assert dict(money.rejected) == {"recharge:2": "recharge of -1"}
    money.requests["recharge:1"] = Request(MoneyRequest("recharge:1", "acme", EntryKind.RECHARGE, 500, 1))
    money.apply_requests()
    assert money.account("acme").balance_li == 500
    assert money.trial_balance() == {"tenants": 500, "cash": -500}


def test_every_kind_has_its_words_and_its_other_side() -> None:
    """A kind that was added in one place only would be found here."""
    assert set(KIND_WORDS) == set(CONTRA) == set(EntryKind)


class Books(RuleBasedStateMachine):
    """Any course of recharges, calls, late calls and days, beside a plain sum."""

    def __init__(self) -> None:
        super().__init__()
        self.money = Money()
        self.balance = {"acme": 0, "rival": 0}
        self.causes: set[tuple[str, str]] = set()
        self.day = 1

    tenants = st.sampled_from(("acme", "rival"))

    @rule(tenant=tenants, li=st.integers(0, 10**6), number=st.integers(1, 5))
    def recharge(self, tenant: str, li: int, number: int) -> None:
        """Recharge, sometimes with a cause that was there."""
        cause = f"recharge:{number}"
        self.money.requests[cause] = Request(MoneyRequest(cause, tenant, EntryKind.RECHARGE, li, 1))
        self.money.apply_requests()
        if (tenant, cause) not in self.causes:
            self.causes.add((tenant, cause))
            self.balance[tenant] += li

    @rule(tenant=tenants, li=st.integers(0, 5000), days_ago=st.integers(0, 3))
    def call(self, tenant: str, li: int, days_ago: int) -> None:
        """Charge a call of today or of a day that may be closed."""
        self.money.account(tenant).charge_calls(f"202611{max(1, self.day - days_ago):02}", 1, li, 0)
        self.balance[tenant] -= li

    @rule()
    def next_day(self) -> None:
        """Close the days before a new one."""
        self.day = min(30, self.day + 1)
        self.money.close_days(f"202611{self.day:02}", 1)

    @invariant()
    def all_adds_up(self) -> None:
        """Balances are those of the plain sum, to the 厘."""
        for tenant, balance in self.balance.items():
            account = self.money.account(tenant)
            account.check()
            assert account.balance_li == balance
        assert sum(self.money.trial_balance().values()) == 0


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
