"""未接: missed calls as things to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from b2bua.control import ControlDown, ControlFailed
from domain.calling.caller import canonical_caller
from domain.refusal import NotPossible
from storage.models import Root
from storage.serving.places import read_places
from webui.presenters.says import say
from webui.resources_setup import MissedPages
from webui.security.permissions import TENANT
from webui.services import masking, missed
from webui.services.provisioning import Stale
from webui.views.bound import entry_of
from webui.views.declare import view

_ITEM: Final = re.compile(r"[0-9A-Z]{26}", re.ASCII)
MOST_NOTE: Final = 200


@view(context=MissedPages, permission=TENANT, request_method="GET", renderer="tenant/missed.html")
def listing(request: Request) -> dict[str, Any]:
    """Show what is to be done, or all of it."""
    tenant, every = request.context.__parent__, request.GET.get("show") == "all"
    places = read_places(request.services.data)
    typed = {name: request.GET.get(name, "").strip()[:20] for name in ("caller", "number")}
    caller = "".join(each for each in typed["caller"] if each.isascii() and each.isdigit())

    def read(root: Root) -> dict[str, Any]:
        items = missed.listed(root, tenant.id, every=every, caller=caller, number=typed["number"])
        return {
            "items": masking.callers(items) if request.hides_callers else items,
            "phones": missed.phones(root, tenant.id),
            "numbers": list(root.tenants[tenant.id].numbers),
        }

    return {
        "tenant": tenant,
        "every": every,
        "typed": typed,
        "me": request.identity.name,
        "place_of": lambda caller: places.place_of(canonical_caller(caller)).name,
        **request.services.read(read),
    }


@view(context=MissedPages, name="claim", permission=TENANT, request_method="POST")
def claim(request: Request) -> Response:
    """Take one over."""
    tenant, item = request.context.__parent__, _item(request)
    entry = entry_of(request, "missed-claimed", item, tenant.id)
    who = request.identity.name
    return _done(
        request,
        lambda: missed.claim(request.services, tenant.id, item, who, entry),
        request.texts("Yours now: nobody else calls back as well."),
    )


@view(context=MissedPages, name="close", permission=TENANT, request_method="POST")
def close(request: Request) -> Response:
    """Close one."""
    tenant, item = request.context.__parent__, _item(request)
    note = request.POST.get("note", "").strip()[:MOST_NOTE]
    entry = entry_of(request, "missed-closed", item, tenant.id)
    who = request.identity.name
    return _done(
        request,
        lambda: missed.close(request.services, tenant.id, item, who, note, entry),
        request.texts("Closed."),
    )


@view(context=MissedPages, name="call-back", permission=TENANT, request_method="POST")
def call_back(request: Request) -> Response:
    """Ring a phone of the tenant, then the caller."""
    tenant, item = request.context.__parent__, _item(request)
    phone = request.POST.get("phone", "")[:40]
    entry = entry_of(request, "missed-called-back", f"{item} {phone}", tenant.id)
    who = request.identity.name
    return _done(
        request,
        lambda: missed.call_back(request.services, tenant.id, item, who, phone, entry),
        request.texts("{phone} rings now; the caller is rung as soon as it is picked up.", phone=phone),
    )


def _done(request: Request, work: Callable[[], object], text: str) -> Response:
    """Do something and lead back to the list; what cannot be done is said there."""
    _ = request.texts
    back = HTTPSeeOther(f"/t/{request.context.__parent__.id}/missed")
    try:
        work()
    except Stale:
        return say(request, back, _("There is no such missed call any more."), "warn")
    except NotPossible as error:
        return say(request, back, _.either(error.zh, str(error)), "warn")
    except ControlDown:
        return say(request, back, _("The box takes no calls at the moment; nobody was rung."), "bad")
    except ControlFailed as error:
        return say(request, back, _("Nobody was rung: {why}", why=error), "bad")
    return say(request, back, text)


def _item(request: Request) -> str:
    item: str = request.POST.get("item", "")
    return item if _ITEM.fullmatch(item) else ""
