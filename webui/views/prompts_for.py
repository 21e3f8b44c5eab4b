"""Prompts that the operator uploads or records for a tenant (代为录制): heard without review."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from b2bua.recorder.prompts import PromptError
from domain.names import as_named
from storage.voice.prompt_faults import PromptFault
from webui.resources import TenantFile
from webui.services import prompts
from webui.views.bound import entry_of, said_in_force
from webui.views.declare import view
from webui.views.prompts import MICROPHONE, NAMES


@view(
    context=TenantFile, name="prompts", permission="review-prompts", request_method="GET",
    renderer="operator/tenant_prompts.html",
)  # fmt: skip
def listing(request: Request) -> dict[str, Any]:
    """Show what he has, and the form."""
    return _page(request)


@view(
    context=TenantFile, name="prompts", permission="review-prompts", request_method="POST",
    renderer="operator/tenant_prompts.html",
)  # fmt: skip
def upload(request: Request) -> Response | dict[str, Any]:
    """Take a file, or what was recorded in the browser."""
    tenant, _ = request.context.id, request.texts
    name, file = as_named(request.POST.get("name", "")[:60]), request.POST.get("audio")
    if not getattr(file, "file", None):
        return _page(request, {"audio": _("Choose a file, or record one.")}, name)
    try:
        done = prompts.upload(
            request.services, tenant, name, file.file, str(file.filename),
            entry_of(request, "prompt-uploaded", name, tenant), by=request.identity.who, approved=True,
        )  # fmt: skip
    except PromptError as error:
        return _page(request, {"audio": _.either(error.chinese, error.english)}, name)
    except PromptFault as fault:
        field = "name" if fault.code == "name" else "audio"
        return _page(request, {field: _.either(fault.zh, fault.en)}, name)
    return said_in_force(request, done, f"/operator/tenants/{tenant}/prompts")


def _page(request: Request, errors: dict[str, str] | None = None, name: str = "") -> dict[str, Any]:
    tenant = request.context
    if errors:
        request.response.status = 422
    request.response.headers["Permissions-Policy"] = MICROPHONE
    found: list[prompts.Listed] = request.services.read(lambda root: prompts.listed(root, tenant.id))
    known = [each.prompt.name for each in found]
    offered = [request.texts(each) for each in NAMES]
    names = (*known, *(each for each in offered if each not in known))
    return {"tenant": tenant, "found": found, "errors": errors or {}, "typed": {"name": name}, "names": names}
