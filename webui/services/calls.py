"""Reading call records for pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from domain.missed import NOT_MISSED
from domain.outcomes import Outcome
from storage.call_id import BEIJING
from storage.models import Root
from storage.models.totals import Totals
from storage.query import Filter, Found, page

PAGE: Final = 30
MISSED: Final = frozenset(Outcome) - NOT_MISSED
MOST_EXCEL: Final = 5000
"""Rows of an Excel file made while somebody waits."""


class CallSearch(NamedTuple):
    """A filter as somebody typed it, and what it means."""

    wanted: Filter
    typed: dict[str, str]


def read_search(query: Any, tenant: str | None) -> CallSearch:
    """Read a filter out of a query; what makes no sense is left out."""
    typed = {
        name: str(query.get(name, "")).strip()[:40]
        for name in ("caller", "answerer", "number", "first", "last", "result", "recorded")
    }
    first, last = _day(typed["first"]), _day(typed["last"])
    caller = "".join(char for char in typed["caller"] if char.isdigit() and char.isascii())
    results: dict[str, dict[str, Any]] = {
        "answered": {"answered": True},
        "unanswered": {"answered": False},
        "missed": {"outcomes": frozenset(str(each) for each in MISSED)},
    }
    wanted = Filter(
        tenant=tenant,
        number=typed["number"],
        caller=f"{caller}*" if caller and not typed["caller"].endswith("=") else caller,
        answerer=typed["answerer"],
        since=first.timestamp() if first else 0.0,
        until=(last + timedelta(days=1)).timestamp() if last else None,
        recorded=bool(typed["recorded"]),
        **results.get(typed["result"], {}),
    )
    return CallSearch(wanted, {name: value for name, value in typed.items() if value})


def find(root: Root, search: CallSearch, cursor: str) -> tuple[list[Found], str]:
    """Return a page and the cursor of the next one; a broken cursor is the first page."""
    try:
        found, after = page(root, search.wanted, PAGE, cursor)
    except ValueError:
        found, after = page(root, search.wanted, PAGE)
    return found, after


def today(root: Root, tenant: str | None, now: float) -> Totals:
    """Return today's totals of a tenant, or (None) of all of them."""
    return days_totals(root, tenant, now, 1)[-1][1]


def days_totals(root: Root, tenant: str | None, now: float, days: int) -> list[tuple[str, Totals]]:
    """Return the totals of the last days (YYYYMMDD), oldest first."""
    ending = datetime.fromtimestamp(now, BEIJING)
    names = [(ending - timedelta(days=back)).strftime("%Y%m%d") for back in reversed(range(days))]
    if tenant is None:
        owners = [owner for name, owner in root.records.owners.items() if name]
    else:
        owners = [owner for owner in (root.records.owners.get(tenant),) if owner is not None]
    found = []
    for name in names:
        totals = Totals()
        for owner in owners:
            held = owner.day_totals.get(name)
            if held is not None:
                totals.add(held.value)
        found.append((name, totals))
    return found


def missed_of(totals: Totals) -> int:
    """Return how many calls the tenant would rather have answered."""
    return sum(count for outcome, count in totals.outcomes.items() if outcome in MISSED)


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=BEIJING)
    except ValueError:
        return None
