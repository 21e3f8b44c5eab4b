"""工单 in the pages of the three roles: lists, and opening one; its own page is in ``tickets_thread``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.calling.caller import canonical_caller
from domain.customers.desk import DeskSettings
from domain.recipient import EMAIL
from domain.refusal import NotPossible
from domain.tickets.rules import Wanted
from domain.tickets.ticket import MOST_FILES, Asker, AskerKind, Priority, Source, SourceKind
from storage.models import Root
from storage.numbers.documents import MOST_BYTES
from webui.presenters.says import say
from webui.resources_service import (
    AgentTicket,
    AgentTickets,
    OperatorTicket,
    OperatorTickets,
    SupportTicket,
    SupportTickets,
    TenantTicket,
    TenantTickets,
    TicketPages,
)
from webui.security.permissions import AGENT, TENANT
from webui.security.policy import may
from webui.services import live, ticket_sources, tickets
from webui.services.box import BoxServices
from webui.services.customers import Viewer
from webui.services.desk import Desk, hide
from webui.services.ticket_sources import EMPTY, FROM_CALLS, FROM_TEXTS, Draft
from webui.services.tickets import STATES, Filter, Upload
from webui.views.bound import entry_of
from webui.views.declare import F, view

SERVED_LISTS: Final = ((OperatorTickets, "tickets"), (TenantTickets, TENANT), (AgentTickets, AGENT))
LISTS: Final = (*SERVED_LISTS, (SupportTickets, TENANT))
SERVED: Final = ((OperatorTicket, "tickets"), (TenantTicket, TENANT), (AgentTicket, AGENT))
ASKED: Final = ((SupportTicket, TENANT),)
MOBILE: Final = re.compile(r"[0-9]{3,20}", re.ASCII)


def for_each(places: tuple[tuple[type, str], ...], **settings: Any) -> Callable[[F], F]:
    """Declare one view for several contexts, each with the permission it asks for.

    ``_depth``: the module that is declared in is the caller's, not this one.
    """

    def declare(found: F) -> F:
        for context, permission in places:
            found = view(context=context, permission=permission, _depth=1, **settings)(found)
        return found

    return declare


@for_each(LISTS, request_method="GET", renderer="service/tickets.html")
def listing(request: Request) -> dict[str, Any]:
    """List them."""
    pages, given = request.context, request.GET
    state = given.get("state", "open")
    wanted = Filter(
        state if state in STATES else "open", given.get("search", "").strip()[:60],
        given.get("category", "")[:40], given.get("priority", "")[:10], request.identity.name,
    )  # fmt: skip
    after, now = given.get("after", "")[:26], request.services.now()

    def read(root: Root) -> dict[str, Any]:
        book = root.tickets
        threads = book.read(pages.desk) if pages.serves else book.asked_by(pages.tenant)
        return {
            "page": tickets.listing(root, threads, pages.desk, wanted, now, after),
            "counts": tickets.counts(root, pages.desk, now) if pages.serves else None,
            "settings": book.read(pages.desk).settings.value,
            "names": {name: held.config.value.name for name, held in root.tenants.items()},
            "shown_number": _numbers_as_seen(request, root),
        }

    shown = request.services.read(read)
    states = STATES if pages.serves else tuple(each for each in STATES if each not in ("mine", "late"))
    return {"pages": pages, "wanted": wanted, "states": states, "now": now, **shown, **frame_of(request)}


def frame_of(request: Request) -> dict[str, Any]:
    """Return what every page of tickets shows around it."""
    pages = request.context if isinstance(request.context, TicketPages) else request.context.list
    where = request.texts("Operator") if pages.role == "operator" else pages.tenant
    if pages.role != "operator":
        where = request.services.read(lambda root: root.tenants[pages.tenant].config.value.name)
    base = {"operator": "/operator", "agent": "/desk"}.get(pages.role, f"/t/{pages.tenant}")
    return {
        "where": where, "suggests": f"{base}/knowledge/suggest", "articles": f"{base}/knowledge",
        "priorities": tuple(Priority), "max_files": MOST_FILES, "max_mb": MOST_BYTES >> 20,
    }  # fmt: skip


def _numbers_as_seen(request: Request, root: Root) -> Callable[[str], str]:
    """Return how somebody at an agent's desk reads numbers, or an operator who sees a tenant's pages;
    everybody else sees them whole."""
    identity = request.identity
    if not identity.agent:
        hidden = bool(identity.acting) and request.hides_callers
        return lambda text: Viewer("", hidden=hidden).hide(text, DeskSettings())
    settings = root.desk.find(identity.desk).settings.value
    desk = Desk(identity.desk, identity.agent, identity.supervisor)
    return lambda number: hide(number, settings, desk)


def numbers_as_seen(request: Request) -> Callable[[str], str]:
    """Return how the reader sees numbers, for who reads nothing else."""
    shown: Callable[[str], str] = request.services.read(lambda root: _numbers_as_seen(request, root))
    return shown


@for_each(LISTS, name="new", request_method="GET", renderer="service/ticket_new.html")
def ask(request: Request) -> dict[str, Any]:
    """Ask what it is about; what it is opened from fills in what is known."""
    return _form(request, _draft(request, request.GET))


def _draft(request: Request, given: Any) -> Draft:
    pages, kind, ref = request.context, given.get("from", "")[:20], given.get("ref", "")[:120]
    services: BoxServices = request.services
    if pages.role == "operator" and kind == SourceKind.ALARM:
        return ticket_sources.draft_of_alarm(live.alarms(services), ref)
    if pages.role == "operator" and kind == SourceKind.INSPECTION and may(request.identity, "inspection"):
        return services.read(lambda root: ticket_sources.draft_of_finding(root, ref))
    if pages.role in ("tenant", "agent") and kind in FROM_TEXTS:
        return services.read(
            lambda root: ticket_sources.draft_of_conversation(
                root, pages.tenant, ref, _numbers_as_seen(request, root)
            )
        )
    if pages.role in ("tenant", "agent") and kind in FROM_CALLS:
        return services.read(
            lambda root: ticket_sources.draft(root, pages.tenant, kind, ref, _numbers_as_seen(request, root))
        )
    return EMPTY


def _form(request: Request, draft: Draft, **more: Any) -> dict[str, Any]:
    pages = request.context

    def read(root: Root) -> dict[str, Any]:
        names = {name: held.config.value.name for name, held in root.tenants.items()}
        return {
            "settings": root.tickets.read(pages.desk).settings.value,
            "tenants": names if pages.role == "operator" else {},
        }

    seen = numbers_as_seen(request)
    hidden = any(each and seen(each) != each for each in (draft.mobile, draft.email))
    typed = {
        "subject": draft.subject, "text": draft.text, "name": draft.name,
        "email": "" if hidden else draft.email, "mobile": "" if hidden else draft.mobile,
        "priority": "normal",
    }  # fmt: skip
    return {
        "pages": pages, "draft": draft, "hidden": hidden, "typed": typed, "errors": {},
        **request.services.read(read), **frame_of(request), **more,
    }  # fmt: skip


@for_each(LISTS, name="new", request_method="POST", renderer="service/ticket_new.html")
def open_one(request: Request) -> Response | dict[str, Any]:
    """Open it."""
    _, pages, given = request.texts, request.context, request.POST
    draft = _draft(request, given)
    typed = {name: given.get(name, "").strip() for name in _TYPED}
    asker, errors = _asker(request, typed, draft)
    category = request.services.read(
        lambda root: tickets.category_of(root.tickets.read(pages.desk), typed["category"])
    )
    source = draft.source if draft is not EMPTY else Source(SourceKind.PAGE)
    concerned = typed["tenant"] if pages.role == "operator" else pages.tenant
    wanted = Wanted(
        pages.desk, concerned, asker, typed["subject"], typed["text"], source, category,
        tickets.priority_of(typed["priority"]),
    )  # fmt: skip
    try:
        if not errors:
            entry = entry_of(request, "ticket-opened", typed["subject"][:80], pages.tenant)
            ticket = tickets.open_one(request.services, wanted, uploads(request), entry)
            done = HTTPSeeOther(f"{pages.address}/{ticket.id}")
            return say(request, done, _("Ticket T{number} is open.", number=ticket.number))
    except NotPossible as error:
        errors["all"] = _.either(error.zh, error.en)
    request.response.status = 422
    return _form(request, draft, typed=typed, errors=errors)


_TYPED: Final = ("subject", "text", "category", "priority", "name", "mobile", "email", "tenant")


def _asker(request: Request, typed: dict[str, str], draft: Draft) -> tuple[Asker, dict[str, str]]:
    """Return who asks, and what is wrong with how he is reached."""
    _, pages = request.texts, request.context
    mobile, errors = contact_of(request, typed)
    if not mobile and draft.mobile:
        mobile = draft.mobile
    name, email = " ".join(typed["name"].split())[:40], typed["email"] or draft.email
    if pages.role == "asker":
        company = request.services.read(lambda root: root.tenants[pages.tenant].config.value.name)
        return Asker(AskerKind.TENANT, name or company, mobile, email), errors
    if pages.role == "operator" and typed["tenant"]:
        company = request.services.read(
            lambda root: (
                root.tenants[typed["tenant"]].config.value.name if typed["tenant"] in root.tenants else ""
            )
        )
        if not company:
            errors["tenant"] = _("There is no such tenant.")
        return Asker(AskerKind.TENANT, name or company, mobile, email), errors
    if not (name or mobile or email):
        if draft.source.kind in (SourceKind.ALARM, SourceKind.INSPECTION):
            return Asker(AskerKind.BOX), errors
        errors["name"] = _("Say who asks: a name, a number or an address.")
    return Asker(AskerKind.CUSTOMER, name, mobile, email), errors


def contact_of(request: Request, typed: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Return the number that was typed, canonical, and what is wrong with number and address."""
    _, errors = request.texts, {}
    mobile = canonical_caller(typed["mobile"]).canonical if typed["mobile"] else ""
    if typed["mobile"] and not MOBILE.fullmatch(mobile):
        errors["mobile"] = _("This is no telephone number.")
    if typed["email"] and not EMAIL.fullmatch(typed["email"]):
        errors["email"] = _("This is no e-mail address.")
    return mobile, errors


def uploads(request: Request) -> list[Upload]:
    """Return the files of a form, each with at most one octet too many."""
    found = [each for each in request.POST.getall("files") if getattr(each, "file", None)]
    return [Upload(str(each.filename), each.file.read(MOST_BYTES + 1)) for each in found]
