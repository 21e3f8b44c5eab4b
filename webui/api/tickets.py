"""Tickets: opened, listed, written to, moved on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec

from domain.recipient import EMAIL
from domain.refusal import NotPossible
from domain.tickets import rules
from domain.tickets.rules import Done, Wanted
from domain.tickets.settings import Terms
from domain.tickets.ticket import (
    MOST_SUBJECT,
    MOST_TEXT,
    OPERATOR,
    Asker,
    AskerKind,
    Priority,
    Source,
    SourceKind,
    Ticket,
)
from storage.models import Root
from webui.api.access import Caller
from webui.api.asked import Limit, NoQuery, body, call_id, query
from webui.api.problems import ApiProblem
from webui.services import tickets
from webui.services.tickets import Filter

State = Literal["open", "waiting", "late", "answered", "closed", "all"]
Desk = Literal["tenant", "operator"]
Written = Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_TEXT, pattern=r"^[^\s\x00-\x1f]")]
Cursor = Annotated[str, msgspec.Meta(pattern=r"^0[0-9A-HJKMNP-TV-Z]{25}\Z")]
Name = Annotated[str, msgspec.Meta(max_length=40)]


class TicketQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which tickets."""

    limit: Limit = 50
    state: State = "open"
    search: Annotated[str, msgspec.Meta(max_length=60)] = ""
    cursor: Cursor | None = None


class TenantTicketQuery(TicketQuery, frozen=True, forbid_unknown_fields=True):
    """Which tickets of a tenant."""

    desk: Desk = "tenant"


class TicketWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ticket to be opened."""

    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_SUBJECT, pattern=r"^[^\s\x00-\x1f]")]
    text: Written
    desk: Desk = "tenant"
    category: Annotated[str, msgspec.Meta(max_length=20)] = ""
    priority: Priority = Priority.NORMAL
    name: Name = ""
    mobile: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{3,20})?\Z")] = ""
    email: Annotated[str, msgspec.Meta(max_length=120, pattern=rf"^({EMAIL.pattern})?\Z")] = ""
    cause: Annotated[str, msgspec.Meta(max_length=80, pattern=r"^[A-Za-z0-9._:-]*\Z")] = ""


class EntryWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something to be written."""

    kind: Literal["question", "answer", "note"]
    text: Written
    by: Name = ""


class TicketChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shall become of a ticket."""

    by: Name | None = None
    category: Annotated[str, msgspec.Meta(max_length=20)] | None = None
    priority: Priority | None = None
    state: Literal["closed", "reopened"] | None = None
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_TEXT)] | None = None


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return a page of a tenant's tickets."""
    asked = query(caller, TenantTicketQuery)
    caller.config()
    return _page(caller, asked, OPERATOR if asked.desk == "operator" else caller.tenant)


def of_operator(caller: Caller) -> Mapping[str, Any]:
    """Return a page of the tickets that the operator serves."""
    asked = query(caller, TicketQuery)
    if not caller.is_operator:
        raise ApiProblem(404)
    return _page(caller, asked, OPERATOR)


def _page(caller: Caller, asked: TicketQuery, desk: str) -> Mapping[str, Any]:
    wanted, now = Filter(asked.state, asked.search.strip()), caller.services.now()
    of_tenant = desk == OPERATOR and isinstance(asked, TenantTicketQuery)

    def read(root: Root) -> tickets.Page:
        threads = root.tickets.asked_by(caller.tenant) if of_tenant else root.tickets.read(desk)
        return tickets.listing(root, threads, desk, wanted, now, asked.cursor or "", asked.limit)

    page = caller.services.read(read)
    return {"items": [_object(each) for each in page.rows], "next": page.next}


def open_one(caller: Caller) -> Mapping[str, Any]:
    """Open a ticket."""
    query(caller, NoQuery)
    wish, name = body(caller, TicketWish), caller.config().name
    asks = wish.desk == "operator"
    if asks:
        asker = Asker(AskerKind.TENANT, wish.name or name, wish.mobile, wish.email)
    else:
        asker = Asker(AskerKind.CUSTOMER, wish.name, wish.mobile, wish.email)
    desk = OPERATOR if asks else caller.tenant
    category = caller.services.read(lambda root: tickets.category_of(root.tickets.read(desk), wish.category))
    cause = f"{caller.tenant}:{wish.cause}" if wish.cause else ""
    wanted = Wanted(
        desk, caller.tenant, asker, wish.subject, wish.text, Source(SourceKind.API, cause), category,
        wish.priority,
    )  # fmt: skip
    entry = caller.entry("ticket-opened", wish.subject[:80])
    return _object(_allowed(lambda: tickets.open_one(caller.services, wanted, (), entry)))


def show(caller: Caller) -> Mapping[str, Any]:
    """Return a ticket with its thread."""
    query(caller, NoQuery)
    ticket = _ticket(caller)
    internal = _serves(caller, ticket)
    entries = caller.services.read(lambda root: tickets.thread(root, ticket, internal=internal))
    fields = ("kind", "at", "by", "text", "files")
    told = [{name: getattr(each, name) for name in fields} for each in entries]
    for each in told:
        each["files"] = [msgspec.structs.asdict(file) for file in each["files"]]
    return {"ticket": _object(ticket), "entries": told}


def write(caller: Caller) -> Mapping[str, Any]:
    """Ask on, answer, or note."""
    query(caller, NoQuery)
    wish, ticket, now = body(caller, EntryWish), _ticket(caller), caller.services.now()
    by = wish.by.strip() or caller.known.key.name[:40]
    if wish.kind == "question":
        return _step(
            caller, ticket, "asked", lambda each, terms: rules.asked(each, wish.text, (), now, terms)
        )
    if not _serves(caller, ticket):
        raise ApiProblem(409, "只有受理方可以答复或备注", "only the desk answers and notes")
    if wish.kind == "note":
        return _step(caller, ticket, "noted", lambda each, _: rules.noted(each, wish.text, (), by, now))
    return _step(
        caller, ticket, "answered", lambda each, terms: rules.answered(each, wish.text, (), by, now, terms)
    )


def change(caller: Caller) -> Mapping[str, Any]:
    """Assign, file, close or open again."""
    query(caller, NoQuery)
    wish, ticket = body(caller, TicketChange), _ticket(caller)
    what, step = _change(caller, ticket, wish)
    return _step(caller, ticket, what, step)


def _change(
    caller: Caller, ticket: Ticket, wish: TicketChange
) -> tuple[str, Callable[[Ticket, Terms], Done]]:
    now, who = caller.services.now(), caller.known.key.name[:40]
    filing = wish.category is not None or wish.priority is not None
    things = [filing, wish.by is not None, wish.state is not None]
    if sum(things) != 1 or (wish.text is not None) != (wish.state == "reopened"):
        raise ApiProblem(
            409, "一次只能做一件事；重新打开须写明原因", "one thing at a time; say why it is opened"
        )
    if wish.state is not None:
        if not _asks(caller, ticket):
            raise ApiProblem(409, "只能由提问人关闭或重新打开", "only its asker closes it or opens it again")
        if wish.state == "closed":
            return "closed", lambda each, _: rules.closed(each, now)
        text = wish.text or ""
        return "reopened", lambda each, terms: rules.reopened(each, text, (), now, terms)
    if not _serves(caller, ticket):
        raise ApiProblem(409, "只有受理方可以分派或归类", "only the desk assigns and files")
    if wish.by is not None:
        to = wish.by.strip()
        if to and to not in caller.services.read(lambda root: tickets.people_of(root, ticket.desk)):
            raise ApiProblem(409, f"没有 {to} 这个人", f"there is no {to} at this desk")
        return "assigned", lambda each, _: rules.assigned(each, to, who, now)
    category = ticket.category if wish.category is None else wish.category
    if category and category not in caller.services.read(
        lambda root: root.tickets.read(ticket.desk).settings.value.categories
    ):
        raise ApiProblem(409, f"没有分类 {category}", f"there is no category {category}")
    priority = wish.priority or ticket.priority
    return "filed", lambda each, terms: rules.filed(each, category, priority, who, now, terms)


def _serves(caller: Caller, ticket: Ticket) -> bool:
    """Tell whether the key is one of the desk's."""
    return caller.is_operator or ticket.desk == caller.tenant


def _asks(caller: Caller, ticket: Ticket) -> bool:
    """Tell whether the key is one of the asker's."""
    return not caller.is_operator and ticket.desk == OPERATOR


def _ticket(caller: Caller) -> Ticket:
    name = call_id(caller, "ticket")
    found = caller.services.read(lambda root: root.tickets.find(name, caller.tenant))
    if found is None:
        raise ApiProblem(404)
    return found


def _step(
    caller: Caller, ticket: Ticket, what: str, step: Callable[[Ticket, Terms], Done]
) -> Mapping[str, Any]:
    entry = caller.entry(f"ticket-{what}", f"T{ticket.number}")
    done = _allowed(
        lambda: tickets.take_further(
            caller.services, ticket.desk, ticket.id, lambda each, terms, _: step(each, terms), (), entry
        )
    )
    return _object(done)


def _allowed(work: Callable[[], Ticket]) -> Ticket:
    try:
        return work()
    except NotPossible as error:
        raise ApiProblem(409, error.zh, error.en) from error


def _object(ticket: Ticket) -> dict[str, Any]:
    asker, source = ticket.asker, ticket.source
    return {
        "id": ticket.id,
        "number": f"T{ticket.number}",
        "desk": "operator" if ticket.desk == OPERATOR else "tenant",
        "tenant": ticket.tenant,
        "subject": ticket.subject,
        "state": ticket.state,
        "priority": ticket.priority,
        "category": ticket.category,
        "asker": {
            "kind": asker.kind,
            "name": asker.name,
            "mobile": asker.mobile,
            "email": asker.email,
        },
        "source": {"kind": source.kind, "ref": source.ref},
        "by": ticket.by,
        "opened": ticket.opened,
        "updated": ticket.updated,
        "due": ticket.due,
        "late": ticket.late,
        "closed": ticket.closed,
        "closed_at": ticket.closed_at,
        "score": ticket.score,
        "comment": ticket.comment,
    }
