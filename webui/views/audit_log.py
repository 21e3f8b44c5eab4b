"""审计日志: who did what, on the page and as Excel."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from webui.presenters.words import Words
from webui.resources import OperatorPages
from webui.services import audit_log
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.downloads import content_of, download

FIELDS = ("search", "first", "last")


@view(
    context=OperatorPages, name="audit", permission="see-audit", request_method="GET",
    renderer="operator/audit.html",
)  # fmt: skip
def listing(request: Request) -> dict[str, Any]:
    """Show who did what, newest first."""
    typed, wanted = _wanted(request)
    text = request.GET.get("after", "")
    after = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    words = Words(request.texts).action_words
    found = request.services.read(lambda root: audit_log.page(root, wanted, words, after))
    return {"typed": typed, "rows": found.rows, "next": found.next}


@view(context=OperatorPages, name="audit-excel", permission="see-audit", request_method="GET")
def excel(request: Request) -> Response:
    """Send what is looked for as Excel; noted in the log itself."""
    typed, wanted = _wanted(request)
    words = Words(request.texts).action_words
    found = request.services.read(lambda root: audit_log.every(root, wanted, words))
    content = content_of(lambda path: audit_log.write_xlsx(path, found, words))
    told = " ".join(filter(None, typed.values()))
    request.services.audit(entry_of(request, "audit-exported", told))
    return download(content, "audit.xlsx")


def _wanted(request: Request) -> tuple[dict[str, str], audit_log.Search]:
    typed = {name: request.GET.get(name, "").strip()[:60] for name in FIELDS}
    return typed, audit_log.read_search(typed["search"], typed["first"], typed["last"])
