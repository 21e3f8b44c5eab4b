"""An agent, or the tenant, writes to a customer first: an e-mail or an SMS, from the list or from a card."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.customers.conversation import Attachment, Conversation, Way
from domain.customers.customer import Customer
from domain.refusal import BadField, NotPossible
from storage.conversations.channels import channel_named, reachable, sending
from storage.conversations.writing import MOST_ANSWER, MOST_SMS, Writing
from storage.models import Root
from webui.presenters.says import say
from webui.services.conversations import MOST_FILES, key_of_peer
from webui.views.bound import entry_of
from webui.views.conversations import around, pages, sent_files

_LENGTHS: Final = {
    "way": 4, "customer": 16, "to": 120, "channel": 40, "subject": 200, "text": MOST_ANSWER + 1
}  # fmt: skip


@pages("new", renderer="conversations/new.html")
def new(request: Request) -> dict[str, Any]:
    """Ask what to write to whom; who comes from a card finds him filled in."""
    return _form(request, _typed(request.GET), {})


@pages("new", "POST", renderer="conversations/new.html")
def begin(request: Request) -> Response | dict[str, Any]:
    """Send it; the conversation is his who wrote."""
    typed = _typed(request.POST)
    try:
        begun = _begin(request, typed)
    except NotPossible as refused:
        field = refused.field if isinstance(refused, BadField) else "all"
        return _form(request, typed, {field: request.texts.either(refused.zh, refused.en)})
    where = f"{request.context.base}/{begun.id}"
    return say(request, HTTPSeeOther(where), request.texts("It is being sent."))


def _typed(given: Any) -> dict[str, str]:
    typed = {
        name: str(given.get(name, "")).replace("\r\n", "\n").strip()[:most] for name, most in _LENGTHS.items()
    }
    return {**typed, "way": Way.SMS if typed["way"] == Way.SMS else Way.MAIL}


def _begin(request: Request, typed: dict[str, str]) -> Conversation:
    """Begin the conversation; its files are kept when nothing else is in the way. Raises NotPossible."""
    viewer, now, way = request.context.viewer, request.services.now(), Way(typed["way"])

    def work(root: Root, files: tuple[Attachment, ...] = ()) -> Conversation:
        if not typed["channel"]:
            raise BadField("channel", "choose by what it is sent", "请选择发送邮箱或号码")
        channel = channel_named(root, viewer.tenant, typed["channel"], way)
        peer = _peers(request, root, typed).get(typed["to"], typed["to"])
        writing = Writing(root, viewer.tenant, now)
        return writing.begin(channel, peer, typed["subject"], typed["text"], viewer.agent, files)

    request.services.read(work)
    files = sent_files(request) if way is Way.MAIL else ()

    def change(root: Root) -> Conversation:
        begun = work(root, files)
        root.web.note(entry_of(request, "conversation-begin", begun.id, viewer.tenant))
        return begun

    begun: Conversation = request.services.change(change, "conversation begun")
    return begun


def _peers(request: Request, root: Root, typed: dict[str, str]) -> dict[str, str]:
    """Return the addresses or numbers of the card that he comes from, by what names them in the form."""
    known = _customer(root, request.context.viewer.tenant, typed)
    found = [] if known is None else reachable(known, Way(typed["way"]))
    return {key_of_peer(request.services, each): each for each in found}


def _customer(root: Root, tenant: str, typed: dict[str, str]) -> Customer | None:
    return root.customers.find(tenant).get(typed["customer"])


def _form(request: Request, typed: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    viewer, way = request.context.viewer, Way(typed["way"])
    if errors:
        request.response.status = 422
        if way is Way.MAIL and any(getattr(each, "filename", "") for each in request.POST.getall("file")):
            errors = {"file": request.texts("Choose the files again, please."), **errors}

    def read(root: Root) -> dict[str, Any]:
        return {
            "channels": sending(root, viewer.tenant, way),
            "customer": _customer(root, viewer.tenant, typed),
            "peers": _peers(request, root, typed),
        }

    return {
        **around(request), **request.services.read(read), "typed": typed, "errors": errors, "way": way,
        "most": MOST_SMS if way is Way.SMS else MOST_ANSWER, "most_files": MOST_FILES,
    }  # fmt: skip
