"""Customers rate their e-mails on the public page of a desk, by the link that they were sent."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther, HTTPTooManyRequests
from pyramid.request import Request
from pyramid.response import Response

from domain.customers.conversation import Conversation
from domain.refusal import NotPossible
from storage.conversations.scores import rate, to_be_rated
from webui.presenters.says import say
from webui.resources_service import PublicDesk
from webui.security.permissions import PUBLIC
from webui.views.declare import view
from webui.views.public import admit, frame_of
from webui.views.tickets_thread import score_of


@view(
    context=PublicDesk, name="rate", permission=PUBLIC, request_method="GET",
    renderer="service/public_rate.html",
)  # fmt: skip
def ask(request: Request) -> dict[str, Any]:
    """Ask how good the service was."""
    return _page(request, admit(request, "read"))


def _page(request: Request, desk: PublicDesk, wrong: str = "") -> dict[str, Any]:
    conversation = _found(request, desk, request.GET)
    if wrong:
        request.response.status = 422
    return {
        "conversation": conversation, "code": request.GET.get("code", ""), "wrong": wrong,
        "action": request.path_qs, **frame_of(request, desk),
    }  # fmt: skip


def _found(request: Request, desk: PublicDesk, given: Any) -> Conversation:
    """Return the conversation that the link is of; raises 404, and 429 for who guesses."""
    name, code = given.get("about", "")[:26], given.get("code", "")[:40]
    found: Conversation | None = request.services.read(
        lambda root: to_be_rated(root, desk.desk, name, code) if desk.desk else None
    )
    if found is not None:
        return found
    if not request.services.visits.take("code", request.remote_addr or ""):
        raise HTTPTooManyRequests()
    raise HTTPNotFound()


@view(
    context=PublicDesk, name="rate", permission=PUBLIC, request_method="POST",
    renderer="service/public_rate.html",
)  # fmt: skip
def store(request: Request) -> Response | dict[str, Any]:
    """Keep the score."""
    _, desk = request.texts, admit(request, "ask")
    conversation, now = _found(request, desk, request.GET), request.services.now()
    code, score, comment = request.GET["code"], score_of(request), request.POST.get("comment", "").strip()
    try:
        request.services.change(
            lambda root: rate(root, desk.desk, conversation.id, code, score, comment, now),
            "mail rated",
        )
    except NotPossible as error:
        return _page(request, desk, _.either(error.zh, error.en))
    query = urlencode({"about": conversation.id, "code": code})
    return say(request, HTTPSeeOther(f"{desk.address}/rate?{query}"), _("Thank you."))
