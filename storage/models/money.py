"""Tenants' accounts: append-only entries, each once by its cause. Only the ledger process writes here.

Calls are not entries of their own: each record carries its fee, the fees of a day wait in ``open_days``, and
when the day is over their sum becomes one entry. So the balance is the sum of all entries less the open days,
which :meth:`Account.check` recomputes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.money.amounts import CONTRA, PAID_IN, TAKEN, Entry, EntryKind
from domain.money.bill import Line, Statement, booked_day, natural_day
from domain.money.fees import next_month
from storage.models.document import Document
from storage.records.call_id import day_of

_NEWEST_FIRST: Final = 2**63


class AccountBroken(Exception):
    """An account whose parts do not add up."""


class MonthUse(msgspec.Struct, frozen=True, array_like=True):
    """What a tenant's calls of a month came to so far."""

    calls: int = 0
    """Those charged or not, that reached the tenant."""
    li: int = 0
    included_seconds: int = 0
    """Used of the tariff's included time."""


class MoneyRequest(msgspec.Struct, frozen=True):
    """A wish for an entry, stored by who wishes it and applied by the ledger."""

    cause: str
    tenant: str
    kind: EntryKind
    li: int
    """As in :class:`Entry`."""
    at_ms: int
    note: str = ""
    who: str = ""


class Request(Document[MoneyRequest]):
    """A wish that waits for the ledger."""

    TYPE = MoneyRequest


class Account(Persistent):  # type: ignore[misc]
    """One tenant's account."""

    def __init__(self) -> None:
        self.entries: Any = OOBTree()
        """Key, newest first -> Entry, encoded."""
        self.causes: Any = OOBTree()
        """Cause -> key of its entry."""
        self.posted_li = 0
        """Sum of the entries."""
        self.open_days: Any = OOBTree()
        """Day (YYYYMMDD) -> fees of its calls that are not yet an entry."""
        self.open_li = 0
        """Their sum."""
        self.months: Any = OOBTree()
        """Month (YYYYMM) -> MonthUse, encoded."""
        self.booked: Any = OOBTree()
        """Day (YYYYMMDD) -> kind -> (number, sum) of the entries that statements have on it, encoded."""
        self.bills: Any = OOBTree()
        """Month (YYYYMM) -> its bill as it was closed (:class:`domain.money.bill.Statement`, encoded)."""

    @property
    def balance_li(self) -> int:
        """What the tenant has; negative: what he owes."""
        return int(self.posted_li - self.open_li)

    def post(
        self, at_ms: int, cause: str, kind: EntryKind, li: int, *, note: str = "", who: str = ""
    ) -> Entry | None:
        """Add an entry; None when its cause has one. Raises ValueError for a sign its kind cannot have."""
        if (kind in PAID_IN and li < 0) or (kind in TAKEN and li > 0):
            raise ValueError(f"{kind} of {li}")
        if cause in self.causes:
            return None
        self.posted_li += li
        entry = Entry(at_ms, cause, kind, li, self.posted_li, note, who)
        day = booked_day(natural_day(entry, day_of), self.bills)
        entry = msgspec.structs.replace(entry, day=day)
        self.book(day, kind, li)
        key = _NEWEST_FIRST - len(self.causes)
        self.entries[key] = _encode(entry)
        self.causes[cause] = key
        return entry

    def book(self, day: str, kind: EntryKind, li: int) -> None:
        """Add an entry to what statements have on a day (YYYYMMDD); only posting does that."""
        data = self.booked.get(day)
        kinds = {} if data is None else decode_kinds(data)
        count, total = kinds.get(kind, (0, 0))
        kinds[kind] = (count + 1, total + li)
        self.booked[day] = _encode(kinds)

    def charge_calls(self, day: str, calls: int, li: int, included_seconds: int) -> None:
        """Charge some calls of a day (YYYYMMDD, Beijing, of their start)."""
        month = day[:6]
        use = self.month(month)
        self.months[month] = _encode(
            MonthUse(use.calls + calls, use.li + li, use.included_seconds + included_seconds)
        )
        if li:
            self.open_days[day] = self.open_days.get(day, 0) + li
            self.open_li += li

    def close_days(self, before: str, at_ms: int) -> list[Entry]:
        """Make entries of the days before a day (YYYYMMDD). A late call of a closed day makes one more."""
        entries = []
        for day in list(self.open_days.keys(None, before, excludemax=True)):
            li = self.open_days.pop(day)
            self.open_li -= li
            cause, again = f"calls:{day}", 1
            while cause in self.causes:
                again += 1
                cause = f"calls:{day}:{again}"
            entry = self.post(at_ms, cause, EntryKind.CALLS, -li)
            assert entry is not None
            entries.append(entry)
        return entries

    def call_fees(self, first_day: str, last_day: str) -> dict[str, int]:
        """Return what calls cost, in 厘, by day (YYYYMMDD, both included)."""
        found = dict(self.open_days.items(first_day, last_day))
        for day, data in self.booked.items(first_day, last_day):
            _, li = decode_kinds(data).get(EntryKind.CALLS, (0, 0))
            found[day] = found.get(day, 0) - li
        return found

    def month(self, month: str) -> MonthUse:
        """Return what the calls of a month (YYYYMM) came to."""
        found = self.months.get(month)
        return MonthUse() if found is None else _decode_use(found)

    def listed(self) -> Iterator[Entry]:
        """Yield the entries, newest first."""
        return (entry for _, entry in self.keyed())

    def keyed(self, after: int = 0) -> Iterator[tuple[int, Entry]]:
        """Yield keys and entries, newest first, those older than a key."""
        return ((key, _decode(data)) for key, data in self.entries.items(after + 1))

    def lines(self, first_day: str, last_day: str, *, without_last: bool = False) -> tuple[Line, ...]:
        """Return what the entries of some days (YYYYMMDD, both included) came to, by kind.

        The fees of calls whose day is not an entry yet are among them.
        """
        sums: dict[EntryKind, tuple[int, int]] = {}
        for data in self.booked.values(first_day, last_day, excludemax=without_last):
            for kind, (count, li) in decode_kinds(data).items():
                before = sums.get(kind, (0, 0))
                sums[kind] = (before[0] + count, before[1] + li)
        for day, fees in self.open_days.items():
            booked = booked_day(day, self.bills)
            if first_day <= booked <= last_day and not (without_last and booked == last_day):
                count, li = sums.get(EntryKind.CALLS, (0, 0))
                sums[EntryKind.CALLS] = (count + 1, li - fees)
        return tuple(Line(kind, *sums[kind]) for kind in EntryKind if kind in sums)

    def balance_before(self, day: str) -> int:
        """Return the balance with which a day (YYYYMMDD) begins, by what is booked before it."""
        closed = self.bills.keys(None, day[:6], excludemax=True)
        bill = self.bill(closed[-1]) if closed else None
        begin, li = ("", 0) if bill is None else (f"{next_month(closed[-1])}01", bill.closing_li)
        return li + sum(line.li for line in self.lines(begin, day, without_last=True))

    def close_bill(self, bill: Statement) -> None:
        """Keep a month's bill; later entries are of later months. Raises ValueError if it has one."""
        if bill.first_day[:6] in self.bills:
            raise ValueError(f"{bill.first_day[:6]} has a bill")
        self.bills[bill.first_day[:6]] = _encode(bill)

    def bill(self, month: str) -> Statement | None:
        """Return the bill of a month (YYYYMM) as it was closed, or None."""
        data = self.bills.get(month)
        return None if data is None else _decode_bill(data)

    def find(self, cause: str) -> Entry | None:
        """Return the entry of a cause, or None."""
        key = self.causes.get(cause)
        return None if key is None else _decode(self.entries[key])

    def check(self) -> None:
        """Raise AccountBroken unless all adds up."""
        total = 0
        causes = set()
        for entry in reversed(list(self.listed())):
            total += entry.li
            causes.add(entry.cause)
            if entry.posted_li != total:
                raise AccountBroken(f"{entry.cause}: {entry.posted_li} stands where {total} is the sum")
        if total != self.posted_li or causes != set(self.causes):
            raise AccountBroken(f"entries come to {total}, the account says {self.posted_li}")
        if sum(self.open_days.values()) != self.open_li:
            raise AccountBroken("the open days do not add up")


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode
_decode_use = msgspec.msgpack.Decoder(MonthUse).decode
decode_kinds = msgspec.msgpack.Decoder(dict[EntryKind, tuple[int, int]]).decode
_decode_bill = msgspec.msgpack.Decoder(Statement).decode


class Money(Persistent):  # type: ignore[misc]
    """The books of the box."""

    def __init__(self) -> None:
        self.accounts: Any = OOBTree()
        """Tenant -> Account; kept when the tenant is removed."""
        self.requests: Any = OOBTree()
        """Cause -> Request that waits; the one place that others than the ledger write to."""
        self.rejected: Any = OOBTree()
        """Cause -> why a request was not applied."""
        self.closed_before = ""
        """Days before this one (YYYYMMDD) are entries."""
        self.billed_before = ""
        """Months before this one (YYYYMM) have bills."""
        self.proposals: Any = OOBTree()
        """Id -> ProposalDocument."""
        self.invoices: Any = OOBTree()
        """Id -> InvoiceDocument."""
        self.reconciliations: Any = OOBTree()
        """Id, oldest first -> ReconciliationDocument."""

    def account(self, tenant: str) -> Account:
        """Return a tenant's account, new if there was none."""
        account: Account | None = self.accounts.get(tenant)
        if account is None:
            account = self.accounts[tenant] = Account()
        return account

    def apply_requests(self) -> int:
        """Make entries of the requests that wait; return how many waited."""
        waiting = [request.value for request in self.requests.values()]
        for request in waiting:
            try:
                self.account(request.tenant).post(
                    request.at_ms, request.cause, request.kind, request.li, note=request.note, who=request.who
                )
            except ValueError as error:
                self.rejected[request.cause] = str(error)
            del self.requests[request.cause]
        return len(waiting)

    def close_days(self, before: str, at_ms: int) -> None:
        """Make entries of the days before a day (YYYYMMDD), of every tenant."""
        for account in self.accounts.values():
            account.close_days(before, at_ms)
        self.closed_before = before

    def trial_balance(self) -> dict[str, int]:
        """Return what stands on each account of the double entry; the sum is 0 when the books are right.

        Tenants' accounts count as what the reseller owes them.
        """
        sums = {"tenants": 0}
        for account in self.accounts.values():
            sums["tenants"] += account.posted_li
            for entry in account.listed():
                sums[CONTRA[entry.kind]] = sums.get(CONTRA[entry.kind], 0) - entry.li
        return sums
