"""会话: e-mails and SMS of customers, read and answered at desks and on tenants' pages."""

from __future__ import annotations

import string
from collections.abc import Callable
from itertools import islice
from typing import Any, Final, TypeVar
from urllib.parse import quote

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.customers.conversation import Attachment, Conversation, ConversationState, Text, Way
from domain.refusal import BadField, NotPossible
from storage.conversations.writing import MOST_ANSWER, MOST_SMS, Writing
from storage.models import Root
from storage.numbers.documents import MOST_BYTES
from webui.presenters.says import say
from webui.resources_conversations import (
    DeskConversation,
    DeskConversations,
    TenantConversation,
    TenantConversations,
)
from webui.services.conversations import MOST_FILES, attach, texts_of
from webui.services.customers import Viewer, agents_of
from webui.views.both import both
from webui.views.bound import entry_of

SHOWN: Final = 30
MOST_TEXTS: Final = 200
_PLAIN: Final = frozenset(string.ascii_letters + string.digits + "-_.")
F = TypeVar("F", bound=Callable[..., Any])


def pages(name: str = "", method: str = "GET", *, one: bool = False, **more: Any) -> Callable[[F], F]:
    """Declare a view at desks and on tenants' pages; of ``one`` conversation."""
    at_desk, of_tenant = (
        (DeskConversation, TenantConversation) if one else (DeskConversations, TenantConversations)
    )
    return both(at_desk, of_tenant, name, method, **more)


@pages(renderer="conversations/list.html")
def listing(request: Request) -> dict[str, Any]:
    """Show conversations: his own, those that wait, all."""
    context = request.context
    viewer: Viewer = context.viewer
    show = request.GET.get("show", "mine" if viewer.agent else "open")

    def takes(each: Conversation) -> bool:
        if show == "mine":
            return each.state is ConversationState.ASSIGNED and each.agent == viewer.agent
        if show == "waiting":
            return each.state is ConversationState.WAITING
        return show != "open" or each.state is not ConversationState.CLOSED

    def read(root: Root) -> dict[str, Any]:
        book = root.conversations.find(viewer.tenant)
        wanted = (pair for pair in book.newest_first(request.GET.get("after", "")[:60]) if takes(pair[1]))
        found = list(islice(wanted, SHOWN + 1))
        return {
            "found": [each for _, each in found[:SHOWN]],
            "next": found[SHOWN - 1][0] if len(found) > SHOWN else "",
            **_names(root, viewer, [each for _, each in found]),
        }

    return {**around(request), "show": show, **request.services.read(read)}


@pages("mine", renderer="conversations/mine.html")
def mine(request: Request) -> dict[str, Any]:
    """Show what the agent has to answer, and how many wait."""
    viewer = request.context.viewer

    def read(root: Root) -> dict[str, Any]:
        book = root.conversations.find(viewer.tenant)
        found = sorted(book.of_agent(viewer.agent), key=lambda each: (not each.unanswered, -each.at))
        waiting = sum(1 for _ in islice(book.waiting(), 100))
        return {"found": found[:SHOWN], "waiting": waiting, **_names(root, viewer, found[:SHOWN])}

    return {**around(request), **request.services.read(read)}


def around(request: Request) -> dict[str, Any]:
    """Return what every page of conversations says."""
    context = request.context
    settings = request.services.read(lambda root: root.desk.find(context.viewer.tenant).settings.value)
    return {
        "base": context.base, "customers": context.customers, "company_name": context.company,
        "viewer": context.viewer, "settings": settings,
        "hide": lambda text: context.viewer.hide(text, settings),
    }  # fmt: skip


def _names(root: Root, viewer: Viewer, found: list[Conversation]) -> dict[str, Any]:
    held = root.customers.find(viewer.tenant)
    known = {
        each.id: held.of_mail(each.peer) if each.way is Way.MAIL else held.of_number(each.peer)
        for each in found
    }
    return {"known": {name: customer for name, customer in known.items() if customer is not None}}


@pages(one=True, renderer="conversations/conversation.html")
def conversation(request: Request) -> dict[str, Any]:
    """Show a conversation with its texts."""
    return _conversation(request)


def _conversation(request: Request, **more: Any) -> dict[str, Any]:
    context = request.context
    tenant, found = context.viewer.tenant, context.conversation
    if more.get("error"):
        request.response.status = 409

    def read(root: Root) -> dict[str, Any]:
        return {
            "conversation": root.conversations.find(tenant).get(found.id) or found,
            "agents": agents_of(root, tenant),
            **_names(root, context.viewer, [found]),
        }

    told = request.services.read(read)
    return {
        **around(request), **told, "customer": told["known"].get(found.id), "texts": _texts(request),
        "error": "", "words": "", "most": MOST_SMS if found.way is Way.SMS else MOST_ANSWER, **more,
    }  # fmt: skip


def _texts(request: Request) -> list[Text]:
    """Return the latest texts, the oldest first, with what became of SMS."""
    tenant, name = request.context.viewer.tenant, request.context.conversation.id
    found: list[Text] = request.services.read(lambda root: texts_of(root, tenant, name, MOST_TEXTS))
    return found[::-1]


@pages("texts", one=True, renderer="conversations/texts.html")
def texts(request: Request) -> dict[str, Any]:
    """Show the texts anew."""
    return {**around(request), "conversation": request.context.conversation, "texts": _texts(request)}


@pages("file", one=True)
def file(request: Request) -> Response:
    """Send a file of a text, to be stored: never shown, whatever it says it is."""
    text = next((each for each in _texts(request) if each.id == request.GET.get("text", "")), None)
    wanted = request.GET.get("file", "")
    told = next(
        (each for each in (text.attachments if text else ()) if each.file and each.file == wanted), None
    )
    if told is None:
        raise HTTPNotFound()
    try:
        content = request.services.recordings.letter_files().read(told.file)
    except NotPossible:
        raise HTTPNotFound() from None
    response = Response(content, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = _as_file(told.name)
    return response


def _as_file(name: str) -> str:
    """Return the header that names a file in any script (RFC 6266)."""
    plain = "".join(each if each in _PLAIN else "_" for each in name)
    coded = quote(name, safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{coded}"


@pages("answer", "POST", one=True, renderer="conversations/conversation.html")
def answer(request: Request) -> Response | dict[str, Any]:
    """Send an answer."""
    viewer, given = request.context.viewer, request.POST
    words = given.get("text", "").replace("\r\n", "\n").strip()[: MOST_ANSWER + 1]
    try:
        files = sent_files(request) if request.context.conversation.way is Way.MAIL else ()
    except NotPossible as refused:
        return _conversation(request, error=request.texts.either(refused.zh, refused.en), words=words)
    return _done(
        request,
        lambda writing, name: writing.answer(name, viewer.agent, words, files),
        request.texts("Sent."),
        words,
    )


def sent_files(request: Request) -> tuple[Attachment, ...]:
    """Keep the files of a form; raises BadField."""
    found = [each for each in request.POST.getall("file") if hasattr(each, "file") and each.filename]
    if len(found) > MOST_FILES:
        raise BadField("file", f"at most {MOST_FILES} files", f"最多 {MOST_FILES} 个附件")
    return tuple(
        attach(request.services, str(each.filename), each.file.read(MOST_BYTES + 1)) for each in found
    )


@pages("note", "POST", one=True, renderer="conversations/conversation.html")
def note(request: Request) -> Response | dict[str, Any]:
    """Write down what only agents see."""
    agent, words = request.context.viewer.agent, request.POST.get("text", "").strip()[:2000]
    return _done(
        request, lambda writing, name: writing.note(name, agent, words), request.texts("Saved."), words
    )


@pages("take", "POST", one=True, renderer="conversations/conversation.html")
def take(request: Request) -> Response | dict[str, Any]:
    """See to a conversation; not one that somebody else sees to."""
    agent = request.context.viewer.agent
    if not agent:
        raise HTTPNotFound()
    return _done(request, lambda writing, name: writing.take(name, agent), request.texts("It is yours."))


@pages("give", "POST", one=True, renderer="conversations/conversation.html")
def give(request: Request) -> Response | dict[str, Any]:
    """Hand it to a colleague, or let it wait for anybody."""
    wanted, tenant = request.POST.get("agent", "")[:40], request.context.viewer.tenant
    if wanted and wanted not in request.services.read(lambda root: agents_of(root, tenant)):
        raise HTTPNotFound()

    def work(writing: Writing, name: str) -> None:
        if wanted:
            writing.take(name, wanted, over=True)
        else:
            writing.release(name)

    return _done(request, work, request.texts("Handed over."))


@pages("close", "POST", one=True, renderer="conversations/conversation.html")
def close(request: Request) -> Response | dict[str, Any]:
    """End it until the customer writes again."""
    return _done(request, lambda writing, name: writing.close(name), request.texts("Closed."), leave=True)


def _done(
    request: Request,
    work: Callable[[Writing, str], object],
    said: str,
    words: str = "",
    *,
    leave: bool = False,
) -> Response | dict[str, Any]:
    """Do something about a conversation and show it again."""
    context, now = request.context, request.services.now()
    entry = entry_of(
        request, f"conversation-{request.view_name}", context.conversation.id, context.viewer.tenant
    )

    def change(root: Root) -> None:
        work(Writing(root, context.viewer.tenant, now), context.conversation.id)
        root.web.note(entry)

    try:
        request.services.change(change, "conversation")
    except NotPossible as refused:
        return _conversation(request, error=request.texts.either(refused.zh, refused.en), words=words)
    return say(
        request, HTTPSeeOther(context.base if leave else f"{context.base}/{context.conversation.id}"), said
    )
