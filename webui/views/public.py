"""线上客服: the public page of a desk: search, read, ask, and see what became of it by its code.

Everything here is for strangers: each thing is counted by address, texts are shown as texts, and what is
asked needs a picture to be read.
"""

from __future__ import annotations

import re
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther, HTTPTooManyRequests
from pyramid.request import Request
from pyramid.response import Response

from domain.knowledge import Article
from domain.refusal import NotPossible
from domain.tickets import rules
from domain.tickets.rules import Wanted
from domain.tickets.ticket import Asker, AskerKind, Source, SourceKind, Ticket
from storage.knowledge import Reader, find, like, listed, readable
from storage.models import Root
from storage.tickets import TicketGone
from webui.presenters.says import say
from webui.resources_service import PublicDesk
from webui.security.csrf import browser_of
from webui.security.permissions import PUBLIC
from webui.services import knowledge, tickets
from webui.services.tickets import Upload
from webui.views.declare import view
from webui.views.downloads import download
from webui.views.tickets import contact_of, uploads
from webui.views.tickets_thread import score_of

MOST_FILES: Final = 3
MOST_OCTETS: Final = 3 * 1024 * 1024
"""Of an attachment: less than those who are signed in may send."""
CODE: Final = re.compile(r"[2-9A-HJKMNP-TV-Z]{4}(?:-[2-9A-HJKMNP-TV-Z]{4}){2}", re.ASCII)
ARTICLE: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}", re.ASCII)


def admit(request: Request, what: str) -> PublicDesk:
    """Return the desk, when its page is open and the address does not ask too often; raises 404, 429."""
    desk: PublicDesk = request.context
    if not desk.settings.page:
        raise HTTPNotFound()
    if not request.services.visits.take(what, request.remote_addr or ""):
        raise HTTPTooManyRequests()
    return desk


def _uploads(request: Request) -> list[Upload]:
    """Return the files of a form; raises NotPossible for more than a stranger may send."""
    found = uploads(request)
    if len(found) > MOST_FILES or any(len(each.content) > MOST_OCTETS for each in found):
        most = MOST_OCTETS >> 20
        raise NotPossible(
            f"at most {MOST_FILES} files of {most} MB each", f"最多 {MOST_FILES} 个附件，每个不超过 {most} MB"
        )
    return found


def _reader(desk: PublicDesk) -> Reader:
    return Reader(desk.desk, public=True)


def frame_of(request: Request, desk: PublicDesk) -> dict[str, Any]:
    title = desk.title or request.texts("Customer service online")
    return {
        "desk": desk, "address": desk.address, "title": title,
        "categories": desk.settings.categories, "max_files": MOST_FILES, "max_mb": MOST_OCTETS >> 20,
        "suggested": False,
    }  # fmt: skip


@view(context=PublicDesk, permission=PUBLIC, request_method="GET", renderer="service/public.html")
def front(request: Request) -> dict[str, Any]:
    """Show search, categories and articles."""
    desk, given = admit(request, "read"), request.GET
    text, category = given.get("search", "").strip()[:80], given.get("category", "")[:40]

    def read(root: Root) -> list[Article]:
        if text:
            return find(root, _reader(desk), text, knowledge.FOUND)
        return listed(root, _reader(desk), category, knowledge.FOUND)

    return {
        "found": request.services.read(read), "search": text, "category": category, "show": "read",
        **frame_of(request, desk),
    }  # fmt: skip


@view(
    context=PublicDesk, name="found", permission=PUBLIC, request_method="GET",
    renderer="service/public_found.html",
)  # fmt: skip
def found(request: Request) -> dict[str, Any]:
    """Send what is found, while it is typed."""
    desk, text = admit(request, "search"), request.GET.get("search", "").strip()[:80]
    rows = request.services.read(lambda root: find(root, _reader(desk), text, knowledge.FOUND))
    return {"found": rows, "search": text, **frame_of(request, desk)}


@view(
    context=PublicDesk, name="suggest", permission=PUBLIC, request_method="POST",
    renderer="service/public_found.html",
)  # fmt: skip
def suggest(request: Request) -> dict[str, Any]:
    """Send articles about what somebody is about to ask."""
    desk, given = admit(request, "search"), request.POST
    text = f"{given.get('subject', '')}\n{given.get('text', '')}"[:2000]
    rows = request.services.read(lambda root: like(root, _reader(desk), text, knowledge.SUGGESTED))
    return {"found": rows, "search": "", **frame_of(request, desk), "suggested": True}


def _article(request: Request, desk: PublicDesk, name: str) -> Article:
    found: Article | None = None
    if ARTICLE.fullmatch(name):
        found = request.services.read(lambda root: readable(root, _reader(desk), name))
    if found is None:
        raise HTTPNotFound()
    return found


@view(
    context=PublicDesk, name="article", permission=PUBLIC, request_method="GET",
    renderer="service/public_article.html",
)  # fmt: skip
def article(request: Request) -> dict[str, Any]:
    """Show an article."""
    desk = admit(request, "read")
    held = _article(request, desk, request.GET.get("id", ""))
    return {"article": held, "version": held.readable, **frame_of(request, desk)}


@view(context=PublicDesk, name="vote", permission=PUBLIC, request_method="POST")
def vote(request: Request) -> Response:
    """Keep whether an article helped; one word for each browser."""
    desk, given = admit(request, "vote"), request.POST
    held = _article(request, desk, given.get("id", ""))
    helped = given.get("helped", "") == "yes"
    knowledge.vote(request.services, held, f"browser:{browser_of(request)}", helped=helped)
    back = HTTPSeeOther(f"{desk.address}/article?id={held.id}")
    return say(request, back, request.texts("Thank you for telling us."))


@view(context=PublicDesk, name="file", permission=PUBLIC, request_method="GET")
def file(request: Request) -> Response:
    """Send an attachment of an article."""
    desk = admit(request, "read")
    held = _article(request, desk, request.GET.get("article", ""))
    assert held.readable is not None
    try:
        found = knowledge.file_of(held.readable, request.GET.get("id", ""))
        content = request.services.recordings.attachments().read(found.id)
    except (TicketGone, NotPossible) as error:
        raise HTTPNotFound() from error
    return download(content, f"{found.id[-6:]}{tickets.suffix_of(found)}", found.type)


_TYPED: Final = ("subject", "text", "category", "name", "mobile", "email")


@view(
    context=PublicDesk,
    name="ask",
    permission=PUBLIC,
    request_method="GET",
    renderer="service/public_ask.html",
)
def ask(request: Request) -> dict[str, Any]:
    """Ask what it is about."""
    desk = admit(request, "read")
    return {"typed": {}, "errors": {}, **frame_of(request, desk)}


@view(
    context=PublicDesk, name="ask", permission=PUBLIC, request_method="POST",
    renderer="service/public_ask.html",
)  # fmt: skip
def open_one(request: Request) -> Response | dict[str, Any]:
    """Open a ticket; its code is shown once here, and told with each answer."""
    _, given = request.texts, request.POST
    desk: PublicDesk = request.context
    if not desk.settings.page:
        raise HTTPNotFound()
    typed = {name: given.get(name, "").strip() for name in _TYPED}
    mobile, errors = contact_of(request, typed)
    if not request.services.captchas.right(browser_of(request), given.get("captcha", "")):
        errors["captcha"] = _("Enter the characters of the picture.")
    elif not errors and not request.services.visits.take("ask", request.remote_addr or ""):
        errors["all"] = _("Too many questions from your address. Try again in some minutes.")
    try:
        if not errors:
            ticket = _opened(request, desk, typed, mobile)
            back = HTTPSeeOther(f"{desk.address}/ticket?code={ticket.code}")
            return say(request, back, _("Received. Keep the code: you see the answer by it."))
    except NotPossible as error:
        errors["all"] = _.either(error.zh, error.en)
    request.response.status = 422
    return {"typed": typed, "errors": errors, **frame_of(request, desk)}


def _opened(request: Request, desk: PublicDesk, typed: dict[str, str], mobile: str) -> Ticket:
    name = " ".join(typed["name"].split())[:40]
    category = request.services.read(
        lambda root: tickets.category_of(root.tickets.read(desk.desk), typed["category"])
    )
    wanted = Wanted(
        desk.desk, desk.desk, Asker(AskerKind.CUSTOMER, name, mobile, typed["email"]), typed["subject"],
        typed["text"], Source(SourceKind.PUBLIC), category,
    )  # fmt: skip
    return tickets.open_one(request.services, wanted, _uploads(request), None)


def _ticket(request: Request, code: str) -> Ticket:
    """Return the ticket with a code; raises TicketGone, and 429 for who guesses."""
    desk: PublicDesk = request.context
    found: Ticket | None = None
    if CODE.fullmatch(code):
        found = request.services.read(lambda root: root.tickets.by_code(code))
    if found is None or found.desk != desk.desk or found.asker.kind is not AskerKind.CUSTOMER:
        if not request.services.visits.take("code", request.remote_addr or ""):
            raise HTTPTooManyRequests()
        raise TicketGone(code)
    return found


def _code(given: Any) -> str:
    text = re.sub(r"[^0-9A-Z]", "", given.get("code", "")[:40].upper())
    return "-".join(text[place : place + 4] for place in range(0, len(text), 4))


@view(
    context=PublicDesk, name="ticket", permission=PUBLIC, request_method="GET",
    renderer="service/public_ticket.html",
)  # fmt: skip
def ticket(request: Request) -> dict[str, Any]:
    """Show what became of a question, or ask for its code."""
    desk = admit(request, "read")
    return _ticket_page(request, desk, _code(request.GET))


def _ticket_page(
    request: Request, desk: PublicDesk, code: str, written: str = "", wrong: str = ""
) -> dict[str, Any]:
    held, entries = None, []
    if code:
        try:
            held = _ticket(request, code)
            one = held
            entries = request.services.read(lambda root: tickets.thread(root, one, internal=False))
        except TicketGone:
            wrong = request.texts("There is no ticket with this code.")
    if wrong:
        request.response.status = 422
    return {
        "ticket": held, "entries": entries, "code": code, "written": written, "wrong": wrong,
        "shown_number": lambda number: number, "now": request.services.now(), **frame_of(request, desk),
    }  # fmt: skip


@view(
    context=PublicDesk, name="ticket", permission=PUBLIC, request_method="POST",
    renderer="service/public_ticket.html",
)  # fmt: skip
def change(request: Request) -> Response | dict[str, Any]:
    """Ask on, close, rate or open again."""
    _, desk, given = request.texts, admit(request, "ask"), request.POST
    code, what, text = _code(given), given.get("what", ""), given.get("text", "")
    now, score, comment = request.services.now(), score_of(request), given.get("comment", "").strip()
    steps: dict[str, tuple[Any, str]] = {
        "ask": (lambda each, terms, files: rules.asked(each, text, files, now, terms), _("Sent.")),
        "reopen": (
            lambda each, terms, files: rules.reopened(each, text, files, now, terms),
            _("Open again."),
        ),
        "close": (lambda each, _t, _f: rules.closed(each, now), _("Closed. How good was the service?")),
        "rate": (lambda each, _t, _f: rules.rated(each, score, comment, now), _("Thank you.")),
    }
    if what not in steps:
        raise HTTPNotFound()
    step, said = steps[what]
    try:
        held = _ticket(request, code)
        tickets.take_further(request.services, held.desk, held.id, step, _uploads(request))
    except TicketGone:
        return _ticket_page(request, desk, code)
    except NotPossible as error:
        return _ticket_page(request, desk, code, text, _.either(error.zh, error.en))
    return say(request, HTTPSeeOther(f"{desk.address}/ticket?code={code}"), said)


@view(context=PublicDesk, name="attachment", permission=PUBLIC, request_method="GET")
def attachment(request: Request) -> Response:
    """Send an attachment of a ticket, to who has its code."""
    admit(request, "read")
    try:
        held = _ticket(request, _code(request.GET))
        entries = request.services.read(lambda root: tickets.thread(root, held, internal=False))
        found = tickets.file_of(entries, request.GET.get("id", ""))
        content = request.services.recordings.attachments().read(found.id)
    except (TicketGone, NotPossible) as error:
        raise HTTPNotFound() from error
    return download(content, f"T{held.number}-{found.id[-6:]}{tickets.suffix_of(found)}", found.type)
