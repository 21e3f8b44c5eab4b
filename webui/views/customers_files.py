"""Customers in and out by Excel; recordings of a customer's calls."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response

from domain.customers.customer import Customer
from domain.customers.desk import DeskSettings
from domain.refusal import BadField
from storage.customers.desk import CustomerDesk
from storage.customers.sheets import MOST_ROWS, Imported, cells_of, take_sheet, titles_of, write_customers
from storage.export.workbook_read import MOST_BYTES, SheetRead, WorkbookRefused, read_sheet
from storage.models import Root
from storage.recordings import RecordingDamaged, RecordingMissing
from webui.security.permissions import SUPERVISOR
from webui.services import customers
from webui.services.customers import Viewer
from webui.views.bound import entry_of
from webui.views.customers import around, pages
from webui.views.downloads import content_of, download
from webui.views.tenant_calls import ranged

SHOWN: Final = 200
"""Rows of a preview on the page."""
FILE: Final = "customers.xlsx"


@pages("import", desk=SUPERVISOR, renderer="customers/import.html")
def ask(request: Request) -> dict[str, Any]:
    """Ask for the file."""
    return _import(request)


def _import(request: Request, **more: Any) -> dict[str, Any]:
    tenant = request.context.viewer.tenant
    settings = request.services.read(lambda root: root.desk.find(tenant).settings.value)
    if more.get("error"):
        request.response.status = 422
    return {
        **around(request), "titles": titles_of(settings), "done": None, "token": "", "error": "",
        "taken": False, "most": MOST_ROWS, "shown_rows": SHOWN, **more,
    }  # fmt: skip


@pages("import", "POST", desk=SUPERVISOR, renderer="customers/import.html")
def preview(request: Request) -> dict[str, Any]:
    """Show what the file would change; nothing is changed yet."""
    _, given = request.texts, request.POST.get("file")
    if given is None or not hasattr(given, "file"):
        return _import(request, error=_("Choose an Excel file (.xlsx)."))
    data = given.file.read(MOST_BYTES + 1)
    try:
        done = _run(request, read_sheet(data, MOST_ROWS), kept=False)
    except (WorkbookRefused, BadField) as wrong:
        return _import(request, error=_.either(wrong.zh, wrong.en))
    token = request.services.kept.keep(request.identity.who, str(given.filename)[:60], data)
    return _import(request, done=done, token=token)


@pages("import-take", "POST", desk=SUPERVISOR, renderer="customers/import.html")
def take(request: Request) -> dict[str, Any]:
    """Take the file that was shown; who changed a card meanwhile is not undone, the rows are read anew."""
    _ = request.texts
    kept = request.services.kept.fetch(request.POST.get("token", ""), request.identity.who)
    if kept is None:
        return _import(request, error=_("The file is no longer here: choose it again."))
    done = _run(request, read_sheet(kept.content, MOST_ROWS), kept=True, name=kept.name)
    return _import(request, done=done, taken=True)


def _run(request: Request, sheet: SheetRead, *, kept: bool, name: str = "") -> Imported:
    """Take a sheet, or only look what it comes to."""
    viewer: Viewer = request.context.viewer
    services, at = request.services, request.services.now()
    entry = entry_of(request, "customers-imported", name, viewer.tenant)

    def work(root: Root) -> Imported:
        settings = root.desk.find(viewer.tenant).settings.value
        desk = CustomerDesk(root, viewer.tenant, viewer.agent, at, entry, each=False)
        done = take_sheet(desk, sheet, settings, at)
        desk.note_import(done.count("added"), done.count("changed"), done.count("refused"))
        return done

    found: Imported = services.change(work, "import customers") if kept else services.read(work)
    settings = services.read(lambda root: root.desk.find(viewer.tenant).settings.value)
    return found if viewer.sees(settings) else found.bare()


@pages("excel", desk=SUPERVISOR)
def export(request: Request) -> Response:
    """Send the customers as they can be imported again, those changed last; noted in the audit log."""
    viewer: Viewer = request.context.viewer

    def read(root: Root) -> tuple[list[dict[str, str]], DeskSettings]:
        held, settings = root.customers.find(viewer.tenant), root.desk.find(viewer.tenant).settings.value
        rows = []
        for _, (_cursor, each) in zip(range(MOST_ROWS), held.newest_first(), strict=False):
            company = held.get(each.company) if each.company else None
            name = "" if company is None else company.name
            rows.append(cells_of(each, name, settings, lambda text: viewer.hide(text, settings)))
        return rows, settings

    rows, settings = request.services.read(read)
    content = content_of(lambda path: write_customers(path, rows, settings))
    request.services.audit(entry_of(request, "customers-exported", str(len(rows)), viewer.tenant))
    return download(content, FILE)


@pages("template", desk=SUPERVISOR)
def template(request: Request) -> Response:
    """Send an empty file to fill in."""
    tenant = request.context.viewer.tenant
    settings = request.services.read(lambda root: root.desk.find(tenant).settings.value)
    return download(content_of(lambda path: write_customers(path, [], settings)), FILE)


@pages("recording", desk=SUPERVISOR, one=True)
def recording(request: Request) -> Response:
    """Send the recording of one of his calls; that it was heard is noted."""
    viewer, customer = request.context.viewer, request.context.customer
    call, kept = request.GET.get("call", "")[:40], request.services.recordings

    def his(root: Root) -> bool:
        record = root.records.find(call, viewer.tenant)
        return record is not None and record.recorded and record.caller in _numbers(root, viewer, customer)

    if not request.services.read(his):
        raise HTTPNotFound()
    try:
        facts, path = kept.facts(call), kept.path(call)
    except (RecordingMissing, RecordingDamaged) as error:
        raise HTTPNotFound() from error
    if facts.tenant != viewer.tenant:
        raise HTTPNotFound()
    request.services.audit(entry_of(request, "recording-heard", call, viewer.tenant))
    return ranged(request, path, "")


def _numbers(root: Root, viewer: Viewer, customer: Customer) -> set[str]:
    """Return whose calls his timeline shows: his own, and those of a company's people."""
    found = customers.shown(root, viewer, customer)
    return {number for each in (customer, *found.people) for number in each.numbers}
