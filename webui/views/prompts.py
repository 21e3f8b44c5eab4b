"""语音与彩铃 of a tenant: upload or record, listen, versions."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from b2bua.recorder.prompts import PromptError
from domain.names import as_named
from storage.models import PromptVersion, Root
from storage.voice import own_prompts
from storage.voice.prompt_faults import PromptFault
from webui.presenters.says import say
from webui.presenters.texts import N_
from webui.resources_setup import PromptPage, PromptPages
from webui.security.permissions import TENANT
from webui.services import prompts
from webui.views.bound import entry_of, said_in_force
from webui.views.declare import view

MICROPHONE: Final = "camera=(), geolocation=(), microphone=(self), payment=()"
"""The one page where a browser may record."""
NAMES: Final = (
    N_("welcome"), N_("menu"), N_("after-hours"), N_("ringback"), N_("recording-notice"), N_("hold-music"),
)  # fmt: skip
"""Names that are offered."""


@view(context=PromptPages, permission=TENANT, request_method="GET", renderer="tenant/prompts.html")
def listing(request: Request) -> dict[str, Any]:
    """Show them with their versions."""
    return _page(request)


@view(
    context=PromptPages,
    name="upload",
    permission=TENANT,
    request_method="POST",
    renderer="tenant/prompts.html",
)
def upload(request: Request) -> Response | dict[str, Any]:
    """Take a file, or what was recorded in the browser; the operator reviews it, unless it is he."""
    tenant, _ = request.context.__parent__, request.texts
    name, file = as_named(request.POST.get("name", "")[:60]), request.POST.get("audio")
    if not getattr(file, "file", None):
        return _page(request, {"audio": _("Choose a file, or record one.")}, name)
    approved = bool(request.identity.acting)
    entry = entry_of(request, "prompt-uploaded", name, tenant.id)
    try:
        done = prompts.upload(
            request.services, tenant.id, name, file.file, str(file.filename), entry,
            by=request.identity.who, approved=approved,
        )  # fmt: skip
    except PromptError as error:
        return _page(request, {"audio": _.either(error.chinese, error.english)}, name)
    except PromptFault as fault:
        field = "name" if fault.code == "name" else "audio"
        return _page(request, {field: _.either(fault.zh, fault.en)}, name)
    if approved:
        return said_in_force(request, done, f"/t/{tenant.id}/prompts")
    text = _("Uploaded. Callers hear it as soon as your operator approved it.")
    return say(request, HTTPSeeOther(f"/t/{tenant.id}/prompts"), text)


@view(context=PromptPage, name="audio", permission=TENANT, request_method="GET")
def audio(request: Request) -> Response:
    """Send a version as callers hear it."""
    return wav_of(request, _version(request, request.GET.get("version", "")))


@view(context=PromptPage, name="rollback", permission=TENANT, request_method="POST")
def roll_back(request: Request) -> Response:
    """Let callers hear an approved version again."""
    page, number = request.context, _version(request, request.POST.get("version", "")).version
    entry = entry_of(request, "prompt-rolled-back", f"{page.prompt.name} {number}", page.tenant.id)
    return _change(
        request, entry, lambda root: own_prompts.roll_back(root, page.tenant.id, page.prompt.name, number)
    )


@view(context=PromptPage, name="remove", permission=TENANT, request_method="POST")
def remove(request: Request) -> Response:
    """Remove a version, or without one the whole prompt."""
    page, text = request.context, request.POST.get("version", "")
    number = _version(request, text).version if text else None
    entry = entry_of(request, "prompt-removed", f"{page.prompt.name} {text}".rstrip(), page.tenant.id)
    return _change(
        request, entry, lambda root: own_prompts.remove(root, page.tenant.id, page.prompt.name, number)
    )


def wav_of(request: Request, version: PromptVersion) -> Response:
    """Send a version's sound, so that players can seek."""
    content = prompts.sound(request.services, version)
    if content is None:
        raise HTTPNotFound()
    response = Response(content, content_type="audio/wav", conditional_response=True)
    response.accept_ranges = "bytes"
    return response


def _version(request: Request, text: str) -> PromptVersion:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
    found: PromptVersion | None = request.context.prompt.version(number)
    if found is None:
        raise HTTPNotFound()
    return found


def _change(request: Request, entry: Any, work: Any) -> Response:
    back = f"/t/{request.context.tenant.id}/prompts"
    try:
        done = prompts.change(request.services, entry, work)
    except PromptFault as fault:
        text = request.texts.either(fault.zh, fault.en)
        return say(request, HTTPSeeOther(back), text, "warn")
    return said_in_force(request, done, back)


def _page(request: Request, errors: dict[str, str] | None = None, name: str = "") -> dict[str, Any]:
    tenant = request.context.__parent__
    if errors:
        request.response.status = 422
    request.response.headers["Permissions-Policy"] = MICROPHONE

    def read(root: Root) -> dict[str, Any]:
        return {
            "found": prompts.listed(root, tenant.id),
            "usage": own_prompts.usage(root, tenant.id),
        }

    return {
        "tenant": tenant,
        "errors": errors or {},
        "typed": {"name": name},
        "names": [request.texts(each) for each in NAMES],
        **request.services.read(read),
    }
