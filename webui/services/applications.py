"""Operators' work on applications, for pages and command line alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from domain.numbers.application import Document, Paper
from domain.numbers.lifecycle import NumberCard
from domain.numbers.numbering import NumberBook
from storage.models import Root
from storage.models.web import AuditEntry
from storage.notices.outbox import new_id
from storage.numbers.applications import Counter
from storage.numbers.desk import NumberDesk
from storage.numbers.pack import make_pack
from webui.services.box import BoxServices
from webui.services.numbers import change

T = TypeVar("T")

LEFT_OVER: Final = 86400.0
"""A file that nobody names after this time was left by something that failed."""


def at_counter(services: BoxServices, work: Callable[[Counter], T], entry: AuditEntry, after: str = "") -> T:
    """Do something at the counter; raises NotPossible and StoreDown."""
    done, _ = change(services, lambda desk: work(Counter(desk)), entry, after)
    return done


def add_document(
    services: BoxServices,
    number: str,
    paper: Paper,
    name: str,
    content: bytes,
    facts: dict[str, Any],
    entry: AuditEntry,
) -> Document:
    """Store a file and put it to the papers; raises NotPossible and StoreDown."""
    documents, now = services.recordings.documents(), services.now()
    services.read(lambda root: Counter(NumberDesk(root, now, entry.who)).require_open(number))
    filed = documents.add(content, now)
    document = at_counter(
        services, lambda counter: counter.add(number, paper, name, filed, **facts), entry, f"{paper} {name}"
    )
    documents.sweep(services.read(_named), new_id(now - LEFT_OVER))
    return document


def _named(root: Root) -> list[str]:
    papers = [
        document.id for application in root.inventory.all_applications() for document in application.documents
    ]
    return papers + root.inspection.files()


def pack_of(services: BoxServices, number: str, entry: AuditEntry) -> bytes:
    """Return the pack for the carrier, and note that it was made; raises NotPossible and StoreDown."""

    def read(root: Root) -> tuple[Any, NumberCard, NumberBook, Any]:
        desk = NumberDesk(root, services.now(), entry.who)
        return Counter(desk).of(number), desk.card(number), desk.book, desk.today

    application, card, book, today = services.read(read)
    pack = make_pack(application, card, book, services.recordings.documents(), today)
    services.audit(entry)
    return pack
