"""The book of notices: what waits to be sent, and what became of each delivery."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.notices.delivery import Delivery, DeliveryState
from storage.call_id import bound_of, key_of

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Delivery).decode

KEPT_SECONDS: Final = 93 * 86400.0
"""The log of a delivery is kept so long."""


class Watched(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a tenant was told of his account."""

    entries: int = 0
    """Entries of the account that were looked at."""
    low: bool = False
    """He was told that little is left, and has not recharged since."""
    arrears: bool = False


class NoticeBook(Persistent):  # type: ignore[misc]
    """Everybody's notices and webhooks. Who tells puts deliveries in; the process ``notices`` sends them."""

    def __init__(self) -> None:
        self.tenants: Any = OOBTree()
        """Tenant -> OOBTree: key of the id, newest first -> JSON of Delivery."""
        self.due: Any = OOBTree()
        """When it is due (milliseconds, 14 digits) and id -> tenant; of those that wait."""
        self.causes: Any = OOBTree()
        """Cause and recipient -> when it was told; so nobody is told twice."""
        self.watched: Any = OOBTree()
        """Tenant -> JSON of Watched."""
        self.place: tuple[int, int] = (0, 0)
        """Where the journal must be read from for webhooks."""
        self.awaited: Any = OOBTree()
        """Call whose recording webhooks wait for -> JSON of what they are told."""

    def add(self, delivery: Delivery) -> bool:
        """Put one in; False when its cause was told its recipient already."""
        cause = f"{delivery.cause}|{delivery.channel}|{delivery.to}"
        if cause in self.causes:
            return False
        self.causes[cause] = delivery.made
        self.put(delivery)
        return True

    def put(self, delivery: Delivery) -> None:
        """Store a delivery as it is now."""
        book = self.tenants.get(delivery.tenant)
        if book is None:
            book = self.tenants[delivery.tenant] = OOBTree()
        key = key_of(delivery.id)
        before = book.get(key)
        if before is not None:
            self.due.pop(_due(_decode(before)), None)
        book[key] = _encode(delivery)
        if delivery.state is DeliveryState.WAITING:
            self.due[_due(delivery)] = delivery.tenant

    def find(self, name: str, tenant: str | None = None) -> Delivery | None:
        """Return a delivery by its id, or None."""
        key = key_of(name)
        for owner in [tenant] if tenant is not None else list(self.tenants):
            data = self.tenants.get(owner, {}).get(key)
            if data is not None:
                return _decode(data)
        return None

    def due_by(self, now: float, most: int) -> list[Delivery]:
        """Return what is due, longest first."""
        found = []
        for key, tenant in self.due.items(None, f"{int(now * 1000):014d}~"):
            delivery = self.find(key[14:], tenant)
            if delivery is not None:
                found.append(delivery)
            if len(found) == most:
                break
        return found

    def newest_first(self, tenant: str | None = None) -> Iterator[Delivery]:
        """Yield the deliveries of a tenant, or of all."""
        books = [self.tenants[tenant]] if tenant in self.tenants else []
        if tenant is None:
            books = list(self.tenants.values())
        for _, data in heapq.merge(*(book.items() for book in books)):
            yield _decode(data)

    def tidy(self, now: float) -> int:
        """Forget what was made long ago; return how many deliveries went."""
        before, gone = now - KEPT_SECONDS, 0
        for book in self.tenants.values():
            for key, data in list(book.items(bound_of(before))):
                self.due.pop(_due(_decode(data)), None)
                del book[key]
                gone += 1
        for cause in [cause for cause, made in self.causes.items() if made < before]:
            del self.causes[cause]
        return gone


def _due(delivery: Delivery) -> str:
    return f"{int(delivery.due * 1000):014d}{delivery.id}"
