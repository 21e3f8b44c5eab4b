"""Missed calls as things to do at a desk: listed, called back with one click, closed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Final, NamedTuple

from b2bua.control import Begun, CallBack
from domain.desk import ContactCard
from domain.missed import Closed, MissedItem, claimed, closed
from storage.models import Root
from webui.services.box import BoxServices
from webui.services.desk import Desk, hide

SHOWN: Final = 30


class NoItem(Exception):
    """There is no such item of this tenant's."""


class ToDo(NamedTuple):
    """An item as an agent sees it."""

    item: MissedItem
    told: str
    """The caller, masked if need be."""
    card: ContactCard | None


def listed(root: Root, desk: Desk) -> tuple[list[ToDo], int]:
    """Return what is to be done, newest first, the agent's own before; and how many there are."""
    book = root.missed.tenants.get(desk.tenant)
    items = [] if book is None else [item for item in book.newest_first() if item.is_open]
    free = [item for item in items if item.claimed_by in ("", desk.agent)]
    free.sort(key=lambda item: (item.claimed_by != desk.agent, -item.last))
    held = root.desk.find(desk.tenant)
    settings = held.settings.value
    return [
        ToDo(item, hide(item.caller, settings, desk), held.card_of(item.caller))
        for item in islice(free, SHOWN)
    ], len(free)


def call_back(services: BoxServices, desk: Desk, name: str, target: str) -> str:
    """Claim an item and ring the agent's phone, then the caller; return the call.

    Raises NoItem, missed.NotPossible, ControlFailed, ControlDown.
    """
    now = services.now()
    _change(services, desk, name, lambda item: claimed(item, desk.agent, now) if item.is_open else item)
    return services.ask(CallBack(desk.tenant, name, target), Begun, timeout=20.0).call


def close(services: BoxServices, desk: Desk, name: str, note: str) -> None:
    """Close an item; raises NoItem, missed.NotPossible."""
    now = services.now()
    _change(services, desk, name, lambda item: closed(item, Closed.BY_HAND, desk.agent, now, note))


def _change(services: BoxServices, desk: Desk, name: str, change: Callable[[MissedItem], MissedItem]) -> None:
    def work(root: Root) -> None:
        book = root.missed.tenants.get(desk.tenant)
        found = None if book is None else book.find(name)
        if book is None or found is None:
            raise NoItem(name)
        book.put(change(found))

    services.change(work, "missed")
