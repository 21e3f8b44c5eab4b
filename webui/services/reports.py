"""统计报表: what is wanted, the figures, and what they mean."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

from domain.analysis.cell import TARGETS
from domain.analysis.columns import Target
from domain.analysis.dimensions import DIMENSIONS
from domain.analysis.report import Report
from domain.analysis.service_level import Formula
from domain.days.calendar import BEIJING
from domain.tickets.ratings import Rating
from storage.models import Root
from storage.reports.report import report
from storage.reports.satisfaction import Period, Satisfaction, Which, satisfaction, scored
from webui.services.box import BoxServices

MOST_DAYS: Final = 366
DAYS: Final = 7
SCORE_DAYS: Final = 30
SCORE_ROWS: Final = 100
EARLIEST: Final = date(2020, 1, 1)
"""Before any box."""


class Wanted(NamedTuple):
    """What somebody wants a report of."""

    first: date
    last: date
    number: str
    target: Target
    by: str = "hour"
    """Name of the dimension whose table is shown."""

    def typed(self) -> dict[str, str]:
        """Return it as the form shows it."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "number": self.number,
            "seconds": str(self.target.seconds),
            "formula": self.target.formula,
            "by": self.by,
        }


def today(now: float) -> date:
    """Return the day of a moment (UTC POSIX seconds) in Beijing."""
    return datetime.fromtimestamp(now, BEIJING).date()


def period(first: date | None, last: date | None, now: float, days: int = DAYS) -> tuple[date, date]:
    """Return the first and the last day of what is wanted, by default the last seven days.

    It ends today at the latest and is cut to a year.
    """
    end = max(EARLIEST, min(last or today(now), today(now)))
    begin = max(EARLIEST, min(first or end - timedelta(days=days - 1), end))
    return max(begin, end - timedelta(days=MOST_DAYS - 1)), end


def read_wanted(given: dict[str, str], now: float, days: int = DAYS) -> Wanted:
    """Read what is wanted; what makes no sense is left out."""
    first, last = period(read_day(given.get("first", "")), read_day(given.get("last", "")), now, days)
    seconds, number, formula = given.get("seconds", ""), given.get("number", ""), given.get("formula", "")
    by = given.get("by", "")
    return Wanted(
        first,
        last,
        number if number.isascii() and number.isdigit() and len(number) == 10 else "",
        Target(
            int(seconds) if seconds in map(str, TARGETS) else Target().seconds,
            Formula(formula) if formula in list(Formula) else Target().formula,
        ),
        by if by in {each.name for each in DIMENSIONS} else "hour",
    )


def made(root: Root, tenant: str | None, wanted: Wanted) -> Report:
    """Return the report of a tenant, or (None) of the whole box."""
    return report(root, tenant, wanted.first, wanted.last, wanted.number or None)


class Scores(NamedTuple):
    """What was scored in a period."""

    first: date
    last: date
    by: Period
    made: Satisfaction


def scores(services: BoxServices, desk: str, first: date | None, last: date | None, by: Period) -> Scores:
    """Return what a desk's callers and askers scored, by default in the last 30 days."""
    since, until = period(first, last, services.now(), SCORE_DAYS)

    def read(root: Root) -> Satisfaction:
        low = root.tickets.read(desk).settings.value.low_score
        return satisfaction(root, desk, _midnight(since), _midnight(until + timedelta(days=1)), by, low)

    return Scores(since, until, by, services.read(read))


class ScoreList(NamedTuple):
    """A page of the scores behind a figure."""

    first: date
    last: date
    total: int
    """Of all pages."""
    rows: list[Rating]


def score_list(
    services: BoxServices, desk: str, first: date | None, last: date | None, which: Which, page: int
) -> ScoreList:
    """Return a page (from 1) of the scores that a figure of :func:`scores` counts, the newest first."""
    since, until = period(first, last, services.now(), SCORE_DAYS)
    every = services.read(
        lambda root: scored(root, desk, _midnight(since), _midnight(until + timedelta(days=1)))
    )
    found = [each for each in every if which.takes(each)]
    return ScoreList(since, until, len(found), found[(page - 1) * SCORE_ROWS : page * SCORE_ROWS])


def _midnight(day: date) -> float:
    """Return when a day begins in Beijing, POSIX seconds."""
    return datetime.combine(day, time(), BEIJING).timestamp()


def read_day(text: str) -> date | None:
    """Return a day as forms send it, None for what is none."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
