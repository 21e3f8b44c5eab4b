"""Customers of tenants, with one index for everything they are found by."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, Final, NamedTuple

import msgspec
from BTrees.OOBTree import OOBTree, OOTreeSet
from persistent import Persistent

from domain.customers.customer import Customer, CustomerKind, name_key
from domain.refusal import BadField

MOST_CUSTOMERS: Final = 100_000
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Customer).decode
_NEVER: Final = 10**14
_CURSOR: Final = re.compile(r"[0-9]{14}:[0-9a-f]{16}", re.ASCII)
_LAST: Final = "\U0010ffff"
ALIKE: Final = ("number", "mail", "name")
"""What duplicates have in common."""


class Alike(NamedTuple):
    """Cards that may be one customer."""

    what: str
    """One of :data:`ALIKE`."""
    key: str
    customers: tuple[Customer, ...]


class TenantCustomers(Persistent):  # type: ignore[misc]
    """One tenant's."""

    def __init__(self) -> None:
        self.customers: Any = OOBTree()
        """Id -> JSON of Customer."""
        self.index: Any = OOTreeSet()
        """(What, key, id): ``number``, ``mail``, ``name``, ``company`` (its people), ``newest`` (changed last
        first), ``due`` (follow-ups) and ``remind`` (those nobody was reminded of yet)."""

    def __len__(self) -> int:
        return len(self.customers)

    def get(self, name: str) -> Customer | None:
        """Return a customer by his id, or None."""
        data = self.customers.get(name)
        return None if data is None else _decode(data)

    def put(self, customer: Customer) -> None:
        """Store a customer; raises BadField when there are too many."""
        before = self.get(customer.id)
        if before is None and len(self.customers) >= MOST_CUSTOMERS:
            raise BadField("name", "there are too many customers", "客户数量已达上限")
        old, new = _entries(before), _entries(customer)
        if customer.follow_up and (before is None or before.follow_up != customer.follow_up):
            new |= {("remind", due, name) for what, due, name in new if what == "due"}
        elif before is not None:
            old |= {("remind", due, name) for what, due, name in old - new if what == "due"}
        self._swap(old - new, new - old)
        self.customers[customer.id] = _encode(customer)

    def drop(self, name: str) -> Customer | None:
        """Forget a customer; return what he was. People of a company stay without one."""
        customer = self.get(name)
        if customer is None:
            return None
        for person in list(self.people_of(name)):
            self.put(msgspec.structs.replace(person, company=""))
        self._swap(_entries(customer) | {("remind", _due(customer.follow_up), name)}, set())
        del self.customers[name]
        return customer

    def _swap(self, gone: set[tuple[str, str, str]], new: set[tuple[str, str, str]]) -> None:
        for entry in gone:
            if entry in self.index:
                self.index.remove(entry)
        for entry in new:
            self.index.insert(entry)

    # -- found by ----------------------------------------------------------------------------------

    def by(self, what: str, key: str) -> Iterator[Customer]:
        """Yield the customers of a number, an address, a name's key, a company."""
        for _, _, name in self.index.keys((what, key, ""), (what, key, _LAST)):
            yield _decode(self.customers[name])

    def of_number(self, number: str) -> Customer | None:
        """Return whose number it is, a person rather than a company, or None."""
        return _first(self.by("number", number)) if number else None

    def of_mail(self, address: str) -> Customer | None:
        """Return whose e-mail address it is, or None."""
        return _first(self.by("mail", address.lower())) if address else None

    def people_of(self, company: str) -> Iterator[Customer]:
        """Yield the people of a company."""
        return self.by("company", company)

    def company_named(self, name: str) -> Customer | None:
        """Return the company of a name, or None."""
        found = self.by("name", name_key(name))
        return next((each for each in found if each.kind is CustomerKind.COMPANY), None)

    def newest_first(self, after: str = "") -> Iterator[tuple[str, Customer]]:
        """Yield cursors and customers, changed last first, those after a cursor; one that is none: all."""
        moment, _, name = after.partition(":") if _CURSOR.fullmatch(after) else ("", "", "")
        begin = ("newest", moment, name)
        for _, at, each in self.index.keys(begin, ("newest", _LAST, ""), excludemin=True):
            yield f"{at}:{each}", _decode(self.customers[each])

    def page(self, takes: Callable[[Customer], bool], after: str, most: int) -> tuple[list[Customer], str]:
        """Return the customers that are wanted, and the cursor of the next page, "" where there is none."""
        found: list[Customer] = []
        last = ""
        for cursor, customer in self.newest_first(after):
            if not takes(customer):
                continue
            if len(found) == most:
                return found, last
            found.append(customer)
            last = cursor
        return found, ""

    def due_by(self, moment: float, what: str = "due") -> Iterator[Customer]:
        """Yield whose follow-up is due at a moment, longest first."""
        for _, _, name in self.index.keys((what, "", ""), (what, _due(moment), _LAST)):
            yield _decode(self.customers[name])

    def reminded(self, customer: Customer) -> None:
        """Note that somebody was told of a follow-up."""
        self._swap({("remind", _due(customer.follow_up), customer.id)}, set())

    def alike(self, customer: Customer) -> list[Alike]:
        """Return the cards that may be the same customer, by what they have in common."""
        entries = sorted(entry for entry in _entries(customer) if entry[0] in ALIKE)
        entries.sort(key=lambda entry: ALIKE.index(entry[0]))
        found: dict[str, Alike] = {}
        for what, key, _ in entries:
            for other in self.by(what, key):
                if not _told_apart(customer, other):
                    found.setdefault(other.id, Alike(what, key, (customer, other)))
        return list(found.values())

    def duplicates(self, most: int) -> list[Alike]:
        """Return pairs that may be one customer each, each pair once; the whole index is looked at."""
        found: dict[tuple[str, str], Alike] = {}
        for what in ALIKE:
            for key, entries in groupby(
                self.index.keys((what, "", ""), (what, _LAST, _LAST)), key=lambda entry: entry[1]
            ):
                names = [name for _, _, name in entries]
                if len(names) < 2:
                    continue
                first, *others = [_decode(self.customers[name]) for name in names[:20]]
                for other in others:
                    pair = (min(first.id, other.id), max(first.id, other.id))
                    if not _told_apart(first, other):
                        found.setdefault(pair, Alike(what, key, (first, other)))
                if len(found) >= most:
                    return list(found.values())[:most]
        return list(found.values())


def _told_apart(one: Customer, other: Customer) -> bool:
    return (
        one.id == other.id or one.kind is not other.kind or other.id in one.others or one.id in other.others
    )


def _first(found: Iterator[Customer]) -> Customer | None:
    every = list(found)
    return min(every, key=lambda each: (each.kind is CustomerKind.COMPANY, -each.at), default=None)


def _due(moment: float) -> str:
    return f"{int(moment):012d}"


def _entries(customer: Customer | None) -> set[tuple[str, str, str]]:
    """Return the entries of the index for a customer, reminders aside."""
    if customer is None:
        return set()
    name = customer.id
    found = {("number", each, name) for each in customer.numbers}
    found |= {("mail", each, name) for each in customer.mails}
    found.add(("newest", f"{_NEVER - int(customer.at * 1000):014d}", name))
    if key := name_key(customer.name):
        found.add(("name", key, name))
    if customer.company:
        found.add(("company", customer.company, name))
    if customer.follow_up:
        found.add(("due", _due(customer.follow_up), name))
    return found


class CustomerBook(Persistent):  # type: ignore[misc]
    """Everybody's."""

    def __init__(self) -> None:
        self.tenants: Any = OOBTree()
        """Tenant id -> TenantCustomers."""

    def of(self, tenant: str) -> TenantCustomers:
        """Return a tenant's, made when he has none."""
        found: TenantCustomers | None = self.tenants.get(tenant)
        if found is None:
            found = self.tenants[tenant] = TenantCustomers()
        return found

    def find(self, tenant: str) -> TenantCustomers:
        """Return a tenant's to read; an empty one, that is not kept, when he has none."""
        found: TenantCustomers | None = self.tenants.get(tenant)
        return TenantCustomers() if found is None else found
