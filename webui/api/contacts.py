"""Customers (客户): kept, found, merged, with their timelines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, TypeVar

import msgspec

from domain.customers.customer import (
    MOST_ADDRESSES,
    MOST_MAILS,
    MOST_NUMBERS,
    MOST_TAGS,
    Customer,
    CustomerKind,
    read_addresses,
    read_mails,
    read_numbers,
    read_tags,
)
from domain.customers.desk import MOST_FIELDS
from domain.customers.timeline import Entry, EntryKind
from domain.refusal import BadField, NotPossible
from storage.customers.desk import CustomerDesk, blank
from storage.models import Root
from webui.api.access import Caller
from webui.api.asked import Limit, NoQuery, body, query
from webui.api.problems import ApiProblem
from webui.services import customers
from webui.services.customers import MOST_ALIKE, Search, Viewer

_ID: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)
T = TypeVar("T")
Cursor = Annotated[str, msgspec.Meta(max_length=40)]
Text200 = Annotated[str, msgspec.Meta(max_length=200)]


class ContactQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which customers."""

    limit: Limit = 50
    cursor: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{14}:[0-9a-f]{16}\Z")] | None = None
    search: Annotated[str, msgspec.Meta(max_length=40)] = ""
    tag: Annotated[str, msgspec.Meta(max_length=20)] = ""
    owner: Annotated[str, msgspec.Meta(max_length=40)] = ""
    kind: CustomerKind | None = None


class TimelineQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries."""

    limit: Limit = 50
    cursor: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")] | None = None
    kind: EntryKind | None = None


class ContactWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of a customer."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=r"^[^\s\x00-\x1f]")]
    kind: CustomerKind = CustomerKind.PERSON
    company: Annotated[str, msgspec.Meta(max_length=60)] = ""
    numbers: Annotated[
        list[Annotated[str, msgspec.Meta(pattern=r"^[0-9]{3,20}\Z")]], msgspec.Meta(max_length=MOST_NUMBERS)
    ] = []
    mails: Annotated[list[Text200], msgspec.Meta(max_length=MOST_MAILS)] = []
    addresses: Annotated[list[Text200], msgspec.Meta(max_length=MOST_ADDRESSES)] = []
    tags: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=20)]], msgspec.Meta(max_length=MOST_TAGS)
    ] = []
    fields: Annotated[dict[str, Text200], msgspec.Meta(max_length=MOST_FIELDS)] = {}
    owner: Annotated[str, msgspec.Meta(max_length=40)] = ""
    follow_up: Annotated[float, msgspec.Meta(ge=0, le=4_102_444_800)] = 0.0
    follow_note: Text200 = ""
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    shared: bool = False


class NoteWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note for the timeline."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class MergeWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which customer becomes part of this one."""

    other: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}\Z")]


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return a page of customers, changed last first."""
    asked = query(caller, ContactQuery)
    caller.config()
    wanted = Search(asked.search.strip(), asked.tag, asked.owner, asked.kind or "")

    def read(root: Root) -> dict[str, Any]:
        found, following, count = customers.find(
            root, Viewer(caller.tenant), wanted, asked.cursor or "", asked.limit
        )
        return {"items": [_object(root, caller, each) for each in found], "count": count, "next": following}

    return caller.services.read(read)


def show(caller: Caller) -> Mapping[str, Any]:
    """Return one customer."""
    query(caller, NoQuery)
    found = _contact(caller)
    return caller.services.read(lambda root: _object(root, caller, found))


def add(caller: Caller) -> Mapping[str, Any]:
    """Add a customer."""
    query(caller, NoQuery)
    wish = body(caller, ContactWish)
    caller.config()
    return _saved(caller, blank(), wish)


def put(caller: Caller) -> Mapping[str, Any]:
    """Write a customer anew."""
    query(caller, NoQuery)
    wish = body(caller, ContactWish)
    return _saved(caller, _contact(caller), wish)


def delete(caller: Caller) -> None:
    """Forget a customer."""
    query(caller, NoQuery)
    name = _contact(caller).id
    _change(caller, lambda desk: desk.remove(name))


def timeline(caller: Caller) -> Mapping[str, Any]:
    """Return a page of a customer's timeline."""
    asked = query(caller, TimelineQuery)
    found = _contact(caller)
    page = caller.services.read(
        lambda root: customers.timeline(
            root, caller.tenant, found, asked.cursor or "", asked.kind or "", asked.limit
        )
    )
    return {"items": [_entry(each) for each in page.entries], "next": page.after}


def write_note(caller: Caller) -> None:
    """Write a note on a customer's timeline."""
    query(caller, NoQuery)
    wish, name = body(caller, NoteWish), _contact(caller).id
    _change(caller, lambda desk: desk.write_note(name, wish.text.strip()))


def merge(caller: Caller) -> Mapping[str, Any]:
    """Make two customers one."""
    query(caller, NoQuery)
    wish, name = body(caller, MergeWish), _contact(caller).id
    found = _change(caller, lambda desk: desk.merge(name, wish.other))
    return caller.services.read(lambda root: _object(root, caller, found))


def duplicates(caller: Caller) -> Mapping[str, Any]:
    """Return pairs that may be one customer each."""
    query(caller, NoQuery)
    caller.config()

    def read(root: Root) -> list[dict[str, Any]]:
        pairs = root.customers.find(caller.tenant).duplicates(MOST_ALIKE)
        return [
            {"what": pair.what, "key": pair.key, "contacts": [each.id for each in pair.customers]}
            for pair in pairs
        ]

    return {"items": caller.services.read(read)}


def _saved(caller: Caller, before: Customer, wish: ContactWish) -> Mapping[str, Any]:
    def work(desk: CustomerDesk) -> Customer:
        wanted = msgspec.structs.replace(
            before,
            name=" ".join(wish.name.split()),
            kind=wish.kind,
            numbers=read_numbers(" ".join(wish.numbers)),
            mails=read_mails(" ".join(wish.mails)),
            addresses=read_addresses("\n".join(wish.addresses)),
            tags=read_tags(" ".join(wish.tags)),
            fields=wish.fields,
            owner=wish.owner,
            follow_up=wish.follow_up,
            follow_note=wish.follow_note,
            note=wish.note.strip(),
        )
        return desk.save(wanted, company=wish.company, shared=wish.shared)

    customer = _change(caller, work)
    return caller.services.read(lambda root: _object(root, caller, customer))


def _change(caller: Caller, work: Callable[[CustomerDesk], T]) -> T:
    try:
        return customers.change(
            caller.services, Viewer(caller.tenant), caller.entry("", ""), work, "api customer"
        )
    except BadField as wrong:
        raise ApiProblem(409, wrong.zh, wrong.en) from wrong
    except NotPossible as error:
        raise ApiProblem(404) from error


def _contact(caller: Caller) -> Customer:
    name = caller.part("contact")
    if _ID.fullmatch(name) is None:
        raise ApiProblem(404)
    found = caller.services.read(lambda root: root.customers.find(caller.tenant).get(name))
    if found is None:
        raise ApiProblem(404)
    return found


def _object(root: Root, caller: Caller, customer: Customer) -> dict[str, Any]:
    company = root.customers.find(caller.tenant).get(customer.company) if customer.company else None
    told = msgspec.structs.asdict(customer)
    del told["was"], told["others"]
    return {**told, "company": "" if company is None else company.name, "company_id": customer.company}


def _entry(entry: Entry) -> dict[str, Any]:
    return msgspec.structs.asdict(entry)
