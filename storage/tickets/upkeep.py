"""What time does to tickets: answers that are late, reminders, closing after them."""

from __future__ import annotations

from typing import Any

from domain.analysis.service import Asked, Service
from domain.tickets import rules
from domain.tickets.ticket import TicketState
from storage.models import Root
from storage.tickets.desk import move
from storage.tickets.telling import tell_late


def tickets_due(root: Root, now: float) -> bool:
    """Tell whether :func:`look_after` would find anything to do."""
    last = f"{int(now * 1000):014d}~"
    return any(_has_key(shelf.due, last) for shelf in root.tickets.shelves.values())


def _has_key(due: Any, last: str) -> bool:
    return bool(due) and due.minKey() <= last


def look_after(root: Root, now: float) -> int:
    """Do what is due; return how many tickets it was."""
    count = 0
    for desk, shelf in root.tickets.shelves.items():
        for ticket in shelf.due_by(now):
            count += 1
            if ticket.waits_for_desk:
                tell_late(root, ticket, now)
                if not ticket.late:
                    root.service.count(desk, now, Service(tickets=Asked(late=1)), ticket.id)
                shelf.put(rules.found_late(ticket))
            elif ticket.state is TicketState.ANSWERED and not ticket.reminded:
                move(root, desk, ticket.id, lambda each, terms: rules.reminded(each, now, terms))
            else:
                move(root, desk, ticket.id, lambda each, _: rules.waited_out(each, now))
    return count
