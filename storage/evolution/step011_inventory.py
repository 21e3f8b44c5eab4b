"""Give the box an inventory of numbers; those that tenants have already are on it as active."""

from __future__ import annotations

import time
from typing import Any

from domain.numbers.lifecycle import Change, Move, NumberCard, NumberState
from domain.numbers.numbering import NumberBook
from storage.models.inventory import Inventory
from storage.models.root import ROOT_KEY


def run(mapping: Any) -> None:
    """Add what is not there."""
    root = mapping[ROOT_KEY]
    if "inventory" not in root.__dict__:
        root.inventory = Inventory()
    book, now = NumberBook(), time.time()
    for number, tenant in root.numbers.items():
        if number in root.inventory.cards:
            continue
        state = NumberState.ACTIVE
        card = NumberCard(number, book.classify(number), state, now, tenant=tenant)
        change = Change(now, Move.ACTIVATE, state, "box400", "in use before there was an inventory", tenant)
        root.inventory.put(card, book.offer(card).minimum_li, change)
