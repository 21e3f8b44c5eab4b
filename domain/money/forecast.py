"""How long a balance lasts, by what the last weeks were like. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import msgspec

LOOK_BACK_DAYS: Final = 28
"""Four of each weekday: offices call on workdays, shops at weekends."""
LOOK_AHEAD_DAYS: Final = 366


class Runway(msgspec.Struct, frozen=True):
    """A forecast; ``about 12 days left``."""

    days: int | None
    """Whole days from today on that the money covers; None: more than a year, or nothing is used."""
    daily_li: int
    """What a day costs on average."""


def runway(
    spendable_li: int, used: Sequence[int], today: date, monthly_li: int = 0, first_li: int | None = None
) -> Runway:
    """Return how many whole days ``spendable_li`` (balance and credit) lasts, today included.

    ``used``: what each of the days before today cost, in 厘, oldest first, at most :data:`LOOK_BACK_DAYS` of
    which count; ``monthly_li``: what is due on the first of each month, ``first_li`` on the next one, where
    that differs. A day costs the mean of its weekday.
    """
    recent = list(used)[-LOOK_BACK_DAYS:]
    daily = sum(recent) // len(recent) if recent else 0
    if spendable_li <= 0:
        return Runway(0, daily)
    due = monthly_li if first_li is None else first_li
    if not daily and not monthly_li and not due:
        return Runway(None, 0)
    by_weekday = _by_weekday(recent, today)
    left, day = spendable_li, today
    for number in range(LOOK_AHEAD_DAYS):
        left -= by_weekday[day.weekday()]
        if day.day == 1 and number:
            left, due = left - due, monthly_li
        if left < 0:
            return Runway(number, daily)
        day += timedelta(days=1)
    return Runway(None, daily)


def _by_weekday(recent: Sequence[int], today: date) -> list[int]:
    """Return the mean of each weekday; of one that did not come the mean of all."""
    mean = sum(recent) // len(recent) if recent else 0
    sums: list[list[int]] = [[] for _ in range(7)]
    for ago, li in enumerate(reversed(recent), 1):
        sums[(today - timedelta(days=ago)).weekday()].append(li)
    return [sum(each) // len(each) if each else mean for each in sums]
