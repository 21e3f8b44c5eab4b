"""留言: what callers said."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from storage.export.messages import write_xlsx
from storage.recordings import RecordingDamaged, RecordingMissing
from storage.recordings.messages import MARKS, MessageFilter
from storage.recordings.search import newest
from webui.presenters.says import say
from webui.resources_setup import MessagePage, MessagePages
from webui.security.permissions import TENANT
from webui.services import masking
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.downloads import content_of, download
from webui.views.tenant_calls import ranged

PAGE: Final = 100
MOST_EXCEL: Final = 5000
SHOWN: Final = ("", "new", *MARKS)


@view(context=MessagePages, permission=TENANT, request_method="GET", renderer="tenant/messages.html")
def listing(request: Request) -> dict[str, Any]:
    """Show them, newest first."""
    tenant, mark = request.context.__parent__, request.GET.get("mark", "")
    mark = mark if mark in SHOWN else ""
    caller = "".join(char for char in request.GET.get("caller", "") if char in "0123456789")[:20]
    wanted = MessageFilter(tenant.id, caller=caller, mark=mark or None)
    found = list(islice(newest(request.services.recordings.messages(), wanted), PAGE))
    shown = masking.callers(found) if request.hides_callers else found
    return {"tenant": tenant, "found": shown, "mark": mark, "typed": {"caller": caller}}


@view(context=MessagePages, name="excel", permission=TENANT, request_method="GET")
def excel(request: Request) -> Response:
    """Send the list as Excel; noted in the audit log."""
    tenant, services = request.context.__parent__, request.services
    found = list(islice(newest(services.recordings.messages(), MessageFilter(tenant.id)), MOST_EXCEL))
    content = content_of(
        lambda path: write_xlsx(path, masking.callers(found) if request.hides_callers else found)
    )
    services.audit(entry_of(request, "messages-exported", str(len(found)), tenant.id))
    return download(content, "messages.xlsx")


@view(context=MessagePage, name="audio", permission=TENANT, request_method="GET")
def audio(request: Request) -> Response:
    """Send the sound, whole or a range of it; a download is noted in the audit log."""
    page, services = request.context, request.services
    download = "download" in request.GET
    try:
        path = services.recordings.messages().path(page.facts.id)
    except (RecordingMissing, RecordingDamaged) as error:
        raise HTTPNotFound() from error
    if download or request.identity.acting:
        services.audit(entry_of(request, "message-heard", page.facts.id, page.tenant.id))
    return ranged(request, path, f"{page.facts.id}.flac" if download else "")


@view(context=MessagePage, name="mark", permission=TENANT, request_method="POST")
def mark(request: Request) -> Response:
    """Say what was done about one: new, heard, done. The player says heard by itself."""
    page, services = request.context, request.services
    wanted = request.POST.get("mark", "")
    if wanted not in SHOWN:
        raise HTTPNotFound()
    if not (wanted == "heard" and page.facts.mark):
        name = "" if wanted == "new" else wanted
        services.recordings.messages().mark(page.facts.id, name, request.identity.name, services.now())
    if request.headers.get("HX-Request"):
        return Response(status=204)
    return say(request, HTTPSeeOther(f"/t/{page.tenant.id}/messages"), request.texts("Marked."))


@view(context=MessagePage, name="delete", permission=TENANT, request_method="POST")
def delete(request: Request) -> Response:
    """Delete one; those on legal hold stay."""
    page, services, _ = request.context, request.services, request.texts
    back = HTTPSeeOther(f"/t/{page.tenant.id}/messages")
    if not services.recordings.messages().delete([page.facts.id]):
        return say(request, back, _("It is kept by legal hold and cannot be deleted."), "warn")
    entry = entry_of(request, "message-deleted", f"{page.facts.id} {page.facts.caller}", page.tenant.id)
    services.audit(entry)
    return say(request, back, _("Deleted."))
