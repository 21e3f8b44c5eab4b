"""Check the books: accounts against their entries, their bills, the roll-ups and the call records."""

from __future__ import annotations

from collections.abc import Iterator

from domain.money.amounts import EntryKind
from storage.models import Account, CallRecords, Root
from storage.models.money import AccountBroken
from storage.money.bills import check_statements
from storage.records.call_id import day_of, milliseconds_of


def problems(root: Root, first_day: str = "", last_day: str = "") -> Iterator[tuple[str, str]]:
    """Yield tenant and what is wrong with his books; nothing when they are right.

    With days (YYYYMMDD, both included) each call record of those days is read and added up as well.
    """
    for tenant, account in root.money.accounts.items():
        try:
            account.check()
            check_statements(account)
            _check_calls(root.records, tenant, account)
        except AccountBroken as error:
            yield tenant, str(error)
    if first_day:
        for tenant in root.records.owners:
            yield from ((tenant, why) for why in _wrong_days(root.records, tenant, first_day, last_day))
    total = sum(root.money.trial_balance().values())
    if total:
        yield "", f"the double entry comes to {total}, not to 0"


def _check_calls(records: CallRecords, tenant: str, account: Account) -> None:
    owner = records.owners.get(tenant)
    by_days = 0 if owner is None else owner.totals("0", "9").all.fee_li
    booked = sum(entry.li for entry in account.listed() if entry.kind is EntryKind.CALLS)
    if by_days != account.open_li - booked:
        raise AccountBroken(f"calls cost {by_days} by their days, {account.open_li - booked} by the account")
    for month in account.months:
        by_days = 0 if owner is None else owner.totals(f"{month}01", f"{month}31").all.fee_li
        if by_days != account.month(month).li:
            raise AccountBroken(f"calls of {month} cost {by_days}, its use is {account.month(month).li}")


def _wrong_days(records: CallRecords, tenant: str, first: str, last: str) -> Iterator[str]:
    """Yield the days whose records do not come to their roll-up; months no longer kept are passed over."""
    owner = records.owners[tenant]
    found: dict[str, list[int]] = {}
    for name in owner.months.keys(first[:6], last[:6]):
        for key, row in owner.months[name].rows():
            day = day_of(milliseconds_of(key))
            if day < first:
                break
            if day <= last:
                counted = found.setdefault(day, [0, 0])
                counted[0] += 1
                counted[1] += row.fee_li
    for day, roll_up in owner.day_totals.items(first, last):
        if day[:6] not in owner.months:
            continue
        totals, counted = roll_up.value.all, found.get(day, [0, 0])
        if [totals.calls, totals.fee_li] != counted:
            yield f"{day}: {counted[0]} records of {counted[1]}, rolled up {totals.calls} of {totals.fee_li}"
