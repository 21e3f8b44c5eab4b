"""统计报表: what is wanted, and the figures."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple

from domain.service_level import Formula
from storage.call_id import BEIJING
from storage.models import Root
from storage.query import Filter, search
from storage.report import Report, report

MOST_CALLS: Final = 20_000
"""Looked at for one report, the newest ones; it says so when there were more."""
MOST_DAYS: Final = 93
DAYS: Final = 7
SECONDS: Final = 20
EARLIEST: Final = datetime(2020, 1, 1, tzinfo=BEIJING)
"""Before any box."""


class Wanted(NamedTuple):
    """What somebody wants a report of."""

    first: datetime
    last: datetime
    number: str
    seconds: int
    formula: Formula

    def typed(self) -> dict[str, str]:
        """Return it as the form shows it."""
        return {
            "first": self.first.strftime("%Y-%m-%d"),
            "last": self.last.strftime("%Y-%m-%d"),
            "number": self.number,
            "seconds": str(self.seconds),
            "formula": self.formula,
        }


class Made(NamedTuple):
    """A report, and whether there were more calls than it looks at."""

    report: Report
    cut: bool


def period(first: datetime | None, last: datetime | None, now: float) -> tuple[datetime, datetime]:
    """Return the first and the last day of what is wanted, by default the last seven days.

    It ends today at the latest and is cut to three months.
    """
    today = datetime.fromtimestamp(now, BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    end = max(EARLIEST, min(last or today, today))
    begin = min(first or end - timedelta(days=DAYS - 1), end)
    return max(begin, end - timedelta(days=MOST_DAYS - 1)), end


def made(root: Root, tenant: str, wanted: Wanted) -> Made:
    """Return the report of a tenant."""
    found = search(
        root,
        Filter(
            tenant=tenant,
            number=wanted.number,
            since=wanted.first.timestamp(),
            until=(wanted.last + timedelta(days=1)).timestamp(),
        ),
    )
    rows = [each.row for each in islice(found, MOST_CALLS)]
    return Made(report(rows, wanted.seconds, wanted.formula), next(found, None) is not None)
