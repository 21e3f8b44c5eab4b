"""Tickets by the desk that serves them: heads, threads, what is due, and what finds them again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.tickets.ratings import Rating
from domain.tickets.settings import TicketSettings
from domain.tickets.ticket import OPERATOR, AskerKind, Entry, Ticket
from storage.models.document import Document
from storage.models.text_index import Text, TextIndex
from storage.records.call_id import key_of

_encode = msgspec.json.Encoder().encode
_ticket = msgspec.json.Decoder(Ticket).decode
_entry = msgspec.json.Decoder(Entry).decode
_rating = msgspec.json.Decoder(Rating).decode
_LAST: Final = b"\xff" * 16


class TicketSettingsDocument(Document[TicketSettings]):
    """A desk's settings."""

    TYPE = TicketSettings


class Threads(Persistent):  # type: ignore[misc]
    """Tickets as one side sees them: newest first, and by their words."""

    def __init__(self) -> None:
        self.keys: Any = OOBTree()
        """Key of the id, newest first -> id."""
        self.open: Any = OOBTree()
        """The same of those that are not closed."""
        self.index = TextIndex()
        """Id -> what this side may read."""

    def note(self, ticket: Ticket) -> None:
        """Keep where a ticket stands."""
        key = key_of(ticket.id)
        self.keys[key] = ticket.id
        if ticket.is_open:
            self.open[key] = ticket.id
        else:
            self.open.pop(key, None)


class TicketShelf(Threads):
    """Those that one desk serves."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = TicketSettingsDocument(TicketSettings())
        self.tickets: Any = OOBTree()
        """Id -> JSON of Ticket."""
        self.entries: Any = OOBTree()
        """Id and place in the thread (six digits) -> JSON of Entry."""
        self.last_number = 0
        self.due: Any = OOBTree()
        """When something is due (milliseconds, 14 digits) and id -> id; of open tickets."""
        self.causes: Any = OOBTree()
        """Cause of an open ticket -> its id."""
        self.of_mobile: Any = OOBTree()
        """(Number of the asker, key) -> id."""
        self.ratings: Any = OOBTree()
        """When (milliseconds, 14 digits) and id of ticket or conversation -> JSON of Rating."""

    def find(self, name: str) -> Ticket | None:
        """Return a ticket by its id, or None."""
        data = self.tickets.get(name)
        return None if data is None else _ticket(data)

    def put(self, ticket: Ticket) -> None:
        """Store a ticket as it is now."""
        before = self.find(ticket.id)
        if before is not None and before.due:
            self.due.pop(_due(before), None)
        self.tickets[ticket.id] = _encode(ticket)
        self.note(ticket)
        if ticket.is_open and ticket.due and not ticket.told:
            self.due[_due(ticket)] = ticket.id
        cause = ticket.source.cause
        if cause and ticket.is_open:
            self.causes[cause] = ticket.id
        elif cause and self.causes.get(cause) == ticket.id:
            del self.causes[cause]
        if ticket.asker.mobile:
            self.of_mobile[(ticket.asker.mobile, key_of(ticket.id))] = ticket.id

    def add_entry(self, ticket: Ticket, entry: Entry) -> None:
        """Store the latest entry of a ticket's thread."""
        self.entries[f"{ticket.id}{ticket.entries:06d}"] = _encode(entry)

    def thread(self, name: str) -> list[Entry]:
        """Return a thread, oldest first."""
        return [_entry(data) for data in self.entries.values(name, f"{name}~")]

    def open_ticket_of(self, cause: str) -> Ticket | None:
        """Return the open ticket that something made, or None."""
        name = self.causes.get(cause) if cause else None
        return None if name is None else self.find(name)

    def tickets_of(self, mobile: str) -> Iterator[Ticket]:
        """Yield what somebody asked, newest first."""
        if not mobile:
            return
        for name in self.of_mobile.values((mobile, b""), (mobile, _LAST)):
            found = self.find(name)
            if found is not None:
                yield found

    def due_by(self, now: float) -> list[Ticket]:
        """Return the open tickets with something due, longest first."""
        found = (self.find(name) for name in self.due.values(None, f"{int(now * 1000):014d}~"))
        return [ticket for ticket in found if ticket is not None]

    def add_rating(self, rating: Rating) -> None:
        """Keep a score for the figures."""
        self.ratings[f"{int(rating.at * 1000):014d}{rating.ticket or rating.conversation}"] = _encode(rating)

    def ratings_between(self, since: float, until: float) -> Iterator[Rating]:
        """Yield the scores of a time; the last moment is not part of it."""
        first, last = f"{int(since * 1000):014d}", f"{int(until * 1000):014d}"
        return (_rating(data) for data in self.ratings.values(first, last, excludemax=True))


class TicketBook(Persistent):  # type: ignore[misc]
    """Everybody's tickets."""

    def __init__(self) -> None:
        self.shelves: Any = OOBTree()
        """Desk -> TicketShelf."""
        self.asked: Any = OOBTree()
        """Tenant -> Threads: what he asked the operator."""
        self.codes: Any = OOBTree()
        """Code of a ticket -> (desk, id)."""

    def of(self, desk: str) -> TicketShelf:
        """Return a desk's shelf, made when it has none."""
        found: TicketShelf | None = self.shelves.get(desk)
        if found is None:
            found = self.shelves[desk] = TicketShelf()
        return found

    def read(self, desk: str) -> TicketShelf:
        """Return a desk's shelf to read; an empty one, that is not kept, when it has none."""
        found: TicketShelf | None = self.shelves.get(desk)
        return TicketShelf() if found is None else found

    def asked_by(self, tenant: str) -> Threads:
        """Return what a tenant asked the operator, to read."""
        found: Threads | None = self.asked.get(tenant)
        return Threads() if found is None else found

    def find(self, name: str, tenant: str) -> Ticket | None:
        """Return a ticket that a tenant serves or has asked; None for none of his."""
        found = self.read(tenant).find(name)
        if found is None:
            other = self.read(OPERATOR).find(name)
            found = other if other is not None and is_askers(other, tenant) else None
        return found

    def by_code(self, code: str) -> Ticket | None:
        """Return the ticket with a code, or None."""
        where = self.codes.get(code)
        return None if where is None else self.read(where[0]).find(where[1])

    def put(self, ticket: Ticket, entry: Entry) -> None:
        """Store a ticket after a step, the step, and by which words each side finds it."""
        shelf = self.of(ticket.desk)
        before = shelf.find(ticket.id)
        texts = _texts(before, shelf.thread(ticket.id)) if before is not None else (None, None)
        shelf.put(ticket)
        shelf.add_entry(ticket, entry)
        self.codes[ticket.code] = (ticket.desk, ticket.id)
        now = _texts(ticket, shelf.thread(ticket.id))
        shelf.index.put(ticket.id, now[0], texts[0])
        if ticket.desk == OPERATOR and ticket.asker.kind is AskerKind.TENANT:
            asked = self.asked.get(ticket.tenant)
            if asked is None:
                asked = self.asked[ticket.tenant] = Threads()
            asked.note(ticket)
            asked.index.put(ticket.id, now[1], texts[1])


def is_askers(ticket: Ticket, tenant: str) -> bool:
    """Tell whether a tenant asked it."""
    return ticket.asker.kind is AskerKind.TENANT and ticket.tenant == tenant


def _texts(ticket: Ticket, thread: list[Entry]) -> tuple[Text, Text]:
    """Return what the desk may find it by, and what its asker may."""
    asker = ticket.asker
    words = [f"T{ticket.number}", ticket.category, asker.name, asker.mobile, asker.email]
    every = [*words, ticket.by, *(entry.text for entry in thread)]
    shown = [*words, *(entry.text for entry in thread if not entry.internal)]
    return Text(ticket.subject, "\n".join(every)), Text(ticket.subject, "\n".join(shown))


def _due(ticket: Ticket) -> str:
    return f"{int(ticket.due * 1000):014d}{ticket.id}"
