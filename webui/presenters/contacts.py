"""Entries of a customer's timeline as people read them."""

from __future__ import annotations

from typing import Final, NamedTuple

from domain.customers.timeline import Entry, EntryKind
from webui.presenters.formats import outcome_colour, outcome_words
from webui.presenters.texts import N_, Texts

_TITLES: Final = {
    (EntryKind.CALL, "in"): N_("Call"),
    (EntryKind.CALL, "out"): N_("Called back"),
    (EntryKind.MESSAGE, "in"): N_("Left a message"),
    (EntryKind.SMS, "in"): N_("SMS received"),
    (EntryKind.SMS, "out"): N_("SMS sent"),
    (EntryKind.MAIL, "in"): N_("E-mail received"),
    (EntryKind.MAIL, "out"): N_("E-mail sent"),
    (EntryKind.TICKET, ""): N_("Ticket"),
    (EntryKind.NOTE, ""): N_("Note"),
}
_CHANGES: Final = {
    "added": N_("Customer added"),
    "merged": N_("Merged with {who}"),
    "owner": N_("Owner changed to {who}"),
    "followed-up": N_("Followed up"),
}
_TICKETS: Final = {
    "open": N_("to be dealt with"),
    "working": N_("being dealt with"),
    "answered": N_("answered, not confirmed"),
    "closed": N_("closed"),
}
_ICONS: Final = {
    EntryKind.CALL: "phone",
    EntryKind.MESSAGE: "message",
    EntryKind.SMS: "message",
    EntryKind.MAIL: "list-details",
    EntryKind.TICKET: "checklist",
    EntryKind.NOTE: "pencil",
    EntryKind.CHANGE: "user-check",
}


class EntryShown(NamedTuple):
    """How an entry looks."""

    title: str
    icon: str
    badge: str
    """Empty: none."""
    colour: str
    text: str


def entry_shown(texts: Texts, entry: Entry) -> EntryShown:
    """Return how an entry looks."""
    icon = (
        "phone-outgoing" if (entry.kind, entry.direction) == (EntryKind.CALL, "out") else _ICONS[entry.kind]
    )
    if entry.kind is EntryKind.CHANGE:
        title = texts(_CHANGES.get(entry.state, entry.state), who=entry.text)
        return EntryShown(title, icon, "", "plain", entry.text if entry.state == "followed-up" else "")
    title = texts(_TITLES.get((entry.kind, entry.direction)) or _TITLES.get((entry.kind, "")) or entry.kind)
    if entry.kind in (EntryKind.CALL, EntryKind.MESSAGE):
        return EntryShown(
            title, icon, outcome_words(texts, entry.state), outcome_colour(entry.state), entry.text
        )
    state = texts(_TICKETS.get(entry.state, entry.state)) if entry.kind is EntryKind.TICKET else entry.state
    return EntryShown(title, icon, state, "plain", entry.text)
