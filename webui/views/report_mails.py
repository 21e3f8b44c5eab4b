"""定时报表: who gets which report by e-mail, how often."""

from __future__ import annotations

import re
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.analysis.cell import TARGETS
from domain.analysis.mailing import Mailing, Often
from domain.refusal import NotPossible
from webui.presenters.says import say
from webui.resources import OperatorPages, TenantPages
from webui.services import report_mails
from webui.views.both import both
from webui.views.bound import entry_of

_BETWEEN: Final = re.compile(r"[\s,;，；、]+")
MOST_CHARACTERS: Final = 2000
FIELDS: Final = ("often", "hour", "emails", "seconds", "excel", "pdf")


@both(OperatorPages, TenantPages, "report-mails", "GET", "reports", renderer="report_page.html")
def listing(request: Request) -> dict[str, Any]:
    """Show them, and a form for one more."""
    return _page(request, {})


@both(OperatorPages, TenantPages, "report-mails", "POST", "reports", renderer="report_page.html")
def add(request: Request) -> Response | dict[str, Any]:
    """Keep one more."""
    given, tenant = request.POST, _tenant(request)
    typed = {name: given.get(name, "")[:MOST_CHARACTERS] for name in FIELDS}
    emails = tuple(dict.fromkeys(filter(None, _BETWEEN.split(typed["emails"]))))
    often = Often(typed["often"]) if typed["often"] in list(Often) else Often.WEEKLY
    mailing = Mailing(
        "", tenant, often, emails, _number(typed["hour"]), _number(typed["seconds"]), bool(typed["excel"]),
        bool(typed["pdf"]), request.texts.language, request.identity.who,
    )  # fmt: skip
    try:
        report_mails.save(request.services, mailing, entry_of(request, "report-mail-wished", "", tenant))
    except NotPossible as refused:
        request.response.status = 422
        return _page(request, typed, refused.zh if request.texts.language == "zh" else str(refused))
    return say(request, HTTPSeeOther(_back(request)), request.texts("Saved; it is sent in its turn."))


@both(OperatorPages, TenantPages, "report-mails-remove", "POST", "reports")
def remove(request: Request) -> Response:
    """Forget one."""
    name = request.POST.get("id", "")[:40]
    entry = entry_of(request, "report-mail-removed", name, _tenant(request))
    if not report_mails.remove(request.services, _tenant(request), name, entry):
        raise HTTPNotFound()
    return say(request, HTTPSeeOther(_back(request)), request.texts("Removed."))


@both(OperatorPages, TenantPages, "report-mails-now", "POST", "reports")
def send_now(request: Request) -> Response:
    """Send one at once, besides its turn."""
    name, _ = request.POST.get("id", "")[:40], request.texts
    entry = entry_of(request, "report-mail-sent", name, _tenant(request))
    try:
        count = report_mails.send_now(request.services, _tenant(request), name, entry)
    except NotPossible as refused:
        raise HTTPNotFound() from refused
    return say(request, HTTPSeeOther(_back(request)), _("On its way to {count} addresses.", count=count))


def _page(request: Request, typed: dict[str, str], error: str = "") -> dict[str, Any]:
    tenant = _tenant(request)
    chosen = typed or {"often": Often.WEEKLY, "hour": "8", "seconds": "20", "excel": "1", "pdf": "1"}
    return {
        "section": "report-mails",
        "tenant": request.context if tenant else None,
        "mailings": request.services.read(lambda root: report_mails.listed(root, tenant)),
        "typed": chosen,
        "error": error,
        "targets": TARGETS,
    }


def _tenant(request: Request) -> str:
    context = request.context
    return context.id if isinstance(context, TenantPages) else ""


def _back(request: Request) -> str:
    tenant = _tenant(request)
    return f"/t/{tenant}/report-mails" if tenant else "/operator/report-mails"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else -1
