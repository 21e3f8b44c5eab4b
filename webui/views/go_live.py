"""上线导入: customers, contacts, bound numbers and knowledge of a new tenant in one workbook."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response

from b2bua.in_force import change_in_force
from domain.refusal import NotPossible
from storage.export.workbook_read import MOST_BYTES, WorkbookRefused
from storage.go_live import (
    MOST_ROWS,
    Sheets,
    Taken,
    read_workbook,
    take_workbook,
    write_refused,
    write_template,
)
from storage.models import Root
from webui.resources_setup import GoLivePages
from webui.security.permissions import TENANT
from webui.services.provisioning import KnownPrompts
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.downloads import content_of, download

SHOWN: Final = 200
"""Rows of each sheet on the page; the file of refused rows has all of them."""
REFUSED: Final = "go-live-refused.xlsx"
PAGE: Final = "tenant/go_live.html"


@view(context=GoLivePages, permission=TENANT, request_method="GET", renderer=PAGE)
def ask(request: Request) -> dict[str, Any]:
    """Ask for the workbook."""
    return _page(request)


def _page(request: Request, **more: Any) -> dict[str, Any]:
    if more.get("error"):
        request.response.status = 422
    return {
        "tenant": request.context.__parent__, "done": None, "taken": False, "token": "", "refused": "",
        "strange": (), "error": "", "why_not": "", "most": MOST_ROWS, "shown_rows": SHOWN, **more,
    }  # fmt: skip


@view(context=GoLivePages, permission=TENANT, request_method="POST", renderer=PAGE)
def preview(request: Request) -> dict[str, Any]:
    """Show what the workbook would change; nothing is changed yet."""
    _, given = request.texts, request.POST.get("file")
    if given is None or not hasattr(given, "file"):
        return _page(request, error=_("Choose an Excel file (.xlsx)."))
    data = given.file.read(MOST_BYTES + 1)
    try:
        sheets, strange = read_workbook(data)
        done = request.services.read(_work(request, sheets, "", kept=False))
    except (WorkbookRefused, NotPossible) as wrong:
        return _page(request, error=_.either(wrong.zh, wrong.en))
    token = request.services.kept.keep(request.identity.who, str(given.filename)[:60], data)
    return _page(request, done=done, token=token, strange=strange, refused=_refused(request, sheets, done))


@view(context=GoLivePages, name="take", permission=TENANT, request_method="POST", renderer=PAGE)
def take(request: Request) -> dict[str, Any]:
    """Take the workbook that was shown, whole, in one transaction; its rows are judged anew."""
    _, services = request.texts, request.services
    kept = services.kept.fetch(request.POST.get("token", ""), request.identity.who)
    if kept is None:
        return _page(request, error=_("The file is no longer here: choose it again."))
    sheets, strange = read_workbook(kept.content)
    work = _work(request, sheets, kept.name, kept=True)
    done, why_not = change_in_force(services.data, services.database, work, "go-live import")
    return _page(
        request, done=done, taken=True, strange=strange, why_not=why_not,
        refused=_refused(request, sheets, done),
    )  # fmt: skip


def _work(request: Request, sheets: Sheets, name: str, *, kept: bool) -> Any:
    tenant = request.context.__parent__.id
    entry, by = entry_of(request, "go-live-imported", name, tenant), request.identity.name

    def work(root: Root) -> Taken:
        done = take_workbook(root, tenant, sheets, KnownPrompts(root), entry, by, kept=kept)
        return done.bare() if request.hides_callers else done

    return work


def _refused(request: Request, sheets: Sheets, done: Taken) -> str:
    """Return the token of the file with the refused rows; empty: there are none."""
    if not done.count("refused"):
        return ""
    content = content_of(lambda path: write_refused(path, sheets, done.sheets))
    found: str = request.services.kept.keep(request.identity.who, REFUSED, content)
    return found


@view(context=GoLivePages, name="refused", permission=TENANT, request_method="GET")
def refused(request: Request) -> Response:
    """Send the rows that were refused, with the reasons."""
    kept = request.services.kept.fetch(request.GET.get("token", ""), request.identity.who)
    if kept is None or kept.name != REFUSED:
        raise HTTPNotFound()
    return download(kept.content, kept.name)


@view(context=GoLivePages, name="template", permission=TENANT, request_method="GET")
def template(request: Request) -> Response:
    """Send the empty workbook."""
    tenant = request.context.__parent__.id
    settings = request.services.read(lambda root: root.desk.find(tenant).settings.value)
    return download(content_of(lambda path: write_template(path, settings)), "go-live.xlsx")
