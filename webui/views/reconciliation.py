"""对账: the carrier's file, what differs, and what was compared before."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.money.reconciliation import DIFFERENCE_WORDS, SIDE_WORDS, DifferenceKind, Reconciliation, Side
from storage.money.carrier_file import write_differences
from webui.resources_money import ReconciliationDesk, ReconciliationFile
from webui.services import reconciliation
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.downloads import content_of, download

PAGE = "/operator/reconciliation"


@view(
    context=ReconciliationDesk, permission="money", request_method="GET",
    renderer="finance/reconciliation.html",
)  # fmt: skip
def desk(request: Request) -> dict[str, Any]:
    """Ask for a file, and show what was compared before."""
    return _desk(request, {}, {})


@view(
    context=ReconciliationDesk, permission="money", request_method="POST",
    renderer="finance/reconciliation.html",
)  # fmt: skip
def take(request: Request) -> Response | dict[str, Any]:
    """Compare a file."""
    _ = request.texts
    typed = {name: value.strip()[:60] for name, value in request.POST.items() if isinstance(value, str)}
    file = request.POST.get("file")
    if not getattr(file, "file", None):
        return _desk(request, {"file": _("Choose a file.")}, typed)
    entry = entry_of(request, "reconciled", typed.get("trunk", ""))
    try:
        found = reconciliation.take(request.services, typed, str(file.filename)[:80], file.file, entry)
    except reconciliation.Wrong as error:
        return _desk(request, {error.field: _.either(error.why.zh, error.why.en)}, typed)
    return HTTPSeeOther(f"{PAGE}/{found.id}")


@view(
    context=ReconciliationFile, permission="money", request_method="GET",
    renderer="finance/reconciliation_one.html",
)  # fmt: skip
def one(request: Request) -> dict[str, Any]:
    """Show one comparison."""
    found: Reconciliation = request.context.found
    return {"one": found, "most": reconciliation.SHOWN, **_words(request)}


@view(context=ReconciliationFile, name="excel", permission="money", request_method="GET")
def excel(request: Request) -> Response:
    """Send its differences as Excel; noted, since it names callers."""
    found: Reconciliation = request.context.found
    request.services.audit(entry_of(request, "reconciliation-exported", f"{found.trunk} {found.file}"))
    return download(content_of(lambda path: write_differences(path, found.found)), f"{found.id}.xlsx")


def _desk(request: Request, errors: dict[str, str], typed: dict[str, str]) -> dict[str, Any]:
    if errors:
        request.response.status = 422
    found = request.services.read(reconciliation.desk)
    return {
        "trunks": found.trunks, "history": found.history, "errors": errors, "typed": typed,
        **_words(request),
    }  # fmt: skip


def _words(request: Request) -> dict[str, Any]:
    zh = request.texts.language == "zh"
    return {
        "sides": {str(side): SIDE_WORDS[side][zh] for side in Side},
        "kinds": {str(kind): DIFFERENCE_WORDS[kind][not zh] for kind in DifferenceKind},
    }
