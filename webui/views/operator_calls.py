"""话单: every call of the box, and each one's SIP messages."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pyramid.request import Request

from b2bua.control import ControlDown, ControlFailed, FlushTrace
from b2bua.control import Done as Did
from b2bua.trace_read import read_call
from storage.models import Root
from webui.presenters.ladder import draw
from webui.presenters.timeline import timeline
from webui.resources import CallDesk, CallFile
from webui.services import calls, masking
from webui.services.finance import edition_of
from webui.views.bound import entry_of
from webui.views.declare import view


@view(context=CallDesk, permission="see-calls", request_method="GET", renderer="operator/calls.html")
def listing(request: Request) -> dict[str, Any]:
    """Show a page of them."""
    tenant = request.GET.get("tenant", "").strip()[:40]
    wanted = calls.read_search(request.GET, tenant or None)

    def read(root: Root) -> dict[str, Any]:
        found, after = calls.find(root, wanted, request.GET.get("after", "")[:64])
        names = {name: held.config.value.name for name, held in root.tenants.items()}
        shown = masking.rows(found) if request.hides_callers else found
        return {"found": shown, "next": after, "names": names}

    return {
        "typed": wanted.typed,
        "behind": wanted.behind,
        "behind_words": calls.behind_words(wanted.behind, request.texts.language),
        "tenant_id": tenant,
        **request.services.read(read),
    }


@view(context=CallFile, permission="see-calls", request_method="GET", renderer="operator/call.html")
def one_call(request: Request) -> dict[str, Any]:
    """Show one call with timeline and ladder; noted, since it shows a tenant's caller."""
    record, services = request.context.record, request.services
    services.audit(entry_of(request, "call-seen", record.id, record.tenant or ""))
    with suppress(ControlDown, ControlFailed):
        services.ask(FlushTrace(), Did, timeout=2.0)
    messages = read_call(services.data.trace, record.id)
    shown = masking.without_middle(record) if request.hides_callers else record
    hidden = (record.caller, record.caller_raw) if request.hides_callers else ()
    return {
        "record": shown,
        "edition": services.read(lambda root: edition_of(root, record.charge)),
        "timeline": timeline(shown, request.texts),
        "ladder": draw(messages, hidden),
        "recorded": bool(record.recorded and services.recordings.known([record.id])),
    }
