"""Fees that follow from agreements, not from calls: numbers, packages, minimum spend, storage. Pure.

Months are ``YYYYMM``, days ``2026-11-22``, both of Beijing; money is integer 厘.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, NamedTuple

import msgspec

from domain.money.amounts import EntryKind

GIBIBYTE: Final = 2**30


class SpendStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another minimum from a month on."""

    from_month: int
    """Natural month after activation, at least 1; the month of activation itself is month 0."""
    minimum_li: int = 0


class Agreement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was agreed for one 400 number of a tenant."""

    number: str
    since: str
    """Day of activation."""
    until: str = ""
    """Last day; empty: it goes on."""
    picking_li: int = 0
    """选号费, once."""
    monthly_li: int = 0
    minimum_li: int = 0
    """最低消费: what its calls and its monthly fee come to at least, each month."""
    steps: tuple[SpendStep, ...] = ()

    def minimum_in(self, month: str) -> int:
        """Return the least spend of a month; of one that is agreed only for some days, their share of it."""
        since_activation = months_between(self.since[:4] + self.since[5:7], month)
        due = [step for step in self.steps if step.from_month <= since_activation]
        minimum = max(due, key=lambda step: step.from_month).minimum_li if due else self.minimum_li
        return _share(minimum, self, month)

    def monthly_in(self, month: str) -> int:
        """Return the number's fee of a month, by its days likewise."""
        return _share(self.monthly_li, self, month)


class Due(NamedTuple):
    """A fee that is due."""

    cause: str
    kind: EntryKind
    li: int
    """Above 0."""
    note: str


def months_between(first: str, last: str) -> int:
    """Return how many months the second is after the first; negative before it."""
    return (int(last[:4]) - int(first[:4])) * 12 + int(last[4:]) - int(first[4:])


def next_month(month: str) -> str:
    """Return the month after one."""
    year, number = int(month[:4]), int(month[4:])
    return f"{year + 1}01" if number == 12 else f"{year}{number + 1:02}"


def months_of(first_day: str, last_day: str) -> list[str]:
    """Return the months of some days (``YYYYMMDD``), both included."""
    months, month = [], first_day[:6]
    while month <= last_day[:6]:
        months.append(month)
        month = next_month(month)
    return months


def fees_of_month(agreements: Iterable[Agreement], package_li: int, month: str) -> list[Due]:
    """Return what is due because a month began: the tariff's monthly fee, and what numbers cost."""
    due = [Due(f"monthly:{month}", EntryKind.MONTHLY_FEE, package_li, "")]
    for each in agreements:
        fee = each.monthly_in(month)
        due.append(Due(f"monthly:{month}:{each.number}", EntryKind.MONTHLY_FEE, fee, each.number))
        if each.since[:4] + each.since[5:7] == month:
            cause = f"picking:{each.number}:{each.since}"
            due.append(Due(cause, EntryKind.NUMBER_FEE, each.picking_li, each.number))
    return [each for each in due if each.li]


def minimum_spend(
    agreements: Iterable[Agreement], month: str, calls_li: Mapping[str, int], shared_li: int
) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Return 低消补足 of a month, and what each number lacks of its minimum.

    A number's spend is its calls (``calls_li``) and its own monthly fee. ``shared_li``, the fees that belong
    to no number (package, messages, storage), counts once against all that is lacking.
    """
    lacking = []
    for each in agreements:
        spent = calls_li.get(each.number, 0) + each.monthly_in(month)
        if (short := each.minimum_in(month) - spent) > 0:
            lacking.append((each.number, short))
    return max(0, sum(short for _, short in lacking) - shared_li), tuple(lacking)


def storage_fee(octets: int, price_li: int) -> int:
    """Return what recordings cost for a month at a price for each GiB, rounded half up to 厘."""
    return (octets * price_li + GIBIBYTE // 2) // GIBIBYTE


def _share(li: int, agreement: Agreement, month: str) -> int:
    """Return the part of a month's amount that falls on the days the agreement holds, rounded down."""
    year, number = int(month[:4]), int(month[4:])
    days = monthrange(year, number)[1]
    first, last = date(year, number, 1), date(year, number, days)
    begins = max(first, date.fromisoformat(agreement.since))
    ends = min(last, date.fromisoformat(agreement.until)) if agreement.until else last
    return li * max(0, (ends - begins).days + 1) // days
