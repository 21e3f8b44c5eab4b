"""Satisfaction (满意度) of a desk over a time: scores of calls, tickets, e-mails, and what they come to."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Final, NamedTuple

from domain.tickets.ratings import Rating, Share, share, shares
from storage.models import Root
from storage.records.call_id import BEIJING
from storage.records.query import Filter, search

MOST_CALLS: Final = 50_000
"""Looked at, the newest."""
MOST_LOW: Final = 50


class Period(StrEnum):
    """What scores are put together by."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Satisfaction(NamedTuple):
    """What the scores of a time come to."""

    calls: Share | None
    tickets: Share | None
    mails: Share | None
    agents: list[Share]
    """Of all together, by who served."""
    queues: list[Share]
    categories: list[Share]
    """Of tickets."""
    periods: list[Share]
    """Of all, oldest first."""
    low: list[Rating]
    """The newest low ones."""


class Which(NamedTuple):
    """Which scores; empty or 0: any."""

    kind: str = ""
    """``calls``, ``tickets`` or ``mails``."""
    score: int = 0
    agent: str = ""
    queue: str = ""
    category: str = ""
    """Of tickets."""
    period: str = ""
    """As :func:`name_of` says it of ``by``."""
    by: Period = Period.DAY

    def takes(self, rating: Rating) -> bool:
        """Tell whether a score is wanted."""
        return (
            self.kind in ("", kind_of(rating))
            and self.score in (0, rating.score)
            and self.agent in ("", rating.agent)
            and self.queue in ("", rating.queue)
            and self.category in ("", rating.category)
            and self.period in ("", name_of(rating.at, self.by))
        )


def kind_of(rating: Rating) -> str:
    """Return what was rated: ``calls``, ``tickets`` or ``mails``."""
    return "calls" if rating.call else "tickets" if rating.ticket else "mails"


def scored(root: Root, desk: str, since: float, until: float) -> list[Rating]:
    """Return every score from ``since`` to before ``until`` (POSIX seconds), the newest first."""
    calls = _calls(root, desk, since, until) if desk else []
    asked = root.tickets.read(desk).ratings_between(since, until)
    return sorted([*calls, *asked], key=lambda each: (-each.at, each.call, each.ticket, each.conversation))


def satisfaction(root: Root, desk: str, since: float, until: float, by: Period, low: int) -> Satisfaction:
    """Return what was scored from ``since`` to before ``until`` (POSIX seconds); up to ``low`` is low."""
    every = scored(root, desk, since, until)

    def of(kind: str) -> Share | None:
        return share("", (each.score for each in every if kind_of(each) == kind))

    periods = shares((name_of(each.at, by), each.score) for each in every)
    return Satisfaction(
        of("calls"),
        of("tickets"),
        of("mails"),
        shares((each.agent, each.score) for each in every if each.agent),
        shares((each.queue, each.score) for each in every if each.queue),
        shares((each.category, each.score) for each in every if each.category),
        sorted(periods, key=lambda each: each.name),
        [each for each in every if each.score <= low][:MOST_LOW],
    )


def _calls(root: Root, desk: str, since: float, until: float) -> list[Rating]:
    found = search(root, Filter(tenant=desk, since=since, until=until))
    return [
        Rating(
            each.row.start_ms / 1000, each.row.rating, call=each.row.id,
            agent=each.row.job_number or each.row.answered_by, queue=each.row.queue,
        )
        for each in islice(found, MOST_CALLS)
        if each.row.rating
    ]  # fmt: skip


def name_of(at: float, by: Period) -> str:
    """Return the day, the week (by its Monday's ISO number) or the month of a moment in Beijing."""
    local = datetime.fromtimestamp(at, BEIJING)
    if by is Period.WEEK:
        year, week, _ = local.isocalendar()
        return f"{year}-W{week:02}"
    return local.strftime("%Y-%m" if by is Period.MONTH else "%Y-%m-%d")
