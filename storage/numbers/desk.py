"""The desk where numbers are moved: every change goes through it, and leaves its entry in the history."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.days.calendar import Calendar, local
from domain.numbers.lifecycle import (
    OWNED,
    UNSOLD,
    Change,
    Halt,
    Move,
    NumberCard,
    NumberState,
    Told,
    has_expired,
    moved,
    reserved,
)
from domain.numbers.numbering import NumberBook
from domain.numbers.terms import Offer
from domain.refusal import NotPossible
from storage.models import Root

SECONDS_A_DAY = 86400.0


class NumberDesk:
    """Moves numbers in one transaction. Every method raises NotPossible for what the rules do not allow.

    What changes how calls are served raises ``Root.version``; who commits puts it in force.
    """

    def __init__(self, root: Root, at: float, by: str) -> None:
        """``at``: UTC POSIX seconds; ``by``: who does it, as the audit log names people."""
        self.root = root
        self.inventory = root.inventory
        self.at = at
        self.by = by
        config = root.box.value
        self.book = NumberBook(config.numbering)
        self.calendar = Calendar(config.calendar)

    @property
    def today(self) -> Any:
        """The day it is in Beijing."""
        return local(self.at).date()

    def told(self, why: str = "") -> Told:
        """Return who does it now, and why."""
        return Told(self.at, self.by, why.strip()[:200])

    def card(self, number: str) -> NumberCard:
        """Return a number's card."""
        found = self.inventory.card(number)
        if found is None:
            raise NotPossible(f"{number} is not in the inventory", f"号码库中没有 {number}")
        return found

    def offer(self, card: NumberCard) -> Offer:
        """Return what a number is offered for."""
        return self.book.offer(card)

    def put(self, card: NumberCard, change: Change | None = None) -> NumberCard:
        """Store a card and what was done."""
        self.inventory.put(card, self.book.offer(card).minimum_li, change)
        return card

    # stock

    def take_in(self, number: str, why: str = "") -> NumberCard:
        """Take a new number into stock."""
        if self.inventory.card(number) is not None:
            raise NotPossible(f"{number} is in the inventory already", f"{number} 已在号码库中")
        state = NumberState.IN_STOCK
        card = NumberCard(number, self.book.classify(number), state, self.at)
        return self.put(card, Change(self.at, Move.IMPORT, state, self.by, why))

    def drop(self, number: str) -> None:
        """Take a number that was entered by mistake out of the inventory, with its history."""
        card = self.card(number)
        if card.state is not NumberState.IN_STOCK:
            raise NotPossible(f"{number} is not in stock", f"{number} 不是库存状态，不能删除")
        self.inventory.drop(number)

    def set_terms(self, number: str, **fields: Any) -> NumberCard:
        """Set what a number is offered for by hand: ``class_by_hand``, ``minimum_li``, ``fee_li``,
        ``deposit_li``, ``note``; None and "" give back what follows from its class."""
        card = self.card(number)
        if fields.keys() - {"note"} and card.state not in UNSOLD:
            raise NotPossible(
                f"the terms of {number} are agreed: they can be changed while it is in stock or reserved",
                f"{number} 的资费条件已约定，只有库存或预占的号码可以修改",
            )
        hand = fields.get("class_by_hand")
        if hand and hand not in self.book.classes:
            known = ", ".join(self.book.classes)
            raise NotPossible(
                f"there is no class {hand}; there are: {known}", f"没有分类 {hand}，可用：{known}"
            )
        return self.put(msgspec.structs.replace(card, **fields))

    def reclassify(self) -> int:
        """Ask the rule table again for every number, and file all under their prices; return how many
        classes changed. Numbers that are sold keep their class."""
        changed = 0
        for number in list(self.inventory.cards):
            card = self.card(number)
            found = self.book.classify(number) if card.state in UNSOLD else card.vanity_class
            if found != card.vanity_class:
                card = msgspec.structs.replace(card, vanity_class=found)
                changed += 1
            self.put(card)
        return changed

    # moves

    def move(self, number: str, move: Move, why: str = "", **fields: object) -> NumberCard:
        """Carry one move of the table out."""
        return self.put(*moved(self.card(number), move, self.told(why), **fields))

    def reserve(self, number: str, holder: str, days: int | None = None, why: str = "") -> NumberCard:
        """Keep a number for somebody; ``days`` None: as long as the box says."""
        card = self.freed(number)
        self.require_offered(card)
        length = self.book.numbering.reservation_days if days is None else days
        until = self.at + length * SECONDS_A_DAY
        return self.put(*reserved(card, holder, until, self.told(why)))

    def require_offered(self, card: NumberCard) -> None:
        """Raise NotPossible for a number that nobody has set a price for."""
        if self.offer(card).minimum_li is None:
            raise _not_offered(card)

    def release(self, number: str, why: str = "") -> NumberCard:
        """Let a reserved number go."""
        return self.move(number, Move.RELEASE, why)

    def freed(self, number: str) -> NumberCard:
        """Return a card; a reservation that is over ends first."""
        card = self.card(number)
        if has_expired(card, self.at):
            return self.move(number, Move.EXPIRE)
        return card

    def activate(self, number: str, tenant: str, *, fee_instead: bool = False, why: str = "") -> NumberCard:
        """Give a number to a tenant, with the contract that its offer makes."""
        card = self.freed(number)
        if not fee_instead:
            self.require_offered(card)
        try:
            contract = self.offer(card).agreed(self.today, fee_instead=fee_instead)
        except ValueError as error:
            raise NotPossible(
                f"{number} is not offered for a fee instead of the minimum",
                f"{number} 所属分类不支持以选号费代替最低消费",
            ) from error
        return self.move(number, Move.ACTIVATE, why, tenant=tenant, contract=contract)

    def suspend(self, number: str, halt: Halt, why: str = "") -> NumberCard:
        """Take a number out of service; its callers are told."""
        return self._served(self.move(number, Move.SUSPEND, why, halt=halt))

    def resume(self, number: str, why: str = "") -> NumberCard:
        """Put a suspended or frozen number into service again."""
        return self._served(self.move(number, Move.RESUME, why))

    def freeze(self, number: str, why: str = "") -> NumberCard:
        """Take a number out of service before it is reclaimed."""
        return self._served(self.move(number, Move.FREEZE, why))

    def reclaim(self, number: str, why: str = "") -> NumberCard:
        """Take a number back. Its tenant's configuration of it is for the caller to remove."""
        card = self.move(number, Move.RECLAIM, why)
        self._box_changed()
        return card

    def restock(self, number: str, why: str = "") -> NumberCard:
        """Put a reclaimed number into stock again."""
        card = self.move(number, Move.RESTOCK, why)
        self._box_changed()
        return self.put(msgspec.structs.replace(card, vanity_class=self.book.classify(number)))

    def _served(self, card: NumberCard) -> NumberCard:
        tenant = self.root.tenants.get(card.tenant)
        if tenant is not None:
            self.root.version += 1
            tenant.version = self.root.version
        return card

    def _box_changed(self) -> None:
        self.root.version += 1
        self.root.box_version = self.root.version

    # what files and pages do to tenants' numbers

    def taken(self, number: str, tenant: str) -> None:
        """Follow a configuration in which a tenant has got a number; ``unavailable`` says which cannot be."""
        card = self.inventory.card(number)
        if card is not None and card.state in OWNED:
            if card.tenant != tenant:
                change = Change(
                    self.at, Move.HAND_OVER, card.state, self.by, f"{card.tenant} -> {tenant}", tenant
                )
                self.put(msgspec.structs.replace(card, tenant=tenant), change)
            return
        if card is None:
            self.take_in(number)
        elif card.state is NumberState.RECLAIMED:
            self.restock(number)  # planning refuses it, a restore does not
        # A file says itself what is agreed (``agreements``), or nothing: no contract follows from the offer.
        self.freed(number)
        self.move(number, Move.ACTIVATE, tenant=tenant)

    def given_up(self, number: str, tenant: str) -> None:
        """Follow a configuration in which a tenant has lost a number that nobody else got."""
        card = self.inventory.card(number)
        if card is not None and card.state in OWNED and card.tenant == tenant:
            self.reclaim(number)


def _not_offered(card: NumberCard) -> NotPossible:
    name = card.effective_class or "-"
    return NotPossible(
        f"{card.number} is not offered: set a minimum spend for class {name} or for the number first",
        f"{card.number} 暂不可办理：{name} 类未设置最低消费，请先为该分类或该号码设置",
    )


def unavailable(root: Root, at: float) -> dict[str, NumberState]:
    """Return the numbers that no configuration may give to a tenant, and why."""
    found = {
        number: state
        for state in (NumberState.APPLIED, NumberState.UNDER_REVIEW, NumberState.RECLAIMED)
        for number in root.inventory.in_state(state)
    }
    for number in root.inventory.in_state(NumberState.RESERVED):
        card = root.inventory.card(number)
        if card is not None and not has_expired(card, at):
            found[number] = card.state
    return found
