"""Reports by e-mail: who gets what, how often, and of which days. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from domain.analysis.cell import TARGETS
from domain.recipient import EMAIL
from domain.refusal import NotPossible

MOST_ADDRESSES: Final = 20
MOST_MAILINGS: Final = 20
"""Of one tenant, and of the operator."""
LATE_DAYS: Final = 3
"""A report that could not be made in time is still worth sending so long."""


class Often(StrEnum):
    """How often."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Mailing(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One report that is sent again and again."""

    id: str
    tenant: str
    """Empty: the whole box, for the operator."""
    often: Often = Often.WEEKLY
    emails: tuple[str, ...] = ()
    hour: int = 8
    """Of the day on which it is sent, in Beijing."""
    seconds: int = 20
    """Target of the service level."""
    excel: bool = True
    pdf: bool = True
    language: str = "zh"
    by: str = ""
    """Who wished it."""


class Due(NamedTuple):
    """A report to be sent: its days, both included."""

    first: date
    last: date

    @property
    def name(self) -> str:
        """Name it in a file name or a cause."""
        return f"{self.first:%Y%m%d}-{self.last:%Y%m%d}"


def due(mailing: Mailing, now: datetime) -> Due | None:
    """Return what is to be sent at this moment (in Beijing) at the latest; None: nothing these days."""
    for back in range(LATE_DAYS + 1):
        day = now.date() - timedelta(days=back)
        if (back > 0 or now.hour >= mailing.hour) and _is_day(mailing.often, day):
            return _days_before(mailing.often, day)
    return None


def _is_day(often: Often, day: date) -> bool:
    return often is Often.DAILY or (day.weekday() == 0 if often is Often.WEEKLY else day.day == 1)


def _days_before(often: Often, day: date) -> Due:
    last = day - timedelta(days=1)
    first = {
        Often.DAILY: last,
        Often.WEEKLY: day - timedelta(days=7),
        Often.MONTHLY: last.replace(day=1),
    }[often]
    return Due(first, last)


def checked(mailing: Mailing) -> Mailing:
    """Return the mailing if it can be; raises NotPossible, which says what to mend."""
    if not mailing.emails:
        raise NotPossible("Write at least one e-mail address.", "请至少填写一个邮箱地址。")
    if len(mailing.emails) > MOST_ADDRESSES:
        raise NotPossible(f"At most {MOST_ADDRESSES} addresses.", f"最多 {MOST_ADDRESSES} 个邮箱地址。")
    for address in mailing.emails:
        if EMAIL.fullmatch(address) is None:
            raise NotPossible(f"Not an e-mail address: {address[:60]}", f"不是邮箱地址：{address[:60]}")
    if not (mailing.excel or mailing.pdf):
        raise NotPossible("Choose Excel, PDF or both.", "请选择 Excel、PDF 或两者。")
    if mailing.seconds not in TARGETS or not 0 <= mailing.hour <= 23:
        raise NotPossible("Choose the hour and the seconds from the lists.", "请从列表中选择时间和秒数。")
    return mailing
