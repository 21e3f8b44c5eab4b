"""远程协助 on the tenant's side: allow it for a while, end it, read what was seen."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPForbidden, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.refusal import NotPossible
from storage.models import Root
from webui.presenters.says import say
from webui.resources import AssistancePages
from webui.security.permissions import TENANT
from webui.services import assistance
from webui.services.accounts import assistance_of
from webui.views.bound import entry_of
from webui.views.declare import view


@view(context=AssistancePages, permission=TENANT, request_method="GET", renderer="tenant/assistance.html")
def page(request: Request) -> dict[str, Any]:
    """Show what is allowed, and what was seen."""
    tenant, now = request.context.__parent__, request.services.now()

    def read(root: Root) -> dict[str, Any]:
        held = assistance_of(root, tenant.id)
        return {"held": held, "holds": held.holds(now), "seen": assistance.recorded(root, tenant.id)}

    return {"tenant": tenant, "minutes": assistance.MINUTES, **request.services.read(read)}


@view(context=AssistancePages, name="allow", permission=TENANT, request_method="POST")
def allow(request: Request) -> Response:
    """Allow it; the tenant himself alone may."""
    texts, tenant = _himself(request)
    minutes, back = request.POST.get("minutes", ""), HTTPSeeOther(f"/t/{tenant}/assistance")
    entry = entry_of(request, "assistance-given", tenant, tenant)
    try:
        chosen = int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) < 5 else 0
        assistance.give(request.services, tenant, chosen, entry, may_change="change" in request.POST)
    except NotPossible as why:
        return say(request, back, texts.either(why.zh, why.en), "bad")
    return say(request, back, texts("Allowed. You can end it at any time."))


@view(context=AssistancePages, name="end", permission=TENANT, request_method="POST")
def end(request: Request) -> Response:
    """End or refuse it."""
    texts, tenant = _himself(request)
    assistance.end(request.services, tenant, entry_of(request, "assistance-ended", tenant, tenant))
    return say(
        request, HTTPSeeOther(f"/t/{tenant}/assistance"), texts("Ended: operators see your pages no more.")
    )


def _himself(request: Request) -> tuple[Any, str]:
    if request.identity.acting:
        raise HTTPForbidden()
    return request.texts, request.context.__parent__.id
