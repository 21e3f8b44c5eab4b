"""Open tickets and move them on, with all that follows: the thread, indexes, notices, webhooks, figures.

Whoever has a reason to open a ticket calls :func:`open_ticket` in the transaction in which it happens.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from domain.customers import timeline
from domain.customers.timeline import mail_stream, number_stream
from domain.days.calendar import Calendar
from domain.tickets import rules
from domain.tickets.ratings import Rating
from domain.tickets.rules import Done, Wanted
from domain.tickets.settings import Terms, TicketSettings
from domain.tickets.ticket import (
    Asker,
    AskerKind,
    EntryKind,
    Priority,
    Source,
    SourceKind,
    Ticket,
)
from storage.models import Root
from storage.notices.outbox import new_id
from storage.reports.service_counts import count_entry
from storage.tickets.telling import tell_of

CODE_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH: Final = 12
"""58 bits: nobody guesses one."""


class TicketGone(Exception):
    """There is no such ticket, or none of his."""


def new_code() -> str:
    """Return by which an asker finds his ticket: ``K7QM-2FHX-94TR``."""
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    return "-".join(letters[place : place + 4] for place in range(0, CODE_LENGTH, 4))


def settings_of(root: Root, desk: str) -> TicketSettings:
    """Return a desk's settings."""
    found: TicketSettings = root.tickets.read(desk).settings.value
    return found


def terms_of(root: Root, desk: str) -> Terms:
    """Return a desk's settings with its calendar."""
    calendar = Calendar(root.box.value.calendar)
    model = root.tenants.get(desk)
    if model is not None:
        calendar = calendar.with_days(model.config.value.days)
    return Terms(settings_of(root, desk), calendar)


def open_ticket(root: Root, wanted: Wanted, at: float) -> Ticket:
    """Open a ticket; what makes a ticket that is still open adds to it. Raises NotPossible.

    ``at``: UTC POSIX seconds.
    """
    shelf = root.tickets.of(wanted.desk)
    held = shelf.open_ticket_of(wanted.source.cause)
    terms = terms_of(root, wanted.desk)
    if held is not None:
        done = rules.asked(held, wanted.text, wanted.files, at, terms)
    else:
        shelf.last_number += 1
        done = rules.opened(wanted, new_id(at), shelf.last_number, new_code(), at, terms)
    return _keep(root, done, held)


def move(root: Root, desk: str, name: str, step: Callable[[Ticket, Terms], Done]) -> Ticket:
    """Take a ticket of a desk a step further (``domain.tickets.rules``); raises TicketGone, NotPossible."""
    ticket = root.tickets.read(desk).find(name)
    if ticket is None:
        raise TicketGone(name)
    return _keep(root, step(ticket, terms_of(root, desk)), ticket)


def _keep(root: Root, done: Done, before: Ticket | None) -> Ticket:
    ticket, entry = done
    root.tickets.put(ticket, entry)
    late = ticket.late and before is not None and not before.late
    count_entry(root, ticket, entry, first=before is None, late=late)
    tell_of(root, ticket, entry)
    _on_timeline(root, ticket)
    if entry.kind is EntryKind.RATED:
        shelf = root.tickets.of(ticket.desk)
        shelf.add_rating(
            Rating(
                entry.at, ticket.score, ticket=ticket.id, agent=ticket.by, category=ticket.category,
                comment=ticket.comment,
            )
        )  # fmt: skip
        if 0 < ticket.score <= settings_of(root, ticket.desk).low_score:
            _of_low_score(root, ticket, entry.at)
    return ticket


def _on_timeline(root: Root, ticket: Ticket) -> None:
    """Let the customer's timeline show a ticket as it stands."""
    asker = ticket.asker
    if not ticket.desk or not (asker.mobile or asker.email):
        return
    streams = [number_stream(asker.mobile)] if asker.mobile else []
    streams += [mail_stream(asker.email)] if asker.email else []
    told = timeline.Entry(
        ticket.opened, timeline.EntryKind.TICKET, ticket.id, "in", ticket.by, asker.mobile or asker.email,
        text=f"T{ticket.number} {ticket.subject}", state=ticket.state,
    )  # fmt: skip
    root.timelines.of(ticket.desk).put(streams, told)


def _of_low_score(root: Root, rated: Ticket, at: float) -> None:
    """Let somebody ask why: a ticket of the desk itself."""
    text = f"工单 T{rated.number}“{rated.subject}”被评为 {rated.score} 分。{rated.comment}".strip()
    open_ticket(
        root,
        Wanted(
            rated.desk, rated.tenant, Asker(AskerKind.BOX), f"低分回访：T{rated.number}", text,
            Source(SourceKind.RATING, f"ticket-{rated.id}"), rated.category, Priority.HIGH,
        ),
        at,
    )  # fmt: skip
