"""通话清单 as Excel: at once, or made in the background when there are many."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import FileIter, Response

from storage.export.call_records import write_xlsx
from storage.retention.call_records import seen_since
from webui.resources import CallDesk, TenantCalls
from webui.security.permissions import TENANT
from webui.services import calls, masking
from webui.services.accounts import audited
from webui.services.call_files import Job
from webui.views.declare import view
from webui.views.downloads import XLSX, content_of, download

NAME: Final = "calls.xlsx"
REFRESH: Final = "2"
"""Seconds after which the page that waits asks again."""


@view(context=TenantCalls, name="excel", permission=TENANT, request_method="GET")
@view(context=CallDesk, name="excel", permission="see-calls", request_method="GET")
def excel(request: Request) -> Response:
    """Send what the filter finds as Excel, or make it in the background; noted in the audit log."""
    tenant, base = _whose(request)
    services, who = request.services, request.identity.who
    pages = _pages(request)
    since = 0.0 if pages is None else seen_since(pages.config, services.now())
    wanted = calls.read_search(request.GET, tenant or None, since)
    found = services.read(lambda root: calls.every(root, wanted, calls.MOST_EXCEL + 1))
    many = len(found) > calls.MOST_EXCEL
    entry = audited(
        services.now(), who, "calls-exported", f">{calls.MOST_EXCEL}" if many else str(len(found)),
        tenant=tenant, address=request.remote_addr or "",
    )  # fmt: skip
    services.audit(entry)
    if many:
        token = services.call_files.start(who, wanted, hidden=request.hides_callers)
        return HTTPSeeOther(f"{base}/excel-job?token={token}")
    content = content_of(
        lambda path: write_xlsx(path, masking.rows(found) if request.hides_callers else found)
    )
    return download(content, NAME)


@view(
    context=TenantCalls, name="excel-job", permission=TENANT, request_method="GET", renderer="calls_job.html"
)
@view(
    context=CallDesk, name="excel-job", permission="see-calls", request_method="GET",
    renderer="calls_job.html",
)  # fmt: skip
def job(request: Request) -> dict[str, Any]:
    """Show how far a file is; the page asks again by itself until it is there."""
    found, (_, base) = _job(request), _whose(request)
    if found.state in ("waiting", "writing"):
        request.response.headers["Refresh"] = REFRESH
    return {
        "job": found, "base": base, "token": request.GET.get("token", ""), "tenant": _pages(request),
    }  # fmt: skip


@view(context=TenantCalls, name="excel-file", permission=TENANT, request_method="GET")
@view(context=CallDesk, name="excel-file", permission="see-calls", request_method="GET")
def file(request: Request) -> Response:
    """Send a file that is done."""
    found = _job(request)
    if found.state != "done":
        raise HTTPNotFound()
    response = Response(content_type=XLSX)
    response.app_iter = FileIter(found.path.open("rb"))
    response.content_length = found.path.stat().st_size
    response.content_disposition = f'attachment; filename="{NAME}"'
    return response


def _job(request: Request) -> Job:
    tenant, _ = _whose(request)
    found: Job | None = request.services.call_files.find(
        request.GET.get("token", "")[:40], request.identity.who
    )
    if found is None or (
        (found.wanted.wanted.tenant or "") != tenant and isinstance(request.context, TenantCalls)
    ):
        raise HTTPNotFound()
    return found


def _pages(request: Request) -> Any:
    return request.context.__parent__ if isinstance(request.context, TenantCalls) else None


def _whose(request: Request) -> tuple[str, str]:
    """Return whose calls are meant (empty: everybody's), and the address of the list."""
    if isinstance(request.context, TenantCalls):
        tenant = request.context.__parent__.id
        return tenant, f"/t/{tenant}/calls"
    return request.GET.get("tenant", "").strip()[:40], "/operator/calls"
