"""工单: one ticket, and what its desk and its asker do with it."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.refusal import NotPossible
from domain.tickets import rules
from domain.tickets.ticket import AskerKind, Ticket
from storage.models import Root
from storage.tickets import TicketGone
from webui.presenters.says import say
from webui.services import tickets
from webui.views.bound import entry_of
from webui.views.downloads import download
from webui.views.tickets import ASKED, SERVED, for_each, frame_of, numbers_as_seen, uploads

EVERYWHERE = (*SERVED, *ASKED)


@for_each(EVERYWHERE, request_method="GET", renderer="service/ticket.html")
def shown(request: Request) -> dict[str, Any]:
    """Show a ticket with its thread."""
    return _page(request)


def _page(request: Request, typed: str = "", wrong: str = "") -> dict[str, Any]:
    page, pages = request.context, request.context.list
    ticket: Ticket = page.ticket

    def read(root: Root) -> dict[str, Any]:
        shelf = root.tickets.read(ticket.desk)
        others = shelf.tickets_of(ticket.asker.mobile) if pages.serves else ()
        model = root.tenants.get(ticket.tenant)
        return {
            "entries": tickets.thread(root, ticket, internal=pages.serves),
            "people": tickets.people_of(root, ticket.desk) if pages.serves else [],
            "settings": shelf.settings.value,
            "others": [each for each in others if each.id != ticket.id][:5],
            "company": "" if model is None else model.config.value.name,
        }

    if wrong:
        request.response.status = 422
    return {
        "pages": pages, "ticket": ticket, "address": f"{pages.address}/{ticket.id}",
        "about": {"subject": ticket.subject, "text": ticket.category},
        "me": request.identity.name, "now": request.services.now(), "written": typed, "wrong": wrong,
        "shown_number": numbers_as_seen(request), "is_tenant": ticket.asker.kind is AskerKind.TENANT,
        **request.services.read(read), **frame_of(request),
    }  # fmt: skip


def _do(request: Request, what: str, step: Any, said: str, typed: str = "") -> Response | dict[str, Any]:
    """Take it a step further and lead back; what is refused is said, and what was typed stays."""
    _, page, ticket = request.texts, request.context, request.context.ticket
    entry = entry_of(request, f"ticket-{what}", f"T{ticket.number}", page.list.tenant)
    try:
        tickets.take_further(request.services, ticket.desk, ticket.id, step, uploads(request), entry)
    except TicketGone:
        raise HTTPNotFound() from None
    except NotPossible as error:
        return _page(request, typed, _.either(error.zh, error.en))
    return say(request, HTTPSeeOther(f"{page.list.address}/{ticket.id}"), said)


@for_each(SERVED, name="answer", request_method="POST", renderer="service/ticket.html")
def answer(request: Request) -> Response | dict[str, Any]:
    """Answer, or write an internal note."""
    _, who, text = request.texts, request.identity.name, request.POST.get("text", "")
    now = request.services.now()
    if "note" in request.POST:
        return _do(
            request, "noted", lambda each, _terms, files: rules.noted(each, text, files, who, now),
            _("Noted; the asker does not see it."), text,
        )  # fmt: skip
    return _do(
        request, "answered",
        lambda each, terms, files: rules.answered(each, text, files, who, now, terms),
        _("Answered. The asker is told, and closes it when that is all."), text,
    )  # fmt: skip


@for_each(SERVED, name="assign", request_method="POST", renderer="service/ticket.html")
def assign(request: Request) -> Response | dict[str, Any]:
    """Give it to somebody, or to nobody."""
    _, to, who = request.texts, request.POST.get("to", "")[:40], request.identity.name
    desk, now = request.context.ticket.desk, request.services.now()
    if to and to not in request.services.read(lambda root: tickets.people_of(root, desk)):
        raise HTTPNotFound()
    said = _("{who} sees to it now.", who=to) if to else _("Nobody sees to it now.")
    return _do(request, "assigned", lambda each, _terms, _files: rules.assigned(each, to, who, now), said)


@for_each(SERVED, name="file", request_method="POST", renderer="service/ticket.html")
def file(request: Request) -> Response | dict[str, Any]:
    """Give it another category or priority."""
    given, who, now = request.POST, request.identity.name, request.services.now()
    desk = request.context.ticket.desk
    category = request.services.read(
        lambda root: tickets.category_of(root.tickets.read(desk), given.get("category", ""))
    )
    priority = tickets.priority_of(given.get("priority", ""))
    return _do(
        request, "filed",
        lambda each, terms, _files: rules.filed(each, category, priority, who, now, terms),
        request.texts("Saved."),
    )  # fmt: skip


@for_each(SERVED, name="confirm", request_method="POST", renderer="service/ticket.html")
def confirm(request: Request) -> Response | dict[str, Any]:
    """Close it for an asker who cannot reach it."""
    how, who, now = request.POST.get("text", ""), request.identity.name, request.services.now()
    return _do(
        request, "closed", lambda each, _terms, _files: rules.confirmed(each, how, who, now),
        request.texts("It is closed."), how,
    )  # fmt: skip


@for_each(ASKED, name="ask", request_method="POST", renderer="service/ticket.html")
def ask_on(request: Request) -> Response | dict[str, Any]:
    """Ask on, or open it again."""
    _, text, now = request.texts, request.POST.get("text", ""), request.services.now()
    if request.context.ticket.is_open:
        return _do(
            request, "asked", lambda each, terms, files: rules.asked(each, text, files, now, terms),
            _("Sent."), text,
        )  # fmt: skip
    return _do(
        request, "reopened", lambda each, terms, files: rules.reopened(each, text, files, now, terms),
        _("Open again."), text,
    )  # fmt: skip


@for_each(ASKED, name="close", request_method="POST", renderer="service/ticket.html")
def close(request: Request) -> Response | dict[str, Any]:
    """Close it."""
    now = request.services.now()
    return _do(
        request, "closed", lambda each, _terms, _files: rules.closed(each, now),
        request.texts("Closed. How good was the service?"),
    )  # fmt: skip


@for_each(ASKED, name="rate", request_method="POST", renderer="service/ticket.html")
def rate(request: Request) -> Response | dict[str, Any]:
    """Say how good the service was."""
    comment, now = request.POST.get("comment", "").strip(), request.services.now()
    score = score_of(request)
    return _do(
        request, "rated", lambda each, _terms, _files: rules.rated(each, score, comment, now),
        request.texts("Thank you."), comment,
    )  # fmt: skip


def score_of(request: Request) -> int:
    """Return the score of a form; 0 for none."""
    text = request.POST.get("score", "")
    return int(text) if text in ("1", "2", "3", "4", "5") else 0


@for_each(EVERYWHERE, name="attachment", request_method="GET")
def attachment(request: Request) -> Response:
    """Send an attachment of the thread, to be stored."""
    ticket, internal = request.context.ticket, request.context.list.serves
    try:
        entries = request.services.read(lambda root: tickets.thread(root, ticket, internal=internal))
        found = tickets.file_of(entries, request.GET.get("id", ""))
        content = request.services.recordings.attachments().read(found.id)
    except (TicketGone, NotPossible) as error:
        raise HTTPNotFound() from error
    return download(content, f"T{ticket.number}-{found.id[-6:]}{tickets.suffix_of(found)}", found.type)
