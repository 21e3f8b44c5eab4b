"""Missed calls as an agent finds them at his desk; what is done with them is in ``missed``."""

from __future__ import annotations

from itertools import islice
from typing import Final, NamedTuple

from domain.customers.customer import Customer
from domain.customers.missed import MissedItem
from storage.models import Root
from webui.services.desk import Desk, hide

SHOWN: Final = 30


class ToDo(NamedTuple):
    """An item as an agent sees it."""

    item: MissedItem
    told: str
    """The caller, masked if need be."""
    customer: Customer | None


def listed(root: Root, desk: Desk) -> tuple[list[ToDo], int]:
    """Return what is to be done, newest first, the agent's own before; and how many there are."""
    book = root.missed.tenants.get(desk.tenant)
    items = [] if book is None else [item for item in book.newest_first() if item.is_open]
    free = [item for item in items if item.claimed_by in ("", desk.agent)]
    free.sort(key=lambda item: (item.claimed_by != desk.agent, -item.last))
    customers = root.customers.find(desk.tenant)
    settings = root.desk.find(desk.tenant).settings.value
    return [
        ToDo(item, hide(item.caller, settings, desk), customers.of_number(item.caller))
        for item in islice(free, SHOWN)
    ], len(free)
