"""Missed calls as things to do."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Any, Literal

import msgspec

from b2bua.control import Begun, CallBack, ControlFailed
from domain.customers.missed import Closed, MissedItem, MissedState, claimed, closed
from domain.refusal import NotPossible
from storage.models import Root
from webui.api.access import Caller
from webui.api.asked import Limit, NoQuery, body, call_id, query
from webui.api.live import note, refused
from webui.api.problems import ApiProblem


class MissedQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which items."""

    limit: Limit = 50
    state: MissedState | None = None


class MissedWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shall become of an item."""

    state: Literal["claimed", "closed"]
    by: Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f]+\Z")]
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


class CallBackWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose phone rings first."""

    agent: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z._-]{1,40}\Z")]


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return the newest items."""
    asked = query(caller, MissedQuery)
    caller.config()

    def read(root: Root) -> list[MissedItem]:
        book = root.missed.tenants.get(caller.tenant)
        if book is None:
            return []
        wanted = (each for each in book.newest_first() if asked.state in (None, each.state))
        return list(islice(wanted, asked.limit))

    return {"items": [as_object(each) for each in caller.services.read(read)]}


def change(caller: Caller) -> Mapping[str, Any]:
    """Claim or close an item."""
    query(caller, NoQuery)
    name, wish = call_id(caller, "item"), body(caller, MissedWish)
    now = caller.services.now()

    def changed(item: MissedItem) -> MissedItem:
        if wish.state == "claimed":
            return claimed(item, wish.by, now)
        return closed(item, Closed.BY_HAND, wish.by, now, wish.note)

    def work(root: Root) -> MissedItem:
        book = root.missed.tenants.get(caller.tenant)
        found = None if book is None else book.find(name)
        if book is None or found is None:
            raise ApiProblem(404)
        item = changed(found)
        book.put(item)
        return item

    try:
        item = caller.services.change(work, f"api missed {wish.state}")
    except NotPossible as error:
        raise ApiProblem(409, error.zh, str(error)) from error
    return as_object(item)


def call_back(caller: Caller) -> Mapping[str, Any]:
    """Ring the agent, then the customer."""
    query(caller, NoQuery)
    name, wish = call_id(caller, "item"), body(caller, CallBackWish)

    def there(root: Root) -> bool:
        book = root.missed.tenants.get(caller.tenant)
        return book is not None and book.find(name) is not None

    if not caller.services.read(there):
        raise ApiProblem(404)
    try:
        begun = caller.services.ask(CallBack(caller.tenant, name, wish.agent), Begun, timeout=20.0)
    except ControlFailed as error:
        raise refused(error) from error
    note(caller, "called-back", name)
    return {"call": begun.call}


def as_object(item: MissedItem) -> dict[str, Any]:
    """Return an item with all its fields."""
    return msgspec.structs.asdict(item)
