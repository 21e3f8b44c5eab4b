"""Contact cards and notes of calls, by tenant."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import msgspec
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.desk import CallNote, ContactCard, DeskSettings
from storage.call_id import key_of
from storage.models.document import Document

MOST_CARDS: Final = 50_000
_encode = msgspec.json.Encoder().encode
_card = msgspec.json.Decoder(ContactCard).decode
_note = msgspec.json.Decoder(CallNote).decode


class NumberTaken(Exception):
    """Another card has one of the numbers; the text names it."""

    def __init__(self, number: str, card: ContactCard) -> None:
        super().__init__(f"{number}: {card.name}")
        self.number = number
        self.card = card


class TooManyCards(Exception):
    """A tenant keeps at most :data:`MOST_CARDS`."""


class SettingsDocument(Document[DeskSettings]):
    """A tenant's settings."""

    TYPE = DeskSettings


class TenantDesk(Persistent):  # type: ignore[misc]
    """One tenant's."""

    def __init__(self) -> None:
        self.settings = SettingsDocument(DeskSettings())
        self.cards: Any = OOBTree()
        """Id -> JSON of ContactCard."""
        self.by_number: Any = OOBTree()
        """Number -> id of the one card that has it."""
        self.notes: Any = OOBTree()
        """Id of a call -> JSON of CallNote."""
        self.of_caller: Any = OOBTree()
        """(Caller, key of the call, newest first) -> id of the call."""

    # -- cards -------------------------------------------------------------------------------------

    def card(self, name: str) -> ContactCard | None:
        """Return a card by its id, or None."""
        data = self.cards.get(name)
        return None if data is None else _card(data)

    def card_of(self, number: str) -> ContactCard | None:
        """Return whose number it is, or None."""
        name = self.by_number.get(number) if number else None
        return None if name is None else self.card(name)

    def put_card(self, card: ContactCard) -> None:
        """Store a card; raises NumberTaken, TooManyCards."""
        for number in card.numbers:
            other = self.card_of(number)
            if other is not None and other.id != card.id:
                raise NumberTaken(number, other)
        before = self.card(card.id)
        if before is None and len(self.cards) >= MOST_CARDS:
            raise TooManyCards
        for number in () if before is None else before.numbers:
            del self.by_number[number]
        for number in card.numbers:
            self.by_number[number] = card.id
        self.cards[card.id] = _encode(card)

    def drop_card(self, name: str) -> ContactCard | None:
        """Forget a card; return what it was."""
        card = self.card(name)
        if card is not None:
            for number in card.numbers:
                del self.by_number[number]
            del self.cards[name]
        return card

    def search_cards(self, text: str, most: int) -> list[ContactCard]:
        """Return cards with the text in name, number, field or note, those changed last first."""
        wanted = text.lower()
        found = [
            card
            for card in map(_card, self.cards.values())
            if not wanted or any(wanted in each.lower() for each in _words(card))
        ]
        return sorted(found, key=lambda card: -card.at)[:most]

    # -- notes -------------------------------------------------------------------------------------

    def put_note(self, note: CallNote) -> None:
        """Store what was written about a call, instead of what was written before."""
        self.notes[note.call] = _encode(note)
        if note.caller:
            self.of_caller[(note.caller, key_of(note.call))] = note.call

    def note(self, call: str) -> CallNote | None:
        """Return what was written about a call, or None."""
        data = self.notes.get(call)
        return None if data is None else _note(data)

    def notes_of(self, caller: str, most: int) -> list[CallNote]:
        """Return what was written about a caller's calls, newest first."""
        return list(islice(self._notes_of(caller), most)) if caller else []

    def _notes_of(self, caller: str) -> Iterator[CallNote]:
        for key, call in self.of_caller.items((caller,)):
            if key[0] != caller:
                return
            note = self.note(call)
            if note is not None:
                yield note


def _words(card: ContactCard) -> tuple[str, ...]:
    return card.name, card.note, *card.numbers, *card.fields.values()


class DeskBook(Persistent):  # type: ignore[misc]
    """Everybody's."""

    def __init__(self) -> None:
        self.tenants: Any = OOBTree()
        """Tenant id -> TenantDesk."""

    def of(self, tenant: str) -> TenantDesk:
        """Return a tenant's, made when he has none."""
        found: TenantDesk | None = self.tenants.get(tenant)
        if found is None:
            found = self.tenants[tenant] = TenantDesk()
        return found

    def find(self, tenant: str) -> TenantDesk:
        """Return a tenant's to read; an empty one, that is not kept, when he has none."""
        found: TenantDesk | None = self.tenants.get(tenant)
        return TenantDesk() if found is None else found
