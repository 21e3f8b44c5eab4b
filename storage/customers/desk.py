"""Change a tenant's customers, so that each change stands on the timeline and in the audit log."""

from __future__ import annotations

import secrets
from typing import Any, Final

import msgspec

from domain.customers.customer import LONGEST_NAME, Customer, CustomerKind, merged, streams_of
from domain.customers.timeline import Entry, EntryKind, customer_stream
from domain.refusal import BadField, NotPossible
from storage.models import Root
from storage.models.web import AuditEntry
from storage.notices.outbox import new_id

_encode = msgspec.json.Encoder().encode
MOST_PEOPLE: Final = 200
"""People of a company whose entries its timeline shows."""


def new_customer_id() -> str:
    """Return an id for a customer."""
    return secrets.token_hex(8)


def blank() -> Customer:
    """Return a customer of whom nothing is known yet."""
    return Customer("", "")


class CustomerDesk:
    """One tenant's customers inside a transaction; ``by``: 工号, empty for the tenant himself."""

    def __init__(
        self, root: Root, tenant: str, by: str, at: float, entry: AuditEntry, *, each: bool = True
    ) -> None:
        """``each``: whether each change is an entry of the audit log; an import is one as a whole."""
        self._each = each
        self._root = root
        self._tenant = tenant
        self._by = by
        self._at = at
        self._entry = entry
        self.customers = root.customers.of(tenant)

    def found(self, name: str) -> Customer:
        """Return a customer; raises NotPossible where there is none."""
        customer = self.customers.get(name)
        if customer is None:
            raise NotPossible("there is no such customer", "没有这位客户")
        return customer

    def save(self, wanted: Customer, *, company: str | None = None, shared: bool = False) -> Customer:
        """Store a customer, new without id, and return him.

        ``company``: the name of his company, which is made where there is none; None: as ``wanted`` says.
        ``shared``: whether he may have a number or address that another card has. Raises BadField.
        """
        before = self.customers.get(wanted.id) if wanted.id else None
        if not wanted.name:
            raise BadField("name", "a name is needed", "请填写姓名")
        if wanted.owner and wanted.owner not in self._agents():
            raise BadField("owner", f"there is no agent {wanted.owner}", f"没有坐席 {wanted.owner}")
        if company is not None:
            wanted = msgspec.structs.replace(wanted, company=self._company(company, wanted))
        if not shared:
            self._require_own(wanted, before)
        customer = msgspec.structs.replace(
            wanted, id=wanted.id or new_customer_id(), by=self._by, at=self._at
        )
        self.customers.put(customer)
        self._tell(customer, before)
        self._note("customer-added" if before is None else "customer-changed", before, customer)
        return customer

    def merge(self, kept: str, gone: str) -> Customer:
        """Make two cards one; raises NotPossible, BadField."""
        if kept == gone:
            raise NotPossible("a customer cannot be merged with himself", "不能与自己合并")
        one, other = self.found(kept), self.found(gone)
        customer = msgspec.structs.replace(merged(one, other), by=self._by, at=self._at)
        for person in list(self.customers.people_of(gone)):
            self.customers.put(msgspec.structs.replace(person, company=kept))
        self.customers.drop(gone)
        self.customers.put(customer)
        self._put_change(customer, "merged", other.name)
        self._note("customer-merged", other, customer)
        return customer

    def tell_apart(self, one: str, other: str) -> None:
        """Remember that two cards are two customers; raises NotPossible."""
        first, second = self.found(one), self.found(other)
        if second.id not in first.others:
            self.customers.put(msgspec.structs.replace(first, others=(*first.others, second.id)))

    def remove(self, name: str) -> Customer:
        """Forget a customer and what was written of him alone; his calls stay. Raises NotPossible."""
        customer = self.found(name)
        self.customers.drop(name)
        timeline = self._root.timelines.of(self._tenant)
        for each in (customer.id, *customer.was):
            timeline.drop(customer_stream(each))
        self._note("customer-removed", customer, None)
        return customer

    def write_note(self, name: str, text: str) -> None:
        """Write a note on a customer's timeline; raises NotPossible, BadField."""
        customer = self.found(name)
        if not text:
            raise BadField("text", "the note is empty", "请填写备注内容")
        entry = Entry(self._at, EntryKind.NOTE, new_id(self._at), by=self._by, text=text)
        self._root.timelines.of(self._tenant).put((customer_stream(customer.id),), entry)

    def follow_up(self, name: str, at: float, text: str) -> Customer:
        """Set when a customer is to be contacted again; 0: it is done. Raises NotPossible."""
        customer = self.found(name)
        if not at and customer.follow_up:
            self._put_change(customer, "followed-up", customer.follow_note)
        changed = msgspec.structs.replace(
            customer, follow_up=at, follow_note=text if at else "", by=self._by, at=self._at
        )
        self.customers.put(changed)
        self._note("customer-follow-up", customer, changed)
        return changed

    def note_import(self, added: int, changed: int, refused: int) -> None:
        """Note in the audit log what an import came to."""
        self._root.web.note(msgspec.structs.replace(self._entry, after=f"+{added} ~{changed} !{refused}"))

    def _agents(self) -> Any:
        model = self._root.tenants.get(self._tenant)
        return {} if model is None else model.parts.get("agents", {})

    def _company(self, name: str, wanted: Customer) -> str:
        name = " ".join(name.split())[:LONGEST_NAME]
        if not name or wanted.kind is CustomerKind.COMPANY:
            return ""
        found = self.customers.company_named(name)
        if found is None:
            found = Customer(new_customer_id(), name, by=self._by, at=self._at, kind=CustomerKind.COMPANY)
            self.customers.put(found)
        return found.id

    def _require_own(self, wanted: Customer, before: Customer | None) -> None:
        had = frozenset() if before is None else frozenset((*before.numbers, *before.mails))
        for field, what, keys in (("numbers", "number", wanted.numbers), ("mails", "mail", wanted.mails)):
            for key in keys:
                others = [each for each in self.customers.by(what, key) if each.id != wanted.id]
                if others and key not in had:
                    raise BadField(
                        field, f"{key} is on the card of {others[0].name}",
                        f"{key} 已属于客户“{others[0].name}”",
                    )  # fmt: skip

    def _tell(self, customer: Customer, before: Customer | None) -> None:
        if before is None:
            self._put_change(customer, "added", "")
        elif before.owner != customer.owner:
            self._put_change(customer, "owner", customer.owner)

    def _put_change(self, customer: Customer, state: str, text: str) -> None:
        entry = Entry(
            self._at, EntryKind.CHANGE, f"{customer.id}:{state}", by=self._by, text=text, state=state
        )
        self._root.timelines.of(self._tenant).put((customer_stream(customer.id),), entry)

    def _note(self, action: str, before: Customer | None, after: Customer | None) -> None:
        if not self._each:
            return
        was, now = ("" if each is None else _encode(each).decode()[:2000] for each in (before, after))
        target = (after or before or blank()).name
        self._root.web.note(
            msgspec.structs.replace(self._entry, action=action, target=target, before=was, after=now)
        )


def timeline_streams(root: Root, tenant: str, customer: Customer) -> tuple[str, ...]:
    """Return the streams of a customer's timeline; a company's has those of its people too."""
    streams = streams_of(customer)
    if customer.kind is not CustomerKind.COMPANY:
        return streams
    people = root.customers.find(tenant).people_of(customer.id)
    return (*streams, *(each for _, one in zip(range(MOST_PEOPLE), people) for each in streams_of(one)))  # noqa: B905 - the shorter one ends it
