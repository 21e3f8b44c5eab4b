"""Who is told of what happens to a ticket: the desk's people, the asker, the tenant's web servers."""

from __future__ import annotations

from typing import Any, Final

from domain.notices.kinds import NoticeKind
from domain.notices.ways import CallEvent, Recipients, recipients_of
from domain.tickets.ticket import OPERATOR, AskerKind, Entry, EntryKind, Ticket
from storage.models import Root
from storage.notices.outbox import Extra, tell, tell_alone
from storage.notices.webhooks import Happening, iso, put_happening

_TO_DESK: Final = {
    EntryKind.QUESTION: NoticeKind.TICKET,
    EntryKind.REOPENED: NoticeKind.TICKET,
}
_TO_ASKER: Final = {
    EntryKind.ANSWER: NoticeKind.TICKET_ANSWER,
    EntryKind.REMINDED: NoticeKind.TICKET_REMINDER,
    EntryKind.CLOSED: NoticeKind.TICKET_CLOSED,
}
_EVENTS: Final = {
    EntryKind.ANSWER: CallEvent.TICKET_ANSWERED,
    EntryKind.CLOSED: CallEvent.TICKET_CLOSED,
    EntryKind.RATED: CallEvent.TICKET_RATED,
    EntryKind.QUESTION: CallEvent.TICKET_ASKED,
    EntryKind.REOPENED: CallEvent.TICKET_ASKED,
}
EXCERPT: Final = 200


def tell_of(root: Root, ticket: Ticket, entry: Entry) -> None:
    """Put what follows from a step into the outbox, in the step's transaction."""
    cause = f"ticket:{ticket.id}:{ticket.entries}"
    if entry.kind in _TO_DESK:
        _tell_desk(root, _TO_DESK[entry.kind], ticket, entry.text, cause, entry.at)
    elif entry.kind in _TO_ASKER:
        _tell_asker(root, _TO_ASKER[entry.kind], ticket, entry, cause)
    event = _EVENTS.get(entry.kind)
    if event is not None and ticket.tenant:
        happening = Happening(
            event, ticket.tenant, ticket.id, entry.at, facts_of(ticket), "ticket", str(ticket.entries)
        )
        put_happening(root, happening, entry.at)


def tell_late(root: Root, ticket: Ticket, at: float) -> None:
    """Tell the desk that an answer is not there though it is due."""
    _tell_desk(root, NoticeKind.TICKET_LATE, ticket, "", f"ticket-late:{ticket.id}:{ticket.due}", at)


def facts_of(ticket: Ticket) -> dict[str, Any]:
    """Return what web servers and programs are told of a ticket."""
    return {
        "number": f"T{ticket.number}",
        "desk": "operator" if ticket.desk == OPERATOR else "tenant",
        "subject": ticket.subject,
        "category": ticket.category,
        "priority": ticket.priority,
        "state": ticket.state,
        "source": {"kind": ticket.source.kind, "ref": ticket.source.ref},
        "asker": {
            "kind": ticket.asker.kind,
            "name": ticket.asker.name,
            "mobile": ticket.asker.mobile,
            "email": ticket.asker.email,
        },
        "by": ticket.by,
        "opened": iso(ticket.opened),
        "due": iso(ticket.due) if ticket.due else None,
        "score": ticket.score or None,
    }


def link_of(root: Root, ticket: Ticket) -> str:
    """Return where the asker finds his ticket; empty: nobody said at which address the box is reached."""
    address = root.tickets.read(OPERATOR).settings.value.address.rstrip("/")
    if not address:
        return ""
    if ticket.asker.kind is AskerKind.TENANT:
        return f"{address}/t/{ticket.tenant}/support/{ticket.id}"
    place = f"help/{ticket.desk}" if ticket.desk else "help"
    return f"{address}/{place}/ticket?code={ticket.code}"


def _values(ticket: Ticket, text: str, link: str) -> dict[str, str]:
    asker = ticket.asker
    return {
        "ticket": f"T{ticket.number}",
        "subject": ticket.subject,
        "from": asker.name or asker.mobile or asker.email or "系统",
        "answer": text[:EXCERPT],
        "code": ticket.code,
        "link": link,
    }


def _tell_desk(root: Root, kind: NoticeKind, ticket: Ticket, text: str, cause: str, at: float) -> None:
    settings = root.tickets.read(ticket.desk).settings.value
    to = Extra(settings.mobiles, settings.emails)
    values = _values(ticket, text, "")
    if ticket.desk == OPERATOR:
        tell_alone(root, kind, "", cause, values, at, to)
    else:
        tell(root, kind, ticket.desk, cause, values, at, to)


def _tell_asker(root: Root, kind: NoticeKind, ticket: Ticket, entry: Entry, cause: str) -> None:
    asker = ticket.asker
    mobiles, emails = [asker.mobile] if asker.mobile else [], [asker.email] if asker.email else []
    model = root.tenants.get(ticket.tenant)
    if asker.kind is AskerKind.TENANT and model is not None:
        every: dict[str, Recipients] = dict(model.named("notices"))
        named = recipients_of(kind, every)
        mobiles += [each for each in named.mobiles if each not in mobiles]
        emails += [each for each in named.emails if each not in emails]
    values = _values(ticket, entry.text if entry.kind is EntryKind.ANSWER else "", link_of(root, ticket))
    tell_alone(root, kind, ticket.desk, cause, values, entry.at, Extra(tuple(mobiles), tuple(emails)))
