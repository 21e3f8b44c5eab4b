"""The inventory of numbers: cards, histories and applications, with the indexes that searches go by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import merge
from typing import Any, Final

import msgspec
from BTrees.OOBTree import OOBTree, OOTreeSet
from persistent import Persistent

from domain.numbers.application import Application
from domain.numbers.lifecycle import Change, NumberCard, NumberState, outcome_of
from domain.numbers.search import Pattern, Wanted
from domain.outcomes import Outcome

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(NumberCard).decode
_decode_history = msgspec.json.Decoder(tuple[Change, ...]).decode
_decode_application = msgspec.json.Decoder(Application).decode
_PRICE_DIGITS: Final = 13
_LAST: Final = "~"
"""Sorts after every digit."""
HISTORY_KEPT: Final = 500
"""Entries of one number's history; more are a program gone wrong, and the oldest go."""


class Inventory(Persistent):  # type: ignore[misc]
    """All numbers the reseller has, had, or sold."""

    def __init__(self) -> None:
        self.cards: Any = OOBTree()
        """Number -> JSON of NumberCard."""
        self.histories: Any = OOBTree()
        """Number -> JSON of its changes, oldest first."""
        self.applications: Any = OOBTree()
        """Id (a ULID) -> JSON of Application."""
        self.states: Any = OOBTree()
        """NumberState -> set of numbers."""
        self.prices: Any = OOTreeSet()
        """Minimum spend in 厘, 13 digits, and the number: those that are offered."""
        self.priced: Any = OOBTree()
        """Number -> what ``prices`` has of it."""
        self.endings: Any = OOTreeSet()
        """Numbers written backwards."""
        self.reminded: Any = OOBTree()
        """Key of a reminder that went out -> when, UTC POSIX seconds."""

    def card(self, number: str) -> NumberCard | None:
        """Return a number's card, or None."""
        data = self.cards.get(number)
        return None if data is None else _decode(data)

    def history(self, number: str) -> tuple[Change, ...]:
        """Return what became of a number, oldest first."""
        data = self.histories.get(number)
        return () if data is None else _decode_history(data)

    def put(self, card: NumberCard, minimum_li: int | None, change: Change | None = None) -> None:
        """Store a card, found by its state and by what it is offered for now; add to its history."""
        number, before = card.number, self.card(card.number)
        if before is None:
            self.endings.add(number[::-1])
        if before is None or before.state is not card.state:
            if before is not None:
                self.states[before.state].remove(number)
            self._of_state(card.state).add(number)
        self._price(number, minimum_li)
        self.cards[number] = _encode(card)
        if change is not None:
            self.histories[number] = _encode((*self.history(number), change)[-HISTORY_KEPT:])

    def _of_state(self, state: NumberState) -> Any:
        found = self.states.get(state)
        if found is None:
            found = self.states[str(state)] = OOTreeSet()
        return found

    def _price(self, number: str, minimum_li: int | None) -> None:
        """File a number under its price, and nowhere when it is not offered."""
        filed = self.priced.get(number)
        wanted = None if minimum_li is None else f"{minimum_li:0{_PRICE_DIGITS}}{number}"
        if filed == wanted:
            return
        if filed is not None:
            self.prices.remove(filed)
            del self.priced[number]
        if wanted is not None:
            self.prices.add(wanted)
            self.priced[number] = wanted

    def drop(self, number: str) -> None:
        """Forget a number altogether."""
        card = self.card(number)
        if card is None:
            return
        self._price(number, None)
        self.states[card.state].remove(number)
        self.endings.remove(number[::-1])
        del self.cards[number]
        self.histories.pop(number, None)

    def in_state(self, *states: NumberState) -> Iterator[str]:
        """Yield the numbers of some states, in order within each."""
        for state in states:
            yield from self.states.get(state, ())

    def counts(self) -> dict[NumberState, int]:
        """Return how many numbers stand where."""
        return {state: len(self.states[state]) for state in NumberState if state in self.states}

    def halted(self) -> dict[str, Outcome]:
        """Return the numbers that are out of service, and how their calls end."""
        cards = (self.card(number) for number in self.in_state(NumberState.SUSPENDED, NumberState.FROZEN))
        return {card.number: outcome_of(card) for card in cards if card is not None}

    # applications

    def application(self, name: str) -> Application | None:
        """Return an application, or None."""
        data = self.applications.get(name)
        return None if data is None else _decode_application(data)

    def put_application(self, application: Application) -> None:
        """Store an application as it is now."""
        self.applications[application.id] = _encode(application)

    def all_applications(self) -> Iterator[Application]:
        """Yield every application, oldest first."""
        return (_decode_application(data) for data in self.applications.values())

    def waiting(self) -> Iterator[Application]:
        """Yield the applications that somebody waits for."""
        for number in self.in_state(NumberState.APPLIED, NumberState.UNDER_REVIEW):
            card = self.card(number)
            found = None if card is None else self.application(card.application)
            if found is not None:
                yield found

    # searching

    def find(
        self, wanted: Wanted, carrier: Callable[[str], str], after: str = ""
    ) -> Iterator[tuple[str, NumberCard]]:
        """Yield a key to go on after, and a card, in the order wanted; raises PatternError.

        The index that leaves the fewest is gone through: price, ending, state, or the numbers themselves.
        """
        pattern = Pattern(wanted.pattern) if wanted.pattern else None
        for key, number in self._candidates(wanted, pattern, after):
            if pattern is not None and not pattern.fits(number):
                continue
            card = _decode(self.cards[number])
            if _fits(card, wanted) and wanted.carrier in ("", carrier(number)):
                yield key, card

    def _candidates(self, wanted: Wanted, pattern: Pattern | None, after: str) -> Iterator[tuple[str, str]]:
        if wanted.by_price:
            return self._by_price(wanted, after)
        if wanted.least_li is not None or wanted.most_li is not None:
            numbers = sorted(number for _, number in self._by_price(wanted, ""))
        elif pattern is not None and len(pattern.suffix) > max(0, len(pattern.prefix) - len("400")):
            ending = pattern.suffix[::-1]
            numbers = sorted(number[::-1] for number in self.endings.keys(ending, ending + _LAST))
        else:
            prefix = "" if pattern is None else pattern.prefix
            return self._in_order(wanted, prefix, after)
        return ((number, number) for number in numbers if number > after)

    def _by_price(self, wanted: Wanted, after: str) -> Iterator[tuple[str, str]]:
        first = f"{wanted.least_li or 0:0{_PRICE_DIGITS}}"
        last = None if wanted.most_li is None else f"{wanted.most_li:0{_PRICE_DIGITS}}{_LAST}"
        keys = self.prices.keys(max(first, after), last)
        return ((key, key[_PRICE_DIGITS:]) for key in keys if key != after)

    def _in_order(self, wanted: Wanted, prefix: str, after: str) -> Iterator[tuple[str, str]]:
        low, high = max(prefix, after), prefix + _LAST
        sets: list[Any] = [self.cards]
        if wanted.states:
            sets = [self.states[state] for state in wanted.states if state in self.states]
        found = merge(*(each.keys(low, high) for each in sets))
        return ((number, number) for number in found if number != after)


def _fits(card: NumberCard, wanted: Wanted) -> bool:
    return (
        (not wanted.states or card.state in wanted.states)
        and wanted.vanity_class in ("", card.effective_class)
        and wanted.tenant in ("", card.tenant)
    )
