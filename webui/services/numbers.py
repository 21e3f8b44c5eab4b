"""Operators' work on numbers, for pages and command line alike: noted in the audit log, put in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import msgspec

from b2bua.in_force import change_in_force
from domain.money.fees import Agreement
from domain.numbers.lifecycle import OWNED, Halt, NumberCard
from domain.numbers.numbering import NumberBook
from domain.numbers.search import Wanted
from domain.numbers.terms import Offer
from storage.models import Root
from storage.models.web import AuditEntry
from storage.numbers.desk import NumberDesk
from webui.services.box import BoxServices
from webui.services.provisioning import Done, wish

T = TypeVar("T")


class Page(NamedTuple):
    """A page of numbers."""

    cards: list[NumberCard]
    after: str
    """Cursor of the next page; empty: this is the last one."""


class Offered(NamedTuple):
    """What a number of the inventory is offered for."""

    vanity_class: str
    offer: Offer


def offered(root: Root, number: str, at: float) -> Offered | None:
    """Return the terms of a number; None where the inventory does not know it, or has sold it."""
    card = root.inventory.card(number)
    if card is None or card.state in OWNED:
        return None
    return Offered(card.effective_class, NumberDesk(root, at, "").offer(card))


def find(root: Root, wanted: Wanted, size: int, after: str = "") -> Page:
    """Return a page of numbers; raises PatternError."""
    book = NumberBook(root.box.value.numbering)
    cards: list[NumberCard] = []
    last = ""
    for key, card in root.inventory.find(wanted, book.carrier, after):
        if len(cards) == size:
            return Page(cards, last)
        cards.append(card)
        last = key
    return Page(cards, "")


def change(
    services: BoxServices, work: Callable[[NumberDesk], T], entry: AuditEntry, after: str = ""
) -> tuple[T, str]:
    """Do something at the desk; return what it gave, and why calls do not follow yet (empty: they do).

    ``after`` is told in the audit log. Raises NotPossible and StoreDown; then nothing was changed.
    """

    def both(root: Root) -> T:
        done = work(NumberDesk(root, services.now(), entry.who))
        root.web.note(msgspec.structs.replace(entry, after=after[:2000]))
        return done

    return change_in_force(services.data, services.database, both, f"numbers {entry.action}")


def moves(
    number: str, why: str, holder: str, days: int | None, halt: Halt
) -> dict[str, Callable[[NumberDesk], NumberCard]]:
    """Return what can be asked for by name, but for ``reclaim``: it takes what its tenant set as well."""
    return {
        "reserve": lambda desk: desk.reserve(number, holder, days, why),
        "release": lambda desk: desk.release(number, why),
        "suspend": lambda desk: desk.suspend(number, halt, why),
        "resume": lambda desk: desk.resume(number, why),
        "freeze": lambda desk: desk.freeze(number, why),
        "restock": lambda desk: desk.restock(number, why),
    }


def reclaim(services: BoxServices, number: str, why: str, entry: AuditEntry) -> Done:
    """Take a number back, and what its tenant set for it; raises NotPossible, Refused, StoreDown."""

    def document(root: Root) -> dict[str, Any]:
        desk = NumberDesk(root, services.now(), entry.who)
        card = desk.card(number)
        desk.reclaim(number, why)
        if card.state not in OWNED or number not in root.numbers:
            return {}
        fields: dict[str, Any] = {"numbers": {number: {"absent": True}}}
        agreements = root.tenants[card.tenant].config.value.agreements
        if any(each.number == number for each in agreements):
            today = desk.today.isoformat()
            fields["agreements"] = [_ended(each, number, today) for each in agreements]
        return {"tenants": {card.tenant: fields}}

    def note(root: Root) -> None:
        root.web.note(msgspec.structs.replace(entry, after=why[:2000]))

    return wish(services, document, entry, note)


def _ended(agreement: Agreement, number: str, day: str) -> dict[str, Any]:
    """Return an agreement as files write it; one of a number that goes ends with the day, if not before."""
    if agreement.number == number and (not agreement.until or agreement.until > day):
        agreement = msgspec.structs.replace(agreement, until=max(day, agreement.since))
    plain: dict[str, Any] = msgspec.to_builtins(agreement)
    return plain
