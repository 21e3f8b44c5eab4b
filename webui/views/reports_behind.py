"""What stands behind a figure of conversations and tickets in reports, one by one."""

from __future__ import annotations

from datetime import date
from itertools import islice
from typing import Any, Final, NamedTuple

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request

from domain.analysis.service import BEHIND, title_of
from domain.customers.conversation import line_of
from domain.tickets.ticket import OPERATOR
from storage.models import Root
from storage.models.service import Happened
from webui.resources import OperatorPages, TenantPages
from webui.services.customers import Viewer
from webui.services.reports import Wanted, read_wanted
from webui.views.both import both

SHOWN: Final = 50


class Row(NamedTuple):
    """One of those that were counted."""

    at: float
    link: str
    """Empty: it is not the reader's to open, or gone."""
    who: str
    what: str
    by: str
    """工号 of who saw to it."""
    state: str
    desk: str


@both(OperatorPages, TenantPages, "reports-behind", "GET", "reports", renderer="reports_behind.html")
def page(request: Request) -> dict[str, Any]:
    """Show what a figure of a period counts, the latest first."""
    given, context = request.GET, request.context
    figure = given.get("figure", "")
    if figure not in BEHIND:
        raise HTTPNotFound()
    wanted = read_wanted(dict(given), request.services.now())
    operator = isinstance(context, OperatorPages)
    asked = given.get("tenant", "") if operator else context.id
    typed = wanted.typed()

    def read(root: Root) -> dict[str, Any]:
        desk = asked if asked in root.tenants else None
        found = list(
            islice(root.service.behind(desk, *_days(wanted), figure, given.get("after", "")[:160]), SHOWN + 1)
        )
        rows = [_row(request, root, figure, each) for _, each in found[:SHOWN]]
        desks = {each.desk for each in rows if each.desk in root.tenants}
        names = {name: root.tenants[name].config.value.name for name in desks}
        return {
            "rows": rows, "names": names, "tenant": desk or "",
            "next": found[SHOWN - 1][0] if len(found) > SHOWN else "",
        }  # fmt: skip

    return {
        **request.services.read(read), "base": "/operator" if operator else f"/t/{context.id}",
        "operator": operator, "figure": figure,
        "title": title_of(figure, request.texts.language), "first": typed["first"], "last": typed["last"],
        "company": "" if operator else context.config.name, "ticket": figure.startswith("ticket-"),
    }  # fmt: skip


def _days(wanted: Wanted) -> tuple[str, str]:
    return _day(wanted.first), _day(wanted.last)


def _day(day: date) -> str:
    return day.strftime("%Y%m%d")


def _row(request: Request, root: Root, figure: str, happened: Happened) -> Row:
    """Return one line; operators read of tenants' own only that it was."""
    if isinstance(request.context, OperatorPages) and happened.desk != OPERATOR:
        return _nothing(happened)
    if figure.startswith("ticket-"):
        return _of_ticket(request, root, happened)
    return _of_conversation(request, root, happened)


def _nothing(happened: Happened) -> Row:
    return Row(happened.at, "", "", "", "", "", happened.desk)


def _of_ticket(request: Request, root: Root, happened: Happened) -> Row:
    desk = happened.desk
    ticket = root.tickets.read(desk).find(happened.what)
    if ticket is None:
        return _nothing(happened)
    link = f"{'/operator' if desk == OPERATOR else f'/t/{desk}'}/tickets/{ticket.id}"
    who = ticket.asker.name or _hide(request, root, ticket.asker.mobile or ticket.asker.email)
    return Row(happened.at, link, who, f"T{ticket.number} {ticket.subject}", ticket.by, ticket.state, desk)


def _of_conversation(request: Request, root: Root, happened: Happened) -> Row:
    name, _, of_text = happened.what.partition("/")
    book = root.conversations.find(happened.desk)
    found, text = book.get(name), book.text(name, of_text) if of_text else None
    if found is None:
        return _nothing(happened)
    what = " · ".join(filter(None, (found.subject, found.line if text is None else line_of(text.text))))
    return Row(
        happened.at, f"/t/{happened.desk}/conversations/{name}",
        found.peer_name or _hide(request, root, found.peer), what,
        found.agent if text is None else text.by, found.state, happened.desk,
    )  # fmt: skip


def _hide(request: Request, root: Root, peer: str) -> str:
    tenant = getattr(request.context, "id", "")
    settings = root.desk.find(tenant).settings.value
    return Viewer(tenant, hidden=request.hides_callers).hide(peer, settings)
