"""专家级分析 of a tenant's calls, or of the whole box: findings, staffing, next week."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from domain.acd.configuration import Queue
from domain.analysis.finding import Finding
from domain.analysis.findings import findings
from domain.analysis.forecast import LOOK_BACK_DAYS, Backtest, DayForecast, backtest, forecast
from domain.analysis.report import EPOCH, Report, day_of_hour
from domain.analysis.staffing import Advice, Goal, Patience, advice, handle_s, needed, patience_of
from domain.days.calendar import Calendar, DayKind
from storage.models import Root
from storage.reports.report import report

FORECAST_DAYS = 7


class Peak(NamedTuple):
    """The busiest hour of a day that is foretold."""

    hour: int
    calls: float
    agents: int
    """By Erlang C, for the goal."""


class Analysis(NamedTuple):
    """What the calls of a period tell, and what comes."""

    report: Report
    goal: Goal
    found: list[Finding]
    advice: list[Advice]
    patience: Patience
    days: list[DayForecast]
    """From the day after the last one that is over."""
    peaks: list[Peak]
    """Of each of these days."""
    test: Backtest | None


def analysed(
    root: Root,
    tenant: str | None,
    first: date,
    last: date,
    today: date,
    goal: Goal,
    number: str | None = None,
) -> Analysis:
    """Return the analysis of some days (both included); ``today`` is not over and foretells nothing."""
    made = report(root, tenant, first, last, number)
    length = timedelta(days=made.days_count)
    before = report(root, tenant, first - length, last - length, number)
    day_type = day_type_of(root, tenant)
    known = history(root, tenant, today, number)
    days = forecast(known, today, FORECAST_DAYS, day_type)
    takes = handle_s(made.all, made.all, goal)
    peaks = []
    for each in days:
        hour = max(range(24), key=lambda n: each.hours[n])
        peaks.append(Peak(hour, each.hours[hour], needed(each.hours[hour], takes, goal)))
    return Analysis(
        made, goal, findings(made, goal, before if _is_whole(before) else None), advice(made, goal),
        patience_of(made.all), days, peaks, backtest(known, today, day_type),
    )  # fmt: skip


def _is_whole(before: Report) -> bool:
    """Tell whether the box took calls from about the begin of a period on: else it compares with nothing."""
    hours = before.figures.hours
    return bool(hours) and day_of_hour(min(hours)) - before.first <= timedelta(days=before.days_count // 7)


def history(root: Root, tenant: str | None, today: date, number: str | None = None) -> dict[date, list[int]]:
    """Return the calls to be answered by day and hour, from the first day that had a call to yesterday."""
    made = report(root, tenant, today - timedelta(days=LOOK_BACK_DAYS), today - timedelta(days=1), number)
    hours = made.figures.hours
    if not hours:
        return {}
    begin = day_of_hour(min(hours))
    days = [begin + timedelta(days=n) for n in range((today - begin).days)]
    return {day: [_offered(made, day, hour) for hour in range(24)] for day in days}


def _offered(made: Report, day: date, hour: int) -> int:
    cell = made.figures.hours.get((day - EPOCH).days * 24 + hour)
    return 0 if cell is None else cell.offered


def day_type_of(root: Root, tenant: str | None) -> Callable[[date], int]:
    """Return what kind of day a day is for forecasts: a holiday as a Sunday, a worked weekend as a Friday."""
    calendar = Calendar(root.box.value.calendar)
    model = root.tenants.get(tenant) if tenant is not None else None
    if model is not None:
        calendar = calendar.with_days(model.config.value.days)

    def kind(day: date) -> int:
        match calendar.day(day).kind:
            case DayKind.HOLIDAY:
                return 6
            case DayKind.MAKE_UP:
                return 4
            case _:
                return day.weekday()

    return kind


def goal_of(root: Root, tenant: str | None, level: float, seconds: int) -> Goal:
    """Return a goal with what agents do after a talk, on average of the tenant's queues."""
    model = root.tenants.get(tenant) if tenant is not None else None
    queues = () if model is None else model.named("queues")
    after = [queue.wrap_up_seconds for _, queue in queues if isinstance(queue, Queue)]
    return Goal(level, seconds, sum(after) / len(after) if after else 0.0)
