"""语音审核: the operator listens, approves or refuses with a reason."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from storage.models import PromptVersion
from storage.voice import own_prompts
from storage.voice.prompt_faults import PromptFault
from webui.presenters.says import say
from webui.resources import PromptDesk
from webui.services import prompts
from webui.views.bound import entry_of, said_in_force
from webui.views.declare import view
from webui.views.prompts import wav_of

MOST_REASON = 200


@view(context=PromptDesk, permission="review-prompts", request_method="GET", renderer="operator/prompts.html")
def waiting(request: Request) -> dict[str, Any]:
    """Show what waits."""
    return {"found": request.services.read(prompts.waiting), "errors": {}, "refusing": ""}


@view(context=PromptDesk, name="audio", permission="review-prompts", request_method="GET")
def audio(request: Request) -> Response:
    """Send an upload as callers would hear it."""
    tenant, name, number = _named(request, request.GET)

    def find(root: Any) -> PromptVersion:
        return own_prompts.find(root, tenant, name, number)

    try:
        return wav_of(request, request.services.read(find))
    except PromptFault as fault:
        raise HTTPNotFound() from fault


@view(
    context=PromptDesk,
    name="review",
    permission="review-prompts",
    request_method="POST",
    renderer="operator/prompts.html",
)
def review(request: Request) -> Response | dict[str, Any]:
    """Approve an upload, or refuse it with a reason that the tenant is shown."""
    tenant, name, number = _named(request, request.POST)
    approve = request.POST.get("verdict") == "approve"
    reason = None if approve else request.POST.get("reason", "").strip()[:MOST_REASON]
    action = "prompt-approved" if approve else "prompt-refused"
    entry = entry_of(request, action, f"{name} {number} {reason or ''}".rstrip(), tenant)
    who, now = request.identity.who, request.services.now()
    try:
        done = prompts.change(
            request.services,
            entry,
            lambda root: own_prompts.review(root, tenant, name, number, reason=reason, by=who, at=now),
        )
    except PromptFault as fault:
        text = request.texts.either(fault.zh, fault.en)
        if fault.code != "reason":
            return say(request, HTTPSeeOther("/operator/prompts"), text, "warn")
        request.response.status = 422
        shown = {"reason": text}
        return {
            "found": request.services.read(prompts.waiting),
            "errors": shown,
            "refusing": f"{tenant} {name} {number}",
        }
    if approve:
        return said_in_force(request, done, "/operator/prompts")
    return say(request, HTTPSeeOther("/operator/prompts"), request.texts("Refused; the tenant sees why."))


def _named(request: Request, given: Any) -> tuple[str, str, int]:
    number = given.get("version", "")
    if not (number.isascii() and number.isdigit() and len(number) < 8):
        raise HTTPNotFound()
    return given.get("tenant", "")[:80], given.get("name", "")[:80], int(number)
