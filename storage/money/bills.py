"""Statements and bills of accounts, and the work of a month's end, in the caller's transaction."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from domain.money.amounts import Entry, EntryKind, yuan
from domain.money.bill import Statement, Use, natural_day
from domain.money.fees import fees_of_month, minimum_spend, months_of, next_month, storage_fee
from domain.money.tariff import Edition
from storage.models import Account, Root, TenantConfig
from storage.models.money import AccountBroken, decode_kinds
from storage.models.totals import Count
from storage.records.call_id import BEIJING, day_of

BILL_DAY: Final = 4
"""Day of the next month on which a month's bill is closed: no call of the month is up by then."""
LONGEST_WISH: Final = 62 * 86400
"""Seconds after which a wish for an entry is surely booked."""
_SHARED: Final = (EntryKind.MESSAGES, EntryKind.STORAGE)


def statement(root: Root, tenant: str, first_day: str, last_day: str) -> Statement:
    """Return a tenant's account between two days (YYYYMMDD, both included), also of one who left."""
    account: Account = root.money.accounts.get(tenant) or Account()
    opening = account.balance_before(first_day)
    lines = account.lines(first_day, last_day)
    days, numbers = _uses(root, tenant, first_day, last_day)
    closing = opening + sum(line.li for line in lines)
    return Statement(tenant, first_day, last_day, opening, closing, lines, days, numbers)


def month_bill(root: Root, tenant: str, month: str) -> Statement:
    """Return the bill of a month (YYYYMM): as it was closed, or as it stands."""
    account: Account | None = root.money.accounts.get(tenant)
    closed = None if account is None else account.bill(month)
    return statement(root, tenant, *days_of(month)) if closed is None else closed


def entries_of(root: Root, tenant: str, first_day: str, last_day: str) -> list[Entry]:
    """Return the entries that statements have on some days (YYYYMMDD, both included), newest first."""
    account: Account | None = root.money.accounts.get(tenant)
    if account is None:
        return []
    begin = datetime.strptime(first_day, "%Y%m%d").replace(tzinfo=BEIJING).timestamp()
    found = []
    for entry in account.listed():
        if entry.at_ms / 1000 < begin - LONGEST_WISH:
            break
        if first_day <= (entry.day or natural_day(entry, day_of)) <= last_day:
            found.append(entry)
    return found


def days_of(month: str) -> tuple[str, str]:
    """Return first and last day (YYYYMMDD) of a month (YYYYMM)."""
    return f"{month}01", f"{month}{monthrange(int(month[:4]), int(month[4:]))[1]:02}"


def months_with_bills(root: Root, tenant: str) -> list[str]:
    """Return the months (YYYYMM) in which anything happened on an account, newest first."""
    account: Account | None = root.money.accounts.get(tenant)
    if account is None:
        return []
    days = (*account.booked, *account.open_days)
    return sorted({*(day[:6] for day in days), *account.months, *account.bills}, reverse=True)


def _uses(root: Root, tenant: str, first: str, last: str) -> tuple[tuple[Use, ...], tuple[Use, ...]]:
    owner = root.records.owners.get(tenant)
    if owner is None:
        return (), ()
    days: list[Use] = []
    numbers: dict[str, Count] = {}
    for day, roll_up in owner.day_totals.items(first, last):
        totals = roll_up.value
        days.append(_use(day, totals.all))
        for number, count in totals.numbers.items():
            numbers.setdefault(number, Count()).add(count)
    return tuple(days), tuple(_use(number, numbers[number]) for number in sorted(numbers))


def _use(name: str, count: Count) -> Use:
    return Use(name, count.calls, count.answered, count.talk_ms, count.fee_li)


# -- what the ledger does when days and months are over ----------------------------------------------


def close_days(root: Root, before: str, at_ms: int, stored: Mapping[str, int] | None = None) -> None:
    """Make entries of the days before one (YYYYMMDD), and do what is due for months that began or are over.

    ``stored``: bytes of each tenant's recordings; None: not known now, so that nobody is charged for them.
    Every entry has its cause, so doing it twice does nothing the second time.
    """
    closed = root.money.closed_before or before
    root.money.close_days(before, at_ms)
    for tenant, found in root.tenants.items():
        config = found.config.value
        account = root.money.accounts.get(tenant)
        for month in months_of(closed, before):
            edition = _edition(root, config, month)
            due = fees_of_month(config.agreements, 0 if edition is None else edition.monthly_li, month)
            for fee in due:
                account = account or root.money.account(tenant)
                account.post(at_ms, fee.cause, fee.kind, -fee.li, note=fee.note)
        over = months_of(closed, before)[:-1]
        if over and stored is not None:
            _charge_storage(root, config, over[-1], stored.get(tenant, 0), at_ms)
    _close_months(root, before, at_ms)


def _charge_storage(root: Root, config: TenantConfig, month: str, octets: int, at_ms: int) -> None:
    edition = _edition(root, config, month)
    fee = 0 if edition is None else storage_fee(octets, edition.storage_li)
    if fee:
        note = f"{octets / 2**30:.2f} GiB"
        root.money.account(config.id).post(at_ms, f"storage:{month}", EntryKind.STORAGE, -fee, note=note)


def _close_months(root: Root, today: str, at_ms: int) -> None:
    """Top up minimum spends and close bills, of the months before the one whose calls may still come."""
    last_open = today[:6] if int(today[6:]) >= BILL_DAY else _month_before(today[:6])
    month = root.money.billed_before or last_open
    while month < last_open:
        for tenant in sorted({*root.tenants, *root.money.accounts}):
            _close_month(root, tenant, month, at_ms)
        month = next_month(month)
    root.money.billed_before = month


def _close_month(root: Root, tenant: str, month: str, at_ms: int) -> None:
    found = root.tenants.get(tenant)
    if found is not None and found.config.value.agreements:
        config = found.config.value
        so_far = statement(root, tenant, *days_of(month))
        edition = _edition(root, config, month)
        shared = sum(-so_far.li_of(kind) for kind in _SHARED) + (0 if edition is None else edition.monthly_li)
        calls = {use.name: use.li for use in so_far.numbers}
        due, lacking = minimum_spend(config.agreements, month, calls, shared)
        if due:
            note = "; ".join(f"{number} {yuan(li)}" for number, li in lacking)
            root.money.account(tenant).post(
                at_ms, f"minimum:{month}", EntryKind.MINIMUM_SPEND, -due, note=note
            )
    account = root.money.accounts.get(tenant)
    if account is not None and month not in account.bills:
        bill = statement(root, tenant, *days_of(month))
        account.close_bill(msgspec.structs.replace(bill, made_ms=at_ms))


def _edition(root: Root, config: TenantConfig, month: str) -> Edition | None:
    """Return what a tenant's tariff says on the first day of a month."""
    tariff = root.tariffs.get(config.tariff)
    return None if tariff is None else tariff.value.on(f"{month[:4]}-{month[4:]}-01")


def _month_before(month: str) -> str:
    year, number = int(month[:4]), int(month[4:])
    return f"{year - 1}12" if number == 1 else f"{year}{number - 1:02}"


# -- checking ----------------------------------------------------------------------------------------


def check_statements(account: Account) -> None:
    """Raise AccountBroken unless statements and closed bills are those of the account's entries."""
    booked: dict[str, dict[EntryKind, tuple[int, int]]] = {}
    for entry in account.listed():
        kinds = booked.setdefault(entry.day or natural_day(entry, day_of), {})
        count, li = kinds.get(entry.kind, (0, 0))
        kinds[entry.kind] = (count + 1, li + entry.li)
    held = {day: decode_kinds(data) for day, data in account.booked.items()}
    for day in sorted({*booked, *held}):
        if held.get(day) != booked.get(day):
            raise AccountBroken(f"statements of {day} are not those of its entries")
    opening = None
    for month in account.bills:
        bill = account.bill(month)
        assert bill is not None
        if opening is not None and bill.opening_li != opening:
            raise AccountBroken(f"the bill of {month} begins with {bill.opening_li}, not with {opening}")
        opening = bill.closing_li
        lines = account.lines(bill.first_day, bill.last_day)
        if bill.lines != lines or bill.opening_li + sum(line.li for line in lines) != opening:
            raise AccountBroken(f"the bill of {month} is not that of its entries")
