"""The book of notices: what waits to be sent, and what became of each delivery."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.notices.delivery import Delivery, DeliveryState, Receipt, reported
from storage.records.call_id import bound_of, key_of

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Delivery).decode

REPORTS_SECONDS: Final = 7 * 86400.0
"""A carrier's report on an SMS is waited for so long; messages live three days at most."""
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
        self.unreported: Any = OOBTree()
        """(Gateway, its id of an SMS) -> (tenant, delivery, when it was sent), until its carrier reports."""

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

    def await_report(self, delivery: Delivery) -> None:
        """Note that a carrier will say what became of an SMS just sent."""
        for name in delivery.note.split():
            self.unreported[delivery.by, name] = (delivery.tenant, delivery.id, delivery.at)

    def report(self, receipt: Receipt) -> bool:
        """Store a carrier's report; False when no SMS is known by it.

        A long text has reached the phone when all its SMS have, and has not as soon as one has not.
        """
        known = next((key for key in _keys(receipt) if key in self.unreported), None)
        if known is None:
            return False
        tenant, name, _ = self.unreported[known]
        if receipt.state is None:
            return True
        del self.unreported[known]
        delivery = self.find(name, tenant)
        if delivery is None or delivery.state is not DeliveryState.SENT:
            return True
        others = any((receipt.gateway, each) in self.unreported for each in delivery.note.split())
        if receipt.state is DeliveryState.UNDELIVERED or not others:
            self.put(reported(delivery, receipt))
        return True

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
        for key in [key for key, (_, _, at) in self.unreported.items() if at < now - REPORTS_SECONDS]:
            del self.unreported[key]
        return gone


def _due(delivery: Delivery) -> str:
    return f"{int(delivery.due * 1000):014d}{delivery.id}"


def _keys(receipt: Receipt) -> Iterator[tuple[str, str]]:
    """Yield how the SMS of a report may be kept: centres name it in hexadecimal first, in decimal later."""
    names = [receipt.id, receipt.id.lower(), receipt.id.upper(), receipt.id.lstrip("0")]
    if re.fullmatch(r"[0-9]{1,20}", receipt.id, re.ASCII):
        names += [f"{int(receipt.id):x}", f"{int(receipt.id):X}", f"{int(receipt.id):08X}"]
    if re.fullmatch(r"[0-9A-Fa-f]{1,16}", receipt.id, re.ASCII):
        names += [str(int(receipt.id, 16)), f"{int(receipt.id, 16):010}"]
    return ((receipt.gateway, name) for name in names)
