"""统计报表: a tenant's calls, or the whole box's, told apart in every way, each number with its calls."""

from __future__ import annotations

from typing import Any, NamedTuple

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.analysis.cell import TARGETS
from domain.analysis.columns import written
from domain.analysis.dimensions import DIMENSIONS, dimensions_of, weekday_words
from domain.analysis.findings import findings
from domain.analysis.report import Report
from domain.analysis.service import groups
from domain.analysis.staffing import LEVEL
from domain.refusal import NotPossible
from storage.export.report import write_report
from storage.models import Root
from storage.reports.analysis import goal_of
from webui.presenters import report_page
from webui.presenters.report_page import Links
from webui.presenters.says import say
from webui.presenters.tile_map import tiles
from webui.resources import OperatorPages, TenantPages
from webui.services.reports import DAYS, Wanted, made, read_wanted
from webui.views.both import both
from webui.views.bound import entry_of
from webui.views.downloads import content_of, download


class Seen(NamedTuple):
    """What somebody looks at."""

    wanted: Wanted
    tenant: str | None
    """None: the whole box."""
    names: dict[str, str]
    """Tenants by id, for operators."""
    numbers: list[str]
    report: Report
    base: str
    links: Links

    @property
    def whose(self) -> str:
        """Return the tenant's name."""
        return "" if self.tenant is None else self.names.get(self.tenant, self.tenant)


def look(request: Request, days: int = DAYS, *, over: bool = False) -> Seen:
    """Read what is asked for, by default so many days, and its figures; ``over``: of days that are over."""
    now = request.services.now()
    wanted = read_wanted(dict(request.GET), now - 86400 if over else now, days)
    context = request.context
    operator = isinstance(context, OperatorPages)
    asked = request.GET.get("tenant", "") if operator else context.id

    def read(root: Root) -> tuple[str | None, dict[str, str], list[str], Report]:
        tenant = asked if asked in root.tenants else None
        chosen = [tenant] if tenant is not None else []
        shown = root.tenants if operator else chosen
        names = {name: root.tenants[name].config.value.name for name in shown}
        numbers = [number for name in chosen for number in root.tenants[name].numbers]
        return tenant, names, numbers, made(root, tenant, wanted)

    tenant, names, numbers, report = request.services.read(read)
    typed = wanted.typed()
    base = "/operator/calls" if operator else f"/t/{context.id}/calls"
    between = {"first": typed["first"], "last": typed["last"]}
    links = Links(base, between, wanted.number, (tenant or "") if operator else "")
    return Seen(wanted, tenant, names, numbers, report, base, links)


@both(OperatorPages, TenantPages, "reports-excel", "GET", "reports")
def excel(request: Request) -> Response:
    """Send the same figures, in all dimensions, as Excel; noted in the audit log."""
    seen = look(request)
    content = content_of(
        lambda path: write_report(
            path, seen.report, seen.wanted.target, seen.whose or request.texts("All tenants"),
            request.texts.language, name_of=lambda name: seen.names.get(name, name),
        )
    )  # fmt: skip
    note_export(request, seen)
    return download(content, "report.xlsx")


@both(OperatorPages, TenantPages, "reports-pdf", "GET", "reports")
def pdf(request: Request) -> Response:
    """Send the same figures with the findings as PDF; noted in the audit log."""
    from storage.export.report_pdf import pdf_of  # here: its fonts and pictures are 20 MB in memory

    seen, language = look(request), request.texts.language
    goal = request.services.read(lambda root: goal_of(root, seen.tenant, LEVEL, seen.wanted.target.seconds))
    found = [(each.text(language), each.advice(language)) for each in findings(seen.report, goal)]
    try:
        content = pdf_of(
            seen.report, seen.wanted.target, seen.whose or request.texts("All tenants"), language,
            findings=found, name_of=lambda name: seen.names.get(name, name),
        )  # fmt: skip
    except NotPossible as refused:
        back = request.path.removesuffix("-pdf")
        return say(request, HTTPSeeOther(back), refused.zh if language == "zh" else str(refused), "warn")
    note_export(request, seen)
    return download(content, "report.pdf", "application/pdf")


def note_export(request: Request, seen: Seen) -> None:
    """Note in the audit log that a report was taken out."""
    typed = seen.wanted.typed()
    entry = entry_of(request, "report-exported", f"{typed['first']} {typed['last']}", seen.tenant or "")
    request.services.audit(entry)


def form_of(request: Request, seen: Seen) -> dict[str, Any]:
    """Return what the form of all pages of reports shows."""
    language = request.texts.language
    shown = {
        "typed": seen.wanted.typed(),
        "numbers": seen.numbers,
        "targets": TARGETS,
        "formulas": report_page.formulas(seen.wanted.target, language),
        "weekdays": [weekday_words(day, language) for day in range(7)],
    }
    if isinstance(request.context, OperatorPages):
        return {**shown, "tenant": None, "names": seen.names, "tenant_id": seen.tenant or ""}
    return {**shown, "tenant": request.context}


@both(OperatorPages, TenantPages, "reports", "GET", "reports", renderer="report_page.html")
def page(request: Request) -> dict[str, Any]:
    """Show the report of a period, by default the last seven days; of a tenant, of all or of one of them."""
    seen = look(request)
    texts, language = request.texts, request.texts.language
    report, wanted = seen.report, seen.wanted
    whole = seen.tenant is None
    allowed = {each.name for each in dimensions_of(report, whole=whole)}
    by = next(each for each in DIMENSIONS if each.name == (wanted.by if wanted.by in allowed else "hour"))
    provinces = {name: cell.calls for name, cell in report.provinces().items()}
    level = report.level(wanted.target.seconds, wanted.target.formula)
    lines = report_page.table(report, by, wanted.target, seen.links, language)
    if by.name == "tenant":
        lines = [line._replace(label=seen.names.get(line.label, line.label)) for line in lines]
    hours = [(str(hour), cell) for hour, cell in report.hours().items()]
    days = [(day[5:], cell) for day, cell in report.days().items()]
    return {
        **form_of(request, seen),
        "section": "reports",
        "report": report,
        "service": groups(report.service, language),
        "written": written,
        "level": level,
        "formula": wanted.target.words(language),
        "by": by.name,
        "by_title": by.title(language),
        "tabs": report_page.tabs(report, whole=whole, language=language),
        "heads": report_page.heads(wanted.target, language),
        "lines": lines,
        "totals": report_page.cells_of(report.all, wanted.target, seen.links, {}),
        "calls_of": seen.links.to,
        "behind": seen.links.behind,
        "waits": report_page.waits(report, seen.links, language),
        "outcomes": sorted(report.figures.outcomes.items(), key=lambda pair: -pair[1]),
        "tiles": tiles(provinces),
        "unknown": provinces.get("", 0),
        "hours_chart": report_page.bars(hours, texts("Answered"), texts("Not answered")),
        "days_chart": report_page.bars(days, texts("Answered"), texts("Not answered")),
        "week": report_page.week(report, seen.links, language),
        "stars": report_page.chart(
            ["1", "2", "3", "4", "5"],
            [(texts("Ratings"), [report.figures.ratings.get(n, 0) for n in range(1, 6)])],
        ),
    }
