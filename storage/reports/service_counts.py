"""Count conversations and tickets for reports, in the transaction in which something happens to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain.analysis.service import Asked, Service, Written, of_way
from domain.customers.conversation import Conversation, ConversationState, Text
from domain.tickets.ticket import Entry, EntryKind, Ticket
from storage.models import Root

_STEPS = {
    EntryKind.ANSWER: Asked(answers=1),
    EntryKind.CLOSED: Asked(closed=1),
    EntryKind.REOPENED: Asked(reopened=1),
}


def count_written(
    root: Root, tenant: str, conversation: Conversation, at: float, written: Written, text: str = ""
) -> None:
    """Count what happened to a conversation; ``text`` is the id of the text that it was."""
    root.service.count(tenant, at, of_way(conversation.way, written), _what(conversation, text))


def _what(conversation: Conversation, text: str) -> str:
    return f"{conversation.id}/{text}" if text else conversation.id


def of_answer(texts: Iterable[Text], at: float) -> Written:
    """Return what an answer counts for, by the texts before it, newest first."""
    since = 0.0
    for text in texts:
        if text.direction == "out" and not text.auto:
            break
        if text.direction == "in":
            since = text.at
    return (
        Written(answers=1, replied=1, waited_ms=max(0, round((at - since) * 1000)))
        if since
        else Written(answers=1)
    )


def count_entry(root: Root, ticket: Ticket, entry: Entry, *, first: bool, late: bool) -> None:
    """Count what happened to a ticket; ``first``: it was opened, ``late``: it has become so."""
    asked = _of_entry(ticket, entry, first=first, late=late)
    root.service.count(ticket.desk, entry.at, Service(tickets=asked), ticket.id)


def _of_entry(ticket: Ticket, entry: Entry, *, first: bool, late: bool) -> Asked:
    step = Asked(opened=1) if first else _STEPS.get(entry.kind, Asked())
    if entry.kind is EntryKind.RATED:
        step = Asked(rated=1, points=int(entry.text[:1]))
    return step + Asked(late=1) if late else step


def counted_anew(root: Root) -> Iterator[tuple[str, float, Service, str]]:
    """Yield desk, moment, count and what it was, of all that is kept: of a box of before, and for tests.

    When a conversation was closed, or a ticket became late, is not kept: its latest moment stands for it.
    """
    for tenant, book in root.conversations.tenants.items():
        for _, conversation in book.newest_first():
            texts = list(book.texts_of(conversation.id))
            yield tenant, conversation.made, of_way(conversation.way, Written(begun=1)), conversation.id
            if conversation.state is ConversationState.CLOSED:
                yield tenant, conversation.at, of_way(conversation.way, Written(closed=1)), conversation.id
            for place, text in enumerate(texts):
                if text.direction == "in":
                    written = Written(received=1)
                elif text.direction == "out":
                    written = Written(automatic=1) if text.auto else of_answer(texts[place + 1 :], text.at)
                else:
                    continue
                yield tenant, text.at, of_way(conversation.way, written), _what(conversation, text.id)
    for desk, shelf in root.tickets.shelves.items():
        for name in shelf.keys.values():
            ticket = shelf.find(name)
            if ticket is None:
                continue
            for place, entry in enumerate(shelf.thread(name)):
                asked = _of_entry(ticket, entry, first=not place, late=False)
                yield desk, entry.at, Service(tickets=asked), ticket.id
            if ticket.late:
                yield desk, ticket.updated, Service(tickets=Asked(late=1)), ticket.id
