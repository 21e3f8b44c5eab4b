"""The operator's inventory of 400 numbers, and the opening of tenants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from domain.features import ProductEdition
from domain.numbers.lifecycle import Halt, NumberCard, NumberState
from domain.numbers.search import Wanted
from domain.numbers.vanity import PatternError
from domain.refusal import NotPossible
from storage.models import Root
from storage.numbers.desk import NumberDesk
from webui.api.access import Caller
from webui.api.asked import Limit, NoQuery, body, number_400, query
from webui.api.configuration import refused_by, stored
from webui.api.problems import ApiProblem, Fault
from webui.services import numbers
from webui.services.opening import Further, Opening, add_number, open_tenant
from webui.services.provisioning import Done, Refused, Stale

Li = Annotated[int, msgspec.Meta(ge=0, le=10_000_000_000)]
Text12 = Annotated[str, msgspec.Meta(max_length=12)]
Text40 = Annotated[str, msgspec.Meta(max_length=40)]


class NumberQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which numbers."""

    limit: Limit = 50
    cursor: Annotated[str, msgspec.Meta(pattern=r"^[0-9:]{1,40}\Z")] = ""
    pattern: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z*?]{1,10}\Z")] = ""
    state: NumberState | None = None
    vanity_class: Text12 = ""
    carrier: Text40 = ""
    tenant: Text40 = ""
    least_li: Li | None = None
    most_li: Li | None = None
    by_price: bool = False


class MoveWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shall become of a number."""

    move: Literal["reserve", "release", "suspend", "resume", "freeze", "reclaim", "restock"]
    why: Annotated[str, msgspec.Meta(max_length=200)] = ""
    holder: Annotated[str, msgspec.Meta(max_length=80)] = ""
    days: Annotated[int, msgspec.Meta(ge=1, le=365)] | None = None
    halt: Halt = Halt.REQUEST


class OpeningWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A tenant that is opened."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,30}\Z")]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    number: Annotated[str, msgspec.Meta(pattern=r"^400[0-9]{7}\Z")]
    bound: Text40 = ""
    tariff: Annotated[str, msgspec.Meta(max_length=60)] = ""
    area_code: Annotated[str, msgspec.Meta(pattern=r"^(0[1-9][0-9]{1,2})?\Z")] = ""
    fee_instead: bool = False
    paid_li: Li = 0
    bound_limit: Annotated[int, msgspec.Meta(ge=0, le=9999)] | msgspec.UnsetType = msgspec.UNSET
    max_calls: Annotated[int, msgspec.Meta(ge=0, le=99_999)] | msgspec.UnsetType = msgspec.UNSET
    credit_li: Li | msgspec.UnsetType = msgspec.UNSET
    monthly_cap_li: Li | msgspec.UnsetType = msgspec.UNSET
    edition: ProductEdition | msgspec.UnsetType = msgspec.UNSET


class FurtherWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One more number of a tenant."""

    number: Annotated[str, msgspec.Meta(pattern=r"^400[0-9]{7}\Z")]
    bound: Text40 = ""
    fee_instead: bool = False
    paid_li: Li = 0


def open_first(caller: Caller) -> Mapping[str, Any]:
    """Open a tenant in one step; his first password is told once."""
    query(caller, NoQuery)
    wish = body(caller, OpeningWish)
    opening = msgspec.convert(msgspec.to_builtins(wish), Opening)
    entry = caller.entry("tenant-opened", opening.number, opening.id)
    try:
        opened = open_tenant(caller.services, opening, entry)
    except Stale as error:
        raise ApiProblem(409, "该租户已存在", "There is a tenant with this id already") from error
    except NotPossible as error:
        raise impossible(error) from error
    except Refused as refused:
        raise refused_by(caller, refused) from refused
    return {**stored(opened.done), "first_password": opened.password}


def give(caller: Caller) -> Mapping[str, Any]:
    """Give a tenant one more number."""
    query(caller, NoQuery)
    wish = body(caller, FurtherWish)
    further = Further(caller.tenant, **msgspec.to_builtins(wish))
    entry = caller.entry("number-given", further.number, caller.tenant)
    try:
        return stored(add_number(caller.services, further, entry))
    except Stale as error:
        raise ApiProblem(404) from error
    except NotPossible as error:
        raise impossible(error) from error
    except Refused as refused:
        raise refused_by(caller, refused) from refused


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return a page of the inventory."""
    asked = query(caller, NumberQuery)
    wanted = Wanted(
        asked.pattern, () if asked.state is None else (asked.state,), asked.vanity_class, asked.carrier,
        asked.tenant, asked.least_li, asked.most_li, asked.by_price,
    )  # fmt: skip

    def read(root: Root) -> dict[str, Any]:
        page = numbers.find(root, wanted, asked.limit, asked.cursor)
        desk = NumberDesk(root, caller.services.now(), "")
        return {"items": [_object(desk, card) for card in page.cards], "next": page.after}

    try:
        return caller.services.read(read)
    except PatternError as error:
        text = "如 *888、4006*、*520*、400K**AABB" if caller.language == "zh" else "such as *888 or 4006*"
        raise ApiProblem(422, errors=(Fault("pattern", text),)) from error


def show(caller: Caller) -> Mapping[str, Any]:
    """Return one number with its history."""
    query(caller, NoQuery)
    number = number_400(caller)

    def read(root: Root) -> dict[str, Any] | None:
        card = root.inventory.card(number)
        if card is None:
            return None
        history = [msgspec.structs.asdict(each) for each in reversed(root.inventory.history(number))]
        return {**_object(NumberDesk(root, caller.services.now(), ""), card), "history": history}

    found = caller.services.read(read)
    if found is None:
        raise ApiProblem(404)
    return found


def put(caller: Caller) -> Mapping[str, Any]:
    """Take a number into stock."""
    query(caller, NoQuery)
    number = number_400(caller)
    try:
        _, why_not = numbers.change(
            caller.services, lambda desk: desk.take_in(number), caller.entry("number-added", number)
        )
    except NotPossible as error:
        raise impossible(error) from error
    return stored(Done(True, why_not))


def move(caller: Caller) -> Mapping[str, Any]:
    """Carry a move out."""
    query(caller, NoQuery)
    number, wish = number_400(caller), body(caller, MoveWish)
    if caller.services.read(lambda root: root.inventory.card(number)) is None:
        raise ApiProblem(404)
    try:
        return stored(_moved(caller, number, wish))
    except NotPossible as error:
        raise impossible(error) from error
    except Refused as refused:
        raise refused_by(caller, refused) from refused


def impossible(error: NotPossible) -> ApiProblem:
    """Return what rules of the trade forbid."""
    return ApiProblem(409, error.zh, error.en)


def _moved(caller: Caller, number: str, wish: MoveWish) -> Done:
    if wish.move == "reclaim":
        return numbers.reclaim(caller.services, number, wish.why, caller.entry("number-reclaimed", number))
    work = numbers.moves(number, wish.why, wish.holder.strip(), wish.days, wish.halt)[wish.move]
    entry = caller.entry(f"number-{wish.move}", number)
    _, why_not = numbers.change(caller.services, work, entry, wish.why)
    return Done(True, why_not)


def _object(desk: NumberDesk, card: NumberCard) -> dict[str, Any]:
    offer, contract = desk.offer(card), card.contract
    return {
        "number": card.number, "state": card.state, "since": card.since,
        "vanity_class": card.effective_class, "carrier": desk.book.carrier(card.number),
        "minimum_li": offer.minimum_li if contract is None else contract.minimum_li,
        "fee_li": offer.fee_li, "deposit_li": offer.deposit_li, "years": offer.years, "tenant": card.tenant,
        "reserved_for": card.reserved_for, "reserved_until": card.reserved_until, "halt": card.halt,
        "note": card.note,
    }  # fmt: skip
