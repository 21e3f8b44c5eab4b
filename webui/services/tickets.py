"""工单 for the pages and the API: lists, threads, what people do, what a ticket may be opened from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from domain.refusal import NotPossible
from domain.tickets.rules import Done, Wanted
from domain.tickets.settings import Terms
from domain.tickets.ticket import MOST_FILES, OPERATOR, Entry, File, Priority, Ticket, TicketState
from storage.models import Root
from storage.models.tickets import Threads, TicketShelf, is_askers
from storage.models.web import AuditEntry
from storage.numbers.documents import SUFFIXES
from storage.records.call_id import key_of
from storage.tickets import TicketGone, move, open_ticket
from webui.services.box import BoxServices

ROWS: Final = 50
MOST_FOUND: Final = 500
"""Tickets that a search looks through."""
MOST_LOOKED_AT: Final = 20_000
STATES: Final = ("open", "mine", "late", "waiting", "answered", "closed", "all")
"""Ways to look at a list: not closed, one's own, late, waiting for the desk, waiting for the asker ..."""


class Filter(NamedTuple):
    """What is looked for; empty: everything."""

    state: str = "open"
    text: str = ""
    category: str = ""
    priority: str = ""
    by: str = ""
    """Who asks for the list; of ``mine``."""

    def takes(self, ticket: Ticket, now: float) -> bool:
        """Tell whether a ticket is looked for."""
        if self.category not in ("", ticket.category) or self.priority not in ("", ticket.priority):
            return False
        if self.state == "mine":
            return ticket.is_open and ticket.by == self.by
        if self.state == "late":
            return ticket.waits_for_desk and now > ticket.due
        if self.state == "waiting":
            return ticket.waits_for_desk
        if self.state in ("answered", "closed"):
            return ticket.state == self.state
        return self.state == "all" or ticket.is_open


class Page(NamedTuple):
    """A page of a list, newest first."""

    rows: list[Ticket]
    next: str
    """Id after which the next page begins; empty: there is none."""


class Counts(NamedTuple):
    """How many tickets of a desk wait."""

    waiting: int
    late: int
    answered: int


def listing(
    root: Root, threads: Threads, desk: str, wanted: Filter, now: float, after: str = "", most: int = ROWS
) -> Page:
    """Return what is looked for, older than the ticket ``after``."""
    shelf = root.tickets.read(desk)
    rows: list[Ticket] = []
    for scanned, name in enumerate(_names(threads, wanted, after)):
        ticket = shelf.find(name)
        if scanned == MOST_LOOKED_AT or len(rows) == most:
            return Page(rows, rows[-1].id if rows else "")
        if ticket is not None and wanted.takes(ticket, now):
            rows.append(ticket)
    return Page(rows, "")


def _names(threads: Threads, wanted: Filter, after: str) -> Iterator[str]:
    if wanted.text:
        found = sorted(threads.index.search(wanted.text, MOST_FOUND), reverse=True)
        return (name for name in found if not after or name < after)
    tree = threads.keys if wanted.state in ("all", "closed") else threads.open
    return iter(tree.values(key_of(after), excludemin=True) if after else tree.values())


def counts(root: Root, desk: str, now: float) -> Counts:
    """Return how many wait."""
    shelf = root.tickets.read(desk)
    found = [ticket for name in shelf.open.values() if (ticket := shelf.find(name)) is not None]
    return Counts(
        sum(each.waits_for_desk for each in found),
        sum(each.waits_for_desk and now > each.due for each in found),
        sum(each.state is TicketState.ANSWERED for each in found),
    )


def served(root: Root, desk: str, name: str) -> Ticket:
    """Return a ticket that a desk serves; raises TicketGone."""
    return _there(root.tickets.read(desk).find(name))


def asked(root: Root, tenant: str, name: str) -> Ticket:
    """Return a ticket that a tenant asked the operator; raises TicketGone."""
    found = _there(root.tickets.read(OPERATOR).find(name))
    if not is_askers(found, tenant):
        raise TicketGone(name)
    return found


def _there(found: Ticket | None) -> Ticket:
    if found is None:
        raise TicketGone
    return found


def thread(root: Root, ticket: Ticket, *, internal: bool) -> list[Entry]:
    """Return what was said and done; without ``internal`` only what the asker sees."""
    entries = root.tickets.read(ticket.desk).thread(ticket.id)
    return [each for each in entries if internal or not each.internal]


def file_of(entries: Iterable[Entry], name: str) -> File:
    """Return an attachment of a thread by its id; raises TicketGone."""
    for entry in entries:
        for each in entry.files:
            if each.id == name:
                return each
    raise TicketGone(name)


def people_of(root: Root, desk: str) -> list[str]:
    """Return whom a ticket of a desk may be given to."""
    if desk == OPERATOR:
        held = root.web.accounts.items("operator:", "operator;")
        return [key.partition(":")[2] for key, account in held if account.value.enabled]
    model = root.tenants.get(desk)
    return [] if model is None else [desk, *(name for name, _ in model.named("agents"))]


class Upload(NamedTuple):
    """A file as it came."""

    name: str
    content: bytes


def add_files(services: BoxServices, uploads: Sequence[Upload]) -> tuple[File, ...]:
    """Store attachments; raises NotPossible for the first that is none that is taken."""
    if len(uploads) > MOST_FILES:
        raise NotPossible(f"at most {MOST_FILES} files at once", f"一次最多 {MOST_FILES} 个附件")
    shelf, made = services.recordings.attachments(), []
    try:
        for each in uploads:
            filed = shelf.add(each.content, services.now())
            made.append(File(filed.id, each.name[-80:], filed.type, filed.octets))
    except NotPossible as error:
        shelf.remove([each.id for each in made])
        raise NotPossible(f"{each.name[-80:]}: {error.en}", f"{each.name[-80:]}：{error.zh}") from error
    return tuple(made)


def open_one(
    services: BoxServices, wanted: Wanted, uploads: Sequence[Upload], entry: AuditEntry | None
) -> Ticket:
    """Open a ticket with its attachments; raises NotPossible, StoreDown."""
    files, now = add_files(services, uploads), services.now()

    def work(root: Root) -> Ticket:
        ticket = open_ticket(root, wanted._replace(files=files), now)
        if entry is not None:
            root.web.note(entry)
        return ticket

    return _with(services, files, lambda: services.change(work, "ticket opened"))


def take_further(
    services: BoxServices,
    desk: str,
    name: str,
    step: Callable[[Ticket, Terms, tuple[File, ...]], Done],
    uploads: Sequence[Upload] = (),
    entry: AuditEntry | None = None,
) -> Ticket:
    """Do a step of ``domain.tickets.rules``; raises TicketGone, NotPossible, StoreDown."""
    files = add_files(services, uploads)

    def work(root: Root) -> Ticket:
        ticket = move(root, desk, name, lambda found, terms: step(found, terms, files))
        if entry is not None:
            root.web.note(entry)
        return ticket

    return _with(services, files, lambda: services.change(work, "ticket"))


def _with(services: BoxServices, files: tuple[File, ...], work: Callable[[], Ticket]) -> Ticket:
    """Do something that keeps attachments; when it is refused they go."""
    try:
        return work()
    except (NotPossible, TicketGone):
        if files:
            services.recordings.attachments().remove([each.id for each in files])
        raise


def suffix_of(file: File) -> str:
    """Return how a file's name ends when it is stored."""
    return SUFFIXES[file.type]


def priority_of(text: str) -> Priority:
    """Read a priority; what is none is normal."""
    return Priority(text) if text in set(Priority) else Priority.NORMAL


def category_of(shelf: TicketShelf, text: str) -> str:
    """Return a category of a desk; what is none of them is none."""
    return text if text in shelf.settings.value.categories else ""
