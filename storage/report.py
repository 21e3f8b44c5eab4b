"""统计报表: what calls of a period come to, by hour, day, place, number and agent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from domain.missed import is_missed
from domain.outcomes import Outcome
from domain.service_level import Formula, ServiceLevel, Waited, service_level
from storage.call_id import BEIJING
from storage.rows import CallRow


class Sum(msgspec.Struct):
    """Calls of one group; times in milliseconds."""

    calls: int = 0
    answered: int = 0
    missed: int = 0
    talk_ms: int = 0
    fee_li: int = 0
    rated: int = 0
    points: int = 0

    def add(self, row: CallRow) -> None:
        """Count a call."""
        answered = row.answered
        self.calls += 1
        self.answered += answered
        self.missed += not answered and is_missed(row.outcome)
        self.talk_ms += row.talk_ms
        self.fee_li += row.fee_li
        if row.rating:
            self.rated += 1
            self.points += row.rating

    @property
    def unanswered(self) -> int:
        """Calls that nobody answered, for whatever reason."""
        return self.calls - self.answered

    @property
    def share(self) -> float:
        """How many of them were answered, 0 to 1."""
        return self.answered / self.calls if self.calls else 0.0

    @property
    def average_s(self) -> float:
        """Average talk of the answered ones, in seconds."""
        return self.talk_ms / self.answered / 1000 if self.answered else 0.0

    @property
    def rating(self) -> float | None:
        """Average rating; None: nobody rated."""
        return self.points / self.rated if self.rated else None


class Report(msgspec.Struct):
    """What the calls that came in within a period come to."""

    all: Sum
    hours: dict[int, Sum]
    """Of the day, in Beijing; every hour is there."""
    days: dict[str, Sum]
    """``2026-10-01``."""
    provinces: dict[str, Sum]
    """Empty name: unknown."""
    numbers: dict[str, Sum]
    agents: dict[str, Sum]
    """By job number, else by the number that answered."""
    outcomes: dict[str, int]
    ratings: dict[int, int]
    level: ServiceLevel


def report(rows: Iterable[CallRow], seconds: float, formula: Formula) -> Report:
    """Return the report of the calls that came in: no call-backs, nor what phones did for another call's sake
    or to change their agent's state."""
    made = Report(
        Sum(), {hour: Sum() for hour in range(24)}, {}, {}, {}, {}, {}, dict.fromkeys(range(1, 6), 0),
        ServiceLevel(0, 0),
    )  # fmt: skip
    waits: list[Waited] = []
    for row in rows:
        if row.is_call_back or row.is_of_phone or row.outcome == Outcome.AGENT_CODE:
            continue
        when = datetime.fromtimestamp(row.start_ms / 1000, BEIJING)
        sums = [
            made.all,
            made.hours[when.hour],
            made.days.setdefault(when.strftime("%Y-%m-%d"), Sum()),
            made.provinces.setdefault(row.province, Sum()),
            made.numbers.setdefault(row.number, Sum()),
        ]
        if row.answered:
            sums.append(made.agents.setdefault(row.job_number or row.answered_by, Sum()))
        for each in sums:
            each.add(row)
        made.outcomes[row.outcome] = made.outcomes.get(row.outcome, 0) + 1
        if row.rating in made.ratings:
            made.ratings[row.rating] += 1
        if row.answered or is_missed(row.outcome):
            waits.append(waited(row))
    made.level = service_level(waits, seconds, formula)
    return made


def waited(row: CallRow) -> Waited:
    """Return how long a caller waited: in the queue, else from the call's begin to the talk or the end."""
    answered = row.answered
    milliseconds = row.wait_ms if row.queue else row.end_ms - (row.talk_ms if answered else 0)
    return Waited(milliseconds / 1000, answered)
