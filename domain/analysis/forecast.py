"""How many calls next week brings, hour by hour, and how well that would have told the last one. Pure.

The method is simple on purpose, so that anybody can check it: the mean of the same hour of the last four
days of the same kind, the newest counting four times, the oldest once. A day's kind is its weekday; a public
holiday counts as a Sunday, a worked weekend as a Friday (``DayType``). Errors are told as WAPE: the sum of
what each forecast was off, divided by the calls there were.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

WEIGHTS: Final = (4, 3, 2, 1)
"""Of the days looked at, the newest first."""
LOOK_BACK_DAYS: Final = 70
LEAST_DAYS: Final = 14
"""Of history, before anything is foretold."""

DayType = Callable[[date], int]
"""What kind of day a day is, 0 (Monday) to 6 (Sunday)."""
Hours = Sequence[int]
"""Calls of a day's 24 hours."""


class DayForecast(NamedTuple):
    """One day."""

    day: date
    hours: tuple[float, ...]
    based_on: tuple[date, ...]
    """The days looked at."""

    @property
    def calls(self) -> float:
        """Of the whole day."""
        return sum(self.hours)


class Backtest(NamedTuple):
    """How the method would have told a week that is over."""

    first: date
    foretold: tuple[float, ...]
    """Calls of each of seven days."""
    came: tuple[int, ...]
    off: int | float
    """Sum of the differences of the hours."""
    naive_off: int | float
    """The same, had one said "as the week before"."""

    @property
    def wape(self) -> float | None:
        """By hours, 0: exact; None: there were no calls."""
        return self.off / sum(self.came) if sum(self.came) else None

    @property
    def naive_wape(self) -> float | None:
        """By hours, of "as the week before"."""
        return self.naive_off / sum(self.came) if sum(self.came) else None

    @property
    def day_wape(self) -> float | None:
        """By days."""
        off = sum(abs(told - came) for told, came in zip(self.foretold, self.came, strict=True))
        return off / sum(self.came) if sum(self.came) else None


def forecast(history: Mapping[date, Hours], first: date, days: int, day_type: DayType) -> list[DayForecast]:
    """Return the forecast of some days from ``history``, in which days without calls are there too.

    A day of whose kind there is none yet gets the mean of all days; without history nothing comes.
    """
    known = sorted((day for day in history if day < first), reverse=True)
    found = []
    for day in (first + timedelta(days=n) for n in range(days)):
        wanted = day_type(day)
        alike = [each for each in known if day_type(each) == wanted][: len(WEIGHTS)]
        based = alike or known[: len(WEIGHTS) * 7]
        weights = WEIGHTS if alike else [1] * len(based)
        pairs = list(zip(weights, based, strict=False))
        whole = sum(weight for weight, _ in pairs)
        hours = tuple(
            sum(weight * history[each][hour] for weight, each in pairs) / whole if whole else 0.0
            for hour in range(24)
        )
        found.append(DayForecast(day, hours, tuple(each for _, each in pairs)))
    return found


def backtest(history: Mapping[date, Hours], first: date, day_type: DayType) -> Backtest | None:
    """Return how the method would have told the seven days before ``first``; None: history is too short."""
    begin = first - timedelta(days=7)
    week = [begin + timedelta(days=n) for n in range(7)]
    before = {day: hours for day, hours in history.items() if day < begin}
    if len(before) < LEAST_DAYS or not all(day in history for day in week):
        return None
    told = forecast(before, begin, 7, day_type)
    return Backtest(
        begin,
        tuple(each.calls for each in told),
        tuple(sum(history[day]) for day in week),
        sum(_off(each.hours, history[each.day]) for each in told),
        sum(_off(history[day - timedelta(days=7)], history[day]) for day in week),
    )


def _off(told: Sequence[float], came: Hours) -> float:
    return sum(abs(one - other) for one, other in zip(told, came, strict=True))
