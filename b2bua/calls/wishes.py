"""Places kept in queues: who wished to be called back, and since when. Survives a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from domain.customers.contact import Contact

LONGEST_SECONDS = 86400.0
"""A wish older than this is dropped at the start: who waited a day is in the list of missed calls."""


class Wish(msgspec.Struct, frozen=True):
    """One place kept (排队回拨)."""

    contact: Contact
    queue: str
    since: float
    """UTC POSIX seconds when the caller joined the queue: his place."""
    priority: int = 0
    """Of his place, as the queue counts it."""
    tries: int = 0
    """Times he could not be called back for reasons of ours, such as a trunk that was down."""


def _forget(content: bytes) -> None:
    """Keep nothing; for tests and boxes without queues."""


class WishList:
    """The wishes of the box; each change is told to ``save`` as a whole."""

    def __init__(self, kept: Iterable[Wish] = (), save: Callable[[bytes], None] = _forget) -> None:
        self._wishes = {wish.contact.id: wish for wish in kept}
        self._save = save

    def put(self, wish: Wish) -> None:
        """Add a wish, or change the one of the same contact."""
        self._wishes[wish.contact.id] = wish
        self._save(encode(self._wishes.values()))

    def remove(self, contact: str) -> Wish | None:
        """Take a contact's wish off the list: it is fulfilled, or he has called again."""
        wish = self._wishes.pop(contact, None)
        if wish is not None:
            self._save(encode(self._wishes.values()))
        return wish

    def find(self, contact: str) -> Wish | None:
        """Return a contact's wish."""
        return self._wishes.get(contact)

    def of_queue(self, tenant: str, queue: str) -> list[Wish]:
        """Return a queue's wishes, the place that comes first at the front."""
        found = [
            wish for wish in self._wishes.values() if (wish.contact.tenant, wish.queue) == (tenant, queue)
        ]
        return sorted(found, key=lambda wish: (-wish.priority, wish.since))

    def of_caller(self, tenant: str, caller: str) -> list[Wish]:
        """Return the wishes of a caller, who may call again meanwhile."""
        return [
            wish
            for wish in self._wishes.values()
            if (wish.contact.tenant, wish.contact.caller) == (tenant, caller)
        ]


def encode(wishes: Iterable[Wish]) -> bytes:
    """Write wishes as JSON."""
    return msgspec.json.encode(list(wishes))


def decode(content: bytes, utc: float) -> list[Wish]:
    """Read wishes that are not too old; raises msgspec.DecodeError for what is none."""
    wishes = msgspec.json.decode(content, type=list[Wish])
    return [wish for wish in wishes if utc - wish.since < LONGEST_SECONDS]
