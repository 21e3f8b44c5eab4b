"""Reading call records for pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from domain.analysis.cell import Fate
from domain.analysis.dimensions import hour_words, key_words, weekday_words
from domain.calling.caller import looked_for
from domain.customers.missed import NOT_MISSED
from domain.outcomes import Outcome
from domain.places.regions import shipped_regions
from storage.models import Root
from storage.models.totals import Totals
from storage.records.behind import Behind
from storage.records.call_id import BEIJING, key_of
from storage.records.counted import counts
from storage.records.query import Also, Filter, Found, page, search

PAGE: Final = 30
MISSED: Final = frozenset(Outcome) - NOT_MISSED
MOST_EXCEL: Final = 5000
"""Rows of an Excel file made while somebody waits."""


class CallSearch(NamedTuple):
    """A filter as somebody typed it, and what it means."""

    wanted: Filter
    typed: dict[str, str]
    behind: dict[str, str]
    """Of calls behind a figure of a report: what narrows them besides the form's own fields."""
    again: str = ""
    """``repeats``: only callers of the seven days before; ``followed``: answered
    ones who called again within seven days."""


_TYPED: Final = (
    "caller", "answerer", "number", "first", "last", "result", "recorded", "place", "pressed",
)  # fmt: skip


def read_search(query: Any, tenant: str | None, seen_since: float = 0.0) -> CallSearch:
    """Read a filter out of a query; what makes no sense is left out, and what began before ``seen_since``."""
    typed = {name: str(query.get(name, "")).strip()[:40] for name in _TYPED}
    first, last = _day(typed["first"]), _day(typed["last"])
    place = _place(typed["place"])
    caller = "".join(char for char in typed["caller"] if char.isdigit() and char.isascii())
    behind, again = _behind(query, typed["result"])
    results: dict[str, dict[str, Any]] = {
        "answered": {"answered": True},
        "unanswered": {"answered": False},
        "missed": {"outcomes": frozenset(str(each) for each in MISSED), "answered": False},
    }
    wanted = Filter(
        tenant=tenant,
        number=typed["number"],
        caller=looked_for(caller) if caller and not typed["caller"].endswith("=") else caller,
        answerer=typed["answerer"],
        since=max(seen_since, first.timestamp() if first else 0.0),
        until=(last + timedelta(days=1)).timestamp() if last else None,
        recorded=bool(typed["recorded"]),
        keys=typed["pressed"],
        area_code=place.get("area_code", ""),
        province=place.get("province", ""),
        city=place.get("city", ""),
        behind=_read_behind(behind, typed["result"])
        if behind or again or typed["result"] in OF_REPORTS
        else None,
        **results.get(typed["result"], {}),
    )
    return CallSearch(wanted, {name: value for name, value in typed.items() if value}, behind, again)


def _place(text: str) -> dict[str, str]:
    """Read where callers are from: an area code with or without its 0, a province, or a city."""
    if text.isascii() and text.isdigit():
        return {"area_code": text if text.startswith("0") else f"0{text}"}
    if text in shipped_regions():
        return {"province": text}
    return {"city": text} if text else {}


BEHIND: Final = (
    "counted", "hour", "weekday", "province", "area", "key", "queue", "agent", "outcome", "rating",
    "over", "upto",
)  # fmt: skip
"""What links of reports say besides; ``counted`` alone: all calls that reports count."""


def _behind(query: Any, result: str) -> tuple[dict[str, str], str]:
    found = {name: str(query.get(name, "")).strip()[:120] for name in BEHIND}
    return {name: value for name, value in found.items() if value}, result if result in AGAIN else ""


AGAIN: Final = ("repeats", "followed")
OF_REPORTS: Final = (Fate.BUSY, Fate.NO_ANSWER, Fate.ABANDONED, "rated")
"""Results that only calls which reports count can have."""


def _read_behind(behind: dict[str, str], result: str) -> Behind:
    hour, weekday = _number(behind.get("hour"), 0, 23), _number(behind.get("weekday"), 1, 7)
    over, upto = _number(behind.get("over"), 0, 86_400), _number(behind.get("upto"), 0, 86_400)
    return Behind(
        fate=result if result in (*Fate, "missed", "rated") else "",
        hour=hour, weekday=None if weekday is None else weekday - 1, province=behind.get("province", ""),
        area=behind.get("area", ""), key=behind.get("key", ""), queue=behind.get("queue", ""),
        agent=behind.get("agent", ""), outcome=behind.get("outcome", ""),
        rating=_number(behind.get("rating"), 1, 5) or 0,
        over_ms=-1 if over is None else over * 1000, upto_ms=None if upto is None else upto * 1000,
    )  # fmt: skip


def _number(text: str | None, least: int, most: int) -> int | None:
    if text is None or not (text.isascii() and text.isdigit() and len(text) < 7):
        return None
    return int(text) if least <= int(text) <= most else None


def behind_words(behind: dict[str, str], language: str) -> list[str]:
    """Say what narrows the calls behind a figure."""
    zh = language == "zh"
    found = []
    for name, value in behind.items():
        number = _number(value, 0, 86_400)
        if name == "hour" and number is not None and number < 24:
            found.append(hour_words(number, language))
        elif name == "weekday" and number is not None and 1 <= number <= 7:
            found.append(weekday_words(number - 1, language))
        elif name == "key":
            found.append(key_words(value, language))
        elif name == "over":
            found.append(f"等待超过 {value} 秒" if zh else f"waited over {value} s")
        elif name == "upto":
            found.append(f"等待不超过 {value} 秒" if zh else f"waited up to {value} s")
        elif name == "rating":
            found.append(f"评分 {value}" if zh else f"rated {value}")
        elif name != "counted":
            found.append(("未知" if zh else "unknown") if value == "-" else value)
    return found


def also(root: Root, wanted: CallSearch) -> Also | None:
    """Return what the calls beside a call must say of it, or None."""
    if not wanted.again:
        return None

    def told(found: Found) -> bool:
        owner = root.records.owners.get(found.tenant)
        if owner is None or not found.row.caller or not counts(found.row):
            return False
        before, after = owner.beside(found.row.caller, key_of(found.row.id, found.row.start_ms / 1000))
        return before is not None if wanted.again == "repeats" else found.row.answered and after is not None

    return told


def every(root: Root, wanted: CallSearch, most: int) -> list[Found]:
    """Return all that a search finds, at most so many."""
    return list(search(root, wanted.wanted, most, also=also(root, wanted)))


def find(root: Root, wanted: CallSearch, cursor: str) -> tuple[list[Found], str]:
    """Return a page and the cursor of the next one; a broken cursor is the first page."""
    try:
        found, after = page(root, wanted.wanted, PAGE, cursor, also(root, wanted))
    except ValueError:
        found, after = page(root, wanted.wanted, PAGE, "", also(root, wanted))
    return found, after


def today(root: Root, tenant: str | None, now: float) -> Totals:
    """Return today's totals of a tenant, or (None) of all of them."""
    return days_totals(root, tenant, now, 1)[-1][1]


def days_totals(root: Root, tenant: str | None, now: float, days: int) -> list[tuple[str, Totals]]:
    """Return the totals of the last days (YYYYMMDD), oldest first."""
    ending = datetime.fromtimestamp(now, BEIJING)
    names = [(ending - timedelta(days=back)).strftime("%Y%m%d") for back in reversed(range(days))]
    whose = root.records if tenant is None else root.records.owners.get(tenant)
    held = {} if whose is None else whose.day_totals
    return [(name, held[name].value if name in held else Totals()) for name in names]


def missed_of(totals: Totals) -> int:
    """Return how many calls the tenant would rather have answered."""
    return sum(count for outcome, count in totals.outcomes.items() if outcome in MISSED)


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=BEIJING)
    except ValueError:
        return None
