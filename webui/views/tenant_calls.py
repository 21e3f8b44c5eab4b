"""通话清单: a tenant's calls, one call, its recording, Excel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import FileIter, Response

from storage.models import Root
from storage.recordings import RecordingDamaged, RecordingMissing, Recordings
from storage.retention.call_records import seen_since
from webui.presenters.timeline import timeline
from webui.resources import CallFile, TenantCall, TenantCalls, TenantPages
from webui.security.permissions import TENANT
from webui.services import calls, masking
from webui.services.accounts import audited
from webui.services.finance import edition_of
from webui.services.flows import menus_of
from webui.services.waveform import waveform_of
from webui.views.declare import view


@view(context=TenantCalls, permission=TENANT, request_method="GET", renderer="tenant/calls.html")
def listing(request: Request) -> dict[str, Any]:
    """Show a page of them."""
    tenant = request.context.__parent__
    since = seen_since(tenant.config, request.services.now())
    wanted = calls.read_search(request.GET, tenant.id, since)

    def read(root: Root) -> dict[str, Any]:
        found, after = calls.find(root, wanted, request.GET.get("after", "")[:64])
        return {"found": found, "next": after}

    shown = _filter(request, wanted)
    return {"tenant": tenant, "since": since, **shown, **_seen(request, request.services.read(read))}


@view(
    context=TenantPages,
    name="recordings",
    permission=TENANT,
    request_method="GET",
    renderer="tenant/calls.html",
)
def recordings(request: Request) -> dict[str, Any]:
    """Show the calls that have a recording."""
    tenant = request.context
    since = seen_since(tenant.config, request.services.now())
    wanted = calls.read_search({**request.GET, "recorded": "1"}, tenant.id, since)

    def read(root: Root) -> dict[str, Any]:
        found, after = calls.find(root, wanted, request.GET.get("after", "")[:64])
        return {"found": found, "next": after}

    shown = _filter(request, wanted)
    shown["typed"].pop("recorded")
    return {
        "tenant": tenant, "since": since, "recorded_only": True,
        **shown, **_seen(request, request.services.read(read)),
    }  # fmt: skip


def _filter(request: Request, wanted: calls.CallSearch) -> dict[str, Any]:
    words = calls.behind_words(wanted.behind, request.texts.language)
    return {"typed": dict(wanted.typed), "behind": wanted.behind, "behind_words": words}


def _seen(request: Request, found: dict[str, Any]) -> dict[str, Any]:
    """Return a page of calls as who asks sees it."""
    return {**found, "found": masking.rows(found["found"])} if request.hides_callers else found


@view(context=TenantCall, permission=TENANT, request_method="GET", renderer="tenant/call.html")
def one_call(request: Request) -> dict[str, Any]:
    """Show one call with its timeline."""
    record = request.context.record
    if request.hides_callers:
        record = masking.without_middle(record)
    return {
        "tenant": request.context.tenant,
        "record": record,
        "edition": request.services.read(lambda root: edition_of(root, record.charge)),
        "timeline": timeline(record, request.texts),
        "menus": menus_of(record),
        "note": request.services.read(lambda root: root.desk.find(record.tenant or "").note(record.id)),
        "recorded": bool(record.recorded and request.services.recordings.known([record.id])),
    }


@view(context=TenantCall, name="recording", permission=TENANT, request_method="GET")
@view(context=CallFile, name="recording", permission="see-calls", request_method="GET")
def recording(request: Request) -> Response:
    """Send the sound, whole or a range of it; a download is noted in the audit log."""
    record, services = request.context.record, request.services
    download = "download" in request.GET
    path = _kept(request)
    if download or request.identity.role is not None:
        entry = audited(
            services.now(), request.identity.who, "recording-downloaded" if download else "recording-heard",
            record.id, tenant=record.tenant or "", address=request.remote_addr or "",
        )  # fmt: skip
        services.audit(entry)
    return ranged(request, path, f"{record.id}.flac" if download else "")


@view(context=TenantCall, name="waveform", permission=TENANT, request_method="GET")
@view(context=CallFile, name="waveform", permission="see-calls", request_method="GET")
def waveform(request: Request) -> Response:
    """Send what is drawn above the player."""
    try:
        drawn = waveform_of(_kept(request))
    except OSError as error:
        raise HTTPNotFound() from error
    return Response(msgspec.json.encode(drawn), content_type="application/json")


def _kept(request: Request) -> Path:
    """Return the recording of the call that is asked for; raises HTTPNotFound when it is not there."""
    record = request.context.record
    kept: Recordings = request.services.recordings
    try:
        facts, path = kept.facts(record.id), kept.path(record.id)
    except (RecordingMissing, RecordingDamaged) as error:
        raise HTTPNotFound() from error
    if facts.tenant != (record.tenant or ""):
        raise HTTPNotFound()
    return path


def ranged(request: Request, path: Path, name: str) -> Response:
    """Send a FLAC file so that players can seek; with a name, as a download."""
    size = path.stat().st_size
    response = Response(content_type="audio/flac", conditional_response=True)
    response.app_iter = FileIter(path.open("rb"))
    response.content_length = size
    response.accept_ranges = "bytes"
    if name:
        response.content_disposition = f'attachment; filename="{name}"'
    return response
