"""系统 / 日历: which days are worked, year by year, and what the operator entered over what was published."""

from __future__ import annotations

from typing import Any, Final

from pyramid.request import Request
from pyramid.response import Response

from domain.days.calendar import Calendar, DayKind, local
from webui.presenters.texts import N_
from webui.resources_system import CalendarDesk
from webui.services import calendar as days
from webui.services.provisioning import Refused
from webui.views.bound import entry_of, said_in_force
from webui.views.declare import view

PAGE: Final = "/operator/calendar"
TEMPLATE: Final = "operator/calendar.html"
MARKS: Final = {DayKind.HOLIDAY: ("休", "off"), DayKind.MAKE_UP: ("班", "work")}
"""What stands in a day's corner, as on printed calendars; Chinese, English."""
WEEKDAYS: Final = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))


@view(context=CalendarDesk, permission="watch", request_method="GET", renderer=TEMPLATE)
def page(request: Request) -> dict[str, Any]:
    """Show a year."""
    return _page(request)


@view(context=CalendarDesk, permission="settings", request_method="POST", renderer=TEMPLATE)
def enter(request: Request) -> Response | dict[str, Any]:
    """Enter some days in a row."""
    typed = {name: request.POST.get(name, "").strip()[:60] for name in ("first", "last", "kind", "name")}
    row = days.Row(
        "..".join(each for each in (typed["first"], typed["last"]) if each), typed["kind"], typed["name"]
    )
    return _entered(request, [row], "first", typed)


@view(context=CalendarDesk, name="lines", permission="settings", request_method="POST", renderer=TEMPLATE)
def enter_lines(request: Request) -> Response | dict[str, Any]:
    """Enter a year's arrangement, a line each."""
    _, text = request.texts, request.POST.get("lines", "")[: days.MOST_TYPED]
    try:
        rows = days.read_lines(text)
    except days.WrongDays as wrong:
        why = _("Line {line}: {what} is not understood.", line=wrong.row, what=wrong.text[:60])
        return _page(request, {"lines": why}, {"lines": text})
    if not rows:
        return _page(request, {"lines": _("Write at least one line.")}, {"lines": text})
    return _entered(request, rows, "lines", {"lines": text})


@view(context=CalendarDesk, name="remove", permission="settings", request_method="POST")
def remove(request: Request) -> Response:
    """Let days be again what was published."""
    first, last = request.POST.get("first", "")[:10], request.POST.get("last", "")[:10]
    entry = entry_of(request, "calendar-removed", f"{first}..{last}")
    return said_in_force(request, days.remove(request.services, first, last, entry), _back(first))


def _entered(
    request: Request, rows: list[days.Row], field: str, typed: dict[str, str]
) -> Response | dict[str, Any]:
    _ = request.texts
    entry = entry_of(request, "calendar-entered", " ".join(each.days for each in rows)[:200])
    try:
        done = days.enter(request.services, rows, entry)
    except days.WrongDays as wrong:
        why = _(
            "{days}: write a day as 2027-02-05, or the first and the last of 60 days at most.",
            days=wrong.text or "—",
        )
        return _page(request, {field: why}, typed)
    except Refused as refused:
        why = "; ".join(each.words(_.language) for each in refused.problems[:3])
        return _page(request, {"name" if field == "first" else field: why}, typed)
    return said_in_force(request, done, _back(rows[0].days))


def _back(day: str) -> str:
    return f"{PAGE}?year={day[:4]}" if day[:4].isascii() and day[:4].isdigit() else PAGE


def _page(
    request: Request, errors: dict[str, str] | None = None, typed: dict[str, str] | None = None
) -> dict[str, Any]:
    if errors:
        request.response.status = 422
    _, today = request.texts, local(request.services.now()).date()
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else today.year
    year = year if year in days.YEARS else today.year
    table = request.services.read(lambda root: root.box.value.calendar)
    calendar = Calendar(table)
    shown = sorted({today.year - 1, today.year, today.year + 1, year, *(int(each[:4]) for each in table)})
    return {
        "year": year, "today": today.isoformat(), "table": table,
        "errors": errors or {}, "typed": typed or {},
        "years": [(each, days.how_known(calendar, each)) for each in shown],
        "unknown": not calendar.knows(year),
        "months": days.months_of(calendar, year), "weekdays": [_(each) for each in WEEKDAYS],
        "marks": {kind: _.either(*mark) for kind, mark in MARKS.items()},
        "spans": [each for each in days.spans_of(table) if each.first[:4] == str(year)],
    }  # fmt: skip
