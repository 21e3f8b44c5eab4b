"""Missed calls of tenants, and the notices that wait to be sent. The ledger adds, people claim and close."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.customers.missed import (
    BURST_SECONDS,
    Closed,
    MissedCall,
    MissedItem,
    Notice,
    begun,
    called_back,
    closed,
    is_missed,
    merged,
)
from domain.outcomes import Outcome
from storage.records.call_id import key_of
from storage.records.record import CallRecord

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(MissedItem).decode
_decode_notice = msgspec.json.Decoder(Notice).decode
KEPT_SECONDS: Final = 93 * 86400.0
"""An item is kept so long: as long as its records can be looked up by the tenant."""
NOTICE_SECONDS: Final = 2 * 86400.0
"""A notice is worth sending so long."""


class MissedCalls(Persistent):  # type: ignore[misc]
    """One tenant's."""

    def __init__(self) -> None:
        self.items: Any = OOBTree()
        """Key of the first call (newest first) -> JSON of MissedItem."""
        self.open: Any = OOBTree()
        """Caller -> id of his open item."""

    def find(self, name: str) -> MissedItem | None:
        """Return an item by its id, or None."""
        data = self.items.get(key_of(name))
        return None if data is None else _decode(data)

    def newest_first(self) -> Iterator[MissedItem]:
        """Yield all items."""
        return (_decode(data) for data in self.items.values())

    def put(self, item: MissedItem) -> None:
        """Store an item as it is now."""
        self.items[key_of(item.id)] = _encode(item)
        if not item.caller:
            return
        if item.is_open:
            self.open[item.caller] = item.id
        elif self.open.get(item.caller) == item.id:
            del self.open[item.caller]

    def open_item(self, caller: str) -> MissedItem | None:
        """Return the open item of a caller, or None."""
        name = self.open.get(caller) if caller else None
        return None if name is None else self.find(name)

    def drop(self, before: float) -> None:
        """Forget items whose last call was before a moment, whatever became of them."""
        for item in [item for item in self.newest_first() if item.last < before]:
            del self.items[key_of(item.id)]
            if self.open.get(item.caller) == item.id:
                del self.open[item.caller]


class MissedBook(Persistent):  # type: ignore[misc]
    """Everybody's missed calls, and the outbox."""

    def __init__(self) -> None:
        self.tenants: Any = OOBTree()
        """Tenant id -> MissedCalls."""
        self.outbox: Any = OOBTree()
        """Key -> JSON of Notice."""

    def take(self, records: Iterable[CallRecord]) -> None:
        """Learn from records, in the transaction that stores them: each is taken once."""
        for record in records:
            if record.tenant is None or record.extension is not None:  # colleagues call each other
                continue
            if record.direction:
                self._called_back(record.tenant, record)
            elif record.bridge_ms is not None:
                self._reached(record.tenant, record)
            elif is_missed(record.outcome):
                self._missed(record.tenant, record)

    def tidy(self, now: float) -> None:
        """Forget what happened long ago, and notices that nobody sent in time."""
        for book in self.tenants.values():
            book.drop(now - KEPT_SECONDS)
        for notice in self.notices():
            if notice.at < now - NOTICE_SECONDS:
                del self.outbox[notice.key]

    def notices(self) -> list[Notice]:
        """Return what waits to be sent, in the order of keys."""
        return [_decode_notice(data) for data in self.outbox.values()]

    def _missed(self, tenant: str, record: CallRecord) -> None:
        book = self.tenants.get(tenant)
        if book is None:
            book = self.tenants[tenant] = MissedCalls()
        number = record.number or record.called
        call = MissedCall(
            record.id, number, record.caller, round(record.end, 3), record.outcome, bool(record.message)
        )
        known = book.open_item(call.caller)
        item = begun(call) if known is None else merged(known, call)
        book.put(item)
        self._tell(tenant, item, call, record.message, known)

    def _tell(
        self, tenant: str, item: MissedItem, call: MissedCall, box: str, known: MissedItem | None
    ) -> None:
        """Put a notice into the outbox, or count the call in the one of its burst."""
        if not box and known is not None and call.at - known.last < BURST_SECONDS:
            waiting = [f"missed:{name}" for name in reversed(known.calls)]
            key = next((key for key in waiting if key in self.outbox), None)
            if key is not None:
                notice = _decode_notice(self.outbox[key])
                self.outbox[key] = _encode(msgspec.structs.replace(notice, count=notice.count + 1))
            return
        key = f"{'message' if box else 'missed'}:{call.id}"
        notice = Notice(key, tenant, item.id, call.number, call.caller, call.at, call.outcome, box)
        self.outbox[key] = _encode(notice)

    def _reached(self, tenant: str, record: CallRecord) -> None:
        book = self.tenants.get(tenant)
        item = None if book is None else book.open_item(record.caller)
        if item is not None and record.start + (record.bridge_ms or 0) / 1000 > item.last:
            by, at = record.answered_by, round(record.end, 3)
            book.put(closed(item, Closed.REACHED_US, by, at))

    def _called_back(self, tenant: str, record: CallRecord) -> None:
        book = self.tenants.get(tenant)
        if book is None:
            return
        item = book.find(record.contact) or book.open_item(record.caller)
        if item is not None:
            outcome = Outcome.ANSWERED if record.bridge_ms is not None else record.outcome
            book.put(called_back(item, record.agent, round(record.end, 3), outcome))
