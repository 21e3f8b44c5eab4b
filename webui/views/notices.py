"""通知: who is told of missed calls, messages and money, and what was sent."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.calling.caller import typed_numbers
from storage.models import Root
from webui.presenters.says import say
from webui.resources import NoticePages
from webui.security.permissions import TENANT
from webui.services import notices
from webui.services.provisioning import Refused
from webui.views.bound import entry_of
from webui.views.declare import view

MOST_CHARACTERS: Final = 1000


@view(context=NoticePages, permission=TENANT, request_method="GET", renderer="tenant/notices.html")
def listing(request: Request) -> dict[str, Any]:
    """Show who is told, and the latest deliveries."""
    return _page(request)


@view(
    context=NoticePages, name="save", permission=TENANT, request_method="POST",
    renderer="tenant/notices.html",
)  # fmt: skip
def save(request: Request) -> Response | dict[str, Any]:
    """Set who is told of one kind."""
    tenant, kind = request.context.__parent__, request.POST.get("kind", "")
    if kind not in notices.KINDS:
        raise HTTPBadRequest()
    typed = {name: request.POST.get(name, "")[:MOST_CHARACTERS] for name in ("mobiles", "emails")}
    mobiles, emails = (typed_numbers(text) for text in typed.values())
    robots = [each[:60] for each in request.POST.getall("robot")]
    entry = entry_of(request, "notices-changed", kind, tenant.id)
    try:
        done = notices.save(request.services, tenant.id, kind, mobiles, emails, entry, robots)
    except Refused as refused:
        return _page(request, kind, refused.by_field(request.texts.language), {**typed, "robots": robots})
    _ = request.texts
    words = _("Saved; it holds for the next notice.") if done.changed else _("Nothing to change.")
    return say(request, HTTPSeeOther(f"/t/{tenant.id}/notices"), words)


def _page(
    request: Request,
    editing: str = "",
    errors: dict[str, str] | None = None,
    typed: dict[str, Any] | None = None,
) -> dict[str, Any]:
    if errors:
        request.response.status = 422
    tenant = request.context.__parent__

    def read(root: Root) -> dict[str, Any]:
        return {
            "told": notices.recipients(root, tenant.id),
            "log": notices.log(root, tenant.id),
            "robots": notices.robots(root, tenant.id),
            "ways": notices.ways(root),
        }

    return {
        "tenant": tenant,
        **request.services.read(read),
        "editing": editing,
        "errors": errors or {},
        "typed": typed or {},
    }
