"""Contact cards of the agents' workbench."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from domain.desk import MOST_FIELDS, MOST_NUMBERS, ContactCard
from storage.models import Root
from webui.api.access import Caller
from webui.api.asked import Limit, NoQuery, body, query
from webui.api.problems import ApiProblem
from webui.services import cards
from webui.services.cards import BadCard

_ID: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)


class ContactQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which cards."""

    limit: Limit = 50
    search: Annotated[str, msgspec.Meta(max_length=40)] = ""


class ContactWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a card shall say."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=r"^[^\s\x00-\x1f]")]
    numbers: Annotated[
        list[Annotated[str, msgspec.Meta(pattern=r"^[0-9]{3,20}\Z")]], msgspec.Meta(max_length=MOST_NUMBERS)
    ] = []
    fields: Annotated[
        dict[str, Annotated[str, msgspec.Meta(max_length=200)]], msgspec.Meta(max_length=MOST_FIELDS)
    ] = {}
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return the cards changed last that fit."""
    asked = query(caller, ContactQuery)
    caller.config()

    def read(root: Root) -> dict[str, Any]:
        desk = root.desk.find(caller.tenant)
        found = desk.search_cards(asked.search.strip(), asked.limit)
        return {"items": [_object(each) for each in found], "count": len(desk.cards)}

    return caller.services.read(read)


def show(caller: Caller) -> Mapping[str, Any]:
    """Return one card."""
    query(caller, NoQuery)
    return _object(_card(caller))


def add(caller: Caller) -> Mapping[str, Any]:
    """Add a card."""
    query(caller, NoQuery)
    wish = body(caller, ContactWish)
    caller.config()
    return _saved(caller, cards.new_id(), wish, "card-added")


def put(caller: Caller) -> Mapping[str, Any]:
    """Write a card anew."""
    query(caller, NoQuery)
    wish = body(caller, ContactWish)
    return _saved(caller, _card(caller).id, wish, "card-changed")


def delete(caller: Caller) -> None:
    """Forget a card."""
    query(caller, NoQuery)
    name = _card(caller).id
    if not cards.remove(caller.services, caller.tenant, name, caller.entry("card-removed", name)):
        raise ApiProblem(404)


def _saved(caller: Caller, name: str, wish: ContactWish, action: str) -> Mapping[str, Any]:
    try:
        numbers = cards.numbers_of(" ".join(wish.numbers))
        card = ContactCard(
            name, " ".join(wish.name.split()), numbers, wish.fields, wish.note.strip(), "",
            caller.services.now(),
        )  # fmt: skip
        cards.save(caller.services, caller.tenant, card, caller.entry(action, card.name))
    except BadCard as wrong:
        raise ApiProblem(409, wrong.zh, str(wrong)) from wrong
    return _object(card)


def _card(caller: Caller) -> ContactCard:
    name = caller.part("contact")
    if _ID.fullmatch(name) is None:
        raise ApiProblem(404)
    found = caller.services.read(lambda root: root.desk.find(caller.tenant).card(name))
    if found is None:
        raise ApiProblem(404)
    return found


def _object(card: ContactCard) -> dict[str, Any]:
    return msgspec.structs.asdict(card)
