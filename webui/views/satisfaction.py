"""满意度: what callers and askers scored, by agent, queue, category and period."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from pyramid.request import Request
from pyramid.response import Response

from domain.tickets.ticket import OPERATOR
from storage.export.scores import write_scores
from storage.reports.satisfaction import Period, Which
from webui.resources import OperatorPages, TenantPages
from webui.services.reports import SCORE_ROWS, Scores, read_day, score_list, scores
from webui.views.both import both
from webui.views.bound import entry_of
from webui.views.downloads import content_of, download

LINKED: Final = ("kind", "score", "agent", "queue", "category", "period")
"""What figures are told apart by."""


@both(OperatorPages, TenantPages, "satisfaction", "GET", "tickets", renderer="service/satisfaction.html")
def page(request: Request) -> dict[str, Any]:
    """Show what a tenant's callers and customers scored, or what tenants did."""
    desk, where = _desk(request)
    found = _scores(request, desk)
    first, last = found.first.isoformat(), found.last.isoformat()
    base = _base(desk)

    def scores_of(**asked: object) -> str:
        told = {"first": first, "last": last, "by": found.by, **asked}
        return f"{base}/satisfaction-scores?{urlencode(told)}"

    return {
        "made": found.made, "scores_of": scores_of, "base": base, "where": where, "by": found.by,
        "periods": tuple(Period), "first": first, "last": last,
    }  # fmt: skip


@both(OperatorPages, TenantPages, "satisfaction-scores", "GET", "tickets", renderer="service/scores.html")
def behind(request: Request) -> dict[str, Any]:
    """Show the scores behind a figure, the newest first."""
    desk, where = _desk(request)
    given = {name: request.GET.get(name, "")[:80] for name in LINKED}
    page = request.GET.get("page", "")
    number = max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 6 else 1
    which = Which(
        given["kind"], int(given["score"]) if given["score"] in {"1", "2", "3", "4", "5"} else 0,
        given["agent"], given["queue"], given["category"], given["period"], _by(request),
    )  # fmt: skip
    days = read_day(request.GET.get("first", "")), read_day(request.GET.get("last", ""))
    found = score_list(request.services, desk, *days, which, number)
    period = {"first": found.first.isoformat(), "last": found.last.isoformat(), "by": which.by}
    told = {name: value for name, value in given.items() if value}
    return {
        "found": found, "base": _base(desk), "where": where, "chosen": given,
        "back": urlencode(period), "here": urlencode({**period, **told}), "page": number,
        "more": number * SCORE_ROWS < found.total, "first": period["first"], "last": period["last"],
    }  # fmt: skip


@both(OperatorPages, TenantPages, "satisfaction-excel", "GET", "tickets")
def excel(request: Request) -> Response:
    """Send the same as Excel; noted in the audit log."""
    desk, where = _desk(request)
    found = _scores(request, desk)
    days, language = (found.first, found.last), request.texts.language
    content = content_of(lambda path: write_scores(path, found.made, where, days, language))
    request.services.audit(entry_of(request, "satisfaction-exported", f"{found.first} {found.last}", desk))
    return download(content, "satisfaction.xlsx")


def _desk(request: Request) -> tuple[str, str]:
    """Return whose desk it is, and his name."""
    context = request.context
    if isinstance(context, TenantPages):
        return context.id, context.config.name
    return OPERATOR, request.texts("Operator")


def _base(desk: str) -> str:
    return f"/t/{desk}" if desk else "/operator"


def _scores(request: Request, desk: str) -> Scores:
    given = request.GET
    days = read_day(given.get("first", "")), read_day(given.get("last", ""))
    return scores(request.services, desk, *days, _by(request))


def _by(request: Request) -> Period:
    by = request.GET.get("by")
    return Period(by) if by in set(Period) else Period.DAY
