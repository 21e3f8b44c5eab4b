"""统计报表: calls by hour, day, place, number and agent; service level; satisfaction."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from pyramid.request import Request
from pyramid.response import Response

from domain.service_level import WORDS, Formula
from storage.call_id import BEIJING
from storage.report import Report, Sum
from storage.workbook import Column, sheet_of, workbook
from webui.presenters.formats import outcome_words
from webui.presenters.texts import Texts
from webui.presenters.tile_map import tiles
from webui.resources import TenantPages
from webui.security.permissions import TENANT
from webui.services.reports import MOST_CALLS, SECONDS, Made, Wanted, made, period
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.tenant_calls import XLSX


@view(
    context=TenantPages,
    name="reports",
    permission=TENANT,
    request_method="GET",
    renderer="tenant/reports.html",
)
def reports(request: Request) -> dict[str, Any]:
    """Show the report of a period, by default the last seven days."""
    tenant, texts = request.context, request.texts
    wanted = read_wanted(request)
    found, cut = _made(request, wanted)
    numbers = request.services.read(lambda root: list(root.tenants[tenant.id].numbers))
    places = {name: each.calls for name, each in found.provinces.items()}
    return {
        "tenant": tenant,
        "typed": wanted.typed(),
        "numbers": numbers,
        "made": found,
        "cut": MOST_CALLS if cut else 0,
        "formulas": [(each, texts.either(words.zh, words.en).format(seconds=wanted.seconds))
                     for each, words in WORDS.items()],
        "formula": texts.either(WORDS[wanted.formula].zh, WORDS[wanted.formula].en).format(
            seconds=wanted.seconds
        ),
        "tiles": tiles(places),
        "unknown": places.get("", 0),
        "outcomes": sorted(found.outcomes.items(), key=lambda pair: -pair[1]),
        "agents": sorted(found.agents.items(), key=lambda pair: -pair[1].calls)[:50],
        "hours": _chart(found.hours, texts),
        "days": _chart(_every_day(found.days, wanted), texts),
        "stars": msgspec.json.encode({
            "names": ["1", "2", "3", "4", "5"],
            "series": [{"name": texts("Ratings"), "values": list(found.ratings.values())}],
        }).decode(),
    }  # fmt: skip


@view(context=TenantPages, name="reports-excel", permission=TENANT, request_method="GET")
def excel(request: Request) -> Response:
    """Send the same figures as Excel; noted in the audit log."""
    tenant, texts, services = request.context, request.texts, request.services
    wanted = read_wanted(request)
    found, _ = _made(request, wanted)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xlsx"
        _write(path, found, texts)
        content = path.read_bytes()
    typed = wanted.typed()
    services.audit(entry_of(request, "report-exported", f"{typed['first']} {typed['last']}", tenant.id))
    response = Response(content, content_type=XLSX)
    response.content_disposition = 'attachment; filename="report.xlsx"'
    return response


def read_wanted(request: Request) -> Wanted:
    """Read what is wanted; what makes no sense is left out, and the period is cut to three months."""
    given = request.GET
    first, last = period(_day(given.get("first", "")), _day(given.get("last", "")), request.services.now())
    seconds = given.get("seconds", "")
    number = given.get("number", "")
    formula = given.get("formula", "")
    return Wanted(
        first,
        last,
        number if number.isascii() and number.isdigit() and len(number) == 10 else "",
        int(seconds) if seconds.isascii() and seconds.isdigit() and 1 <= int(seconds[:4]) <= 600 else SECONDS,
        Formula(formula) if formula in list(Formula) else Formula.OFFERED,
    )


def _made(request: Request, wanted: Wanted) -> Made:
    tenant = request.context.id
    both: Made = request.services.read(lambda root: made(root, tenant, wanted))
    return both


def _every_day(days: Mapping[str, Sum], wanted: Wanted) -> dict[str, Sum]:
    count = (wanted.last - wanted.first).days + 1
    names = [(wanted.first + timedelta(days=n)).strftime("%Y-%m-%d") for n in range(count)]
    return {name[5:]: days.get(name, Sum()) for name in names}


def _chart(groups: Mapping[Any, Sum], texts: Texts) -> str:
    """Return bars of answered and other calls, for the page's charts."""
    return msgspec.json.encode({
        "names": [str(name) for name in groups],
        "series": [
            {"name": texts("Answered"), "values": [each.answered for each in groups.values()]},
            {"name": texts("Not answered"), "values": [each.unanswered for each in groups.values()]},
        ],
    }).decode()  # fmt: skip


def _write(path: Path, made: Report, texts: Texts) -> None:
    _ = texts
    heads = [
        _("Number of calls"),
        _("Answered"),
        _("Missed"),
        _("Answered, %"),
        _("Talk time, min"),
        _("Average talk, s"),
        _("Rating"),
    ]
    with workbook(path) as book:
        for title, first, groups in (
            (_("By day"), _("Day"), made.days), (_("By hour"), _("Hour"), made.hours),
            (_("By place"), _("Place"), made.provinces), (_("By number"), _("400 number"), made.numbers),
            (_("By agent"), _("Agent"), made.agents),
        ):  # fmt: skip
            sheet = sheet_of(book, title, [Column(first, 16), *(Column(head, 12) for head in heads)])
            for line, (name, each) in enumerate(sorted(groups.items()), 1):
                sheet.write_string(line, 0, str(name) or _("Unknown"))
                figures = [
                    each.calls, each.answered, each.missed, round(each.share * 100, 1),
                    round(each.talk_ms / 60_000, 1), round(each.average_s, 1), round(each.rating or 0, 2),
                ]  # fmt: skip
                for column, figure in enumerate(figures, 1):
                    sheet.write_number(line, column, figure)
        sheet = sheet_of(book, _("By result"), [Column(_("Result"), 24), Column(_("Number of calls"), 12)])
        for line, (outcome, count) in enumerate(sorted(made.outcomes.items()), 1):
            sheet.write_string(line, 0, outcome_words(texts, outcome))
            sheet.write_number(line, 1, count)


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=BEIJING)
    except ValueError:
        return None
