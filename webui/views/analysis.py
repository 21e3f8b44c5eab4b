"""专家级分析: findings with their figures and calls, agents for each hour, next week."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from domain.analysis.finding import slot_asked, slot_words
from domain.analysis.forecast import WEIGHTS
from storage.models import Root
from storage.reports.analysis import Analysis, analysed, goal_of
from webui.presenters import report_page
from webui.presenters.report_page import Links
from webui.presenters.texts import Texts
from webui.resources import OperatorPages, TenantPages
from webui.services.reports import today
from webui.views.both import both
from webui.views.reports import Seen, form_of, look

LEVELS = (70, 75, 80, 85, 90, 95)


def goal_level(request: Request) -> int:
    """Return the share in percent that is to be answered in time, 80 unless another is asked for."""
    asked = request.GET.get("level", "")
    return int(asked) if asked in map(str, LEVELS) else 80


def analysis_of(request: Request, seen: Seen) -> Analysis:
    """Return the analysis of what somebody looks at."""
    wanted, level = seen.wanted, goal_level(request) / 100

    def read(root: Root) -> Analysis:
        goal = goal_of(root, seen.tenant, level, wanted.target.seconds)
        now = today(request.services.now())
        return analysed(root, seen.tenant, wanted.first, wanted.last, now, goal, wanted.number or None)

    made: Analysis = request.services.read(read)
    return made


@both(OperatorPages, TenantPages, "analysis", "GET", "reports", renderer="report_page.html")
def page(request: Request) -> dict[str, Any]:
    """Show what the calls of a period tell, by default of the last four weeks; of a tenant, or of the box.

    Today is left out: what an hour of a weekday brings is told by days that are over.
    """
    seen = look(request, days=28, over=True)
    made, texts = analysis_of(request, seen), request.texts
    language = texts.language
    return {
        **form_of(request, seen),
        "section": "analysis",
        "levels": LEVELS,
        "level": goal_level(request),
        "goal": made.goal,
        "found": [
            (each, each.text(language), each.advice(language),
             seen.links.to(each.asked, each.result) if each.result else "")
            for each in made.found
        ],
        "patience": made.patience,
        "staff": _staff(made, seen.links, language),
        "forecast_chart": report_page.chart(
            [f"{each.day:%m-%d}" for each in made.days],
            [(texts("Foretold"), [round(each.calls, 1) for each in made.days])],
        ),
        "days": list(zip(made.days, made.peaks, strict=True)),
        "weights": " : ".join(map(str, WEIGHTS)),
        "test": made.test,
        "test_chart": _test_chart(made, texts),
    }  # fmt: skip


def _staff(made: Analysis, links: Links, language: str) -> list[dict[str, Any]]:
    return [
        {
            "name": slot_words(each.slot, language),
            "advice": each,
            "missed": each.cell.missed / each.cell.offered,
            "link": links.to(slot_asked(each.slot), "all"),
            "missed_link": links.to(slot_asked(each.slot), "missed"),
            "short": each.needed - round(each.had),
        }
        for each in made.advice
        if each.hourly >= 1
    ]


def _test_chart(made: Analysis, texts: Texts) -> str:
    if made.test is None:
        return ""
    names = [f"{made.test.first.fromordinal(made.test.first.toordinal() + n):%m-%d}" for n in range(7)]
    series: list[tuple[str, list[Any]]] = [
        (texts("Came"), list(made.test.came)), (texts("Foretold"), [round(n, 1) for n in made.test.foretold]),
    ]  # fmt: skip
    return report_page.chart(names, series, "line")
