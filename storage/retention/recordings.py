"""Delete recordings whose time is over: three months by default, never before ten working days.

Days are those of China. What is on legal hold stays. "Today" comes from
:mod:`storage.retention.trusted_clock`, and :data:`GRACE_DAYS` cover a clock that was wrong when the call was
made: a clock set ahead by an hour or a day deletes nothing early.
"""

from __future__ import annotations

import calendar
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from storage.recordings import RecordingFacts, Recordings
from storage.records.call_id import BEIJING

log = logging.getLogger(__name__)

WORKING_DAYS: Final = 10
GRACE_DAYS: Final = 2
WARN_PERCENT: Final = 80
"""A tenant is warned when so much of his quota is used."""
WARN_DAYS: Final = 14
"""How long before its deletion a recording is warned of."""
BATCH: Final = 200

IsWorkingDay = Callable[[date], bool]


def is_weekday(day: date) -> bool:
    """Say whether a day is a working day where no calendar of holidays is known."""
    return day.weekday() < 5


class Keep(msgspec.Struct, frozen=True):
    """How long a tenant's recordings are kept."""

    months: int = 3
    days: int = 0
    """Instead of months, when not 0."""


class Plans(msgspec.Struct, frozen=True):
    """How long everybody's are kept, and how much of them."""

    default: Keep = Keep()
    tenants: Mapping[str, Keep] = {}
    quotas: Mapping[str, int] = {}
    """Tenant -> bytes that his recordings may take."""
    records: Mapping[str, int] = {}
    """Tenant -> months that he looks back in his call records."""

    def of(self, tenant: str) -> Keep:
        """Return a tenant's plan."""
        return self.tenants.get(tenant, self.default)


class Expiring(msgspec.Struct, frozen=True):
    """A tenant's recordings that will be deleted soon."""

    tenant: str
    count: int
    first: date
    """The first day of deletions."""


class QuotaUse(msgspec.Struct, frozen=True):
    """How much of his quota a tenant uses after a run."""

    tenant: str
    bytes: int
    quota: int

    @property
    def percent(self) -> int:
        """Used, in whole percent; above 100 where nothing more may be deleted yet."""
        return self.bytes * 100 // self.quota


class RetentionReport(msgspec.Struct, frozen=True):
    """What a run did, or would have done."""

    today: date
    deleted: tuple[RecordingFacts, ...]
    held: int
    """Recordings beyond their time on legal hold."""
    warnings: tuple[Expiring, ...]
    quotas: tuple[QuotaUse, ...] = ()
    """Of the tenants that have used most of theirs."""

    @property
    def bytes(self) -> int:
        """Size of what was deleted."""
        return sum(facts.bytes for facts in self.deleted)


def day_of(at: float) -> date:
    """Return the day in China of UTC POSIX seconds."""
    return datetime.fromtimestamp(at, UTC).astimezone(BEIJING).date()


def months_after(day: date, months: int) -> date:
    """Return the same day of a later month, or that month's last day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def working_days_after(day: date, count: int, is_working_day: IsWorkingDay) -> date:
    """Return the day on which ``count`` whole working days have passed since ``day``."""
    for _ in range(count * 4 + 60):  # a calendar without working days must not hold us for ever
        day += timedelta(days=1)
        count -= is_working_day(day)
        if count == 0:
            break
    return day


def deletion_day(made: date, keep: Keep, is_working_day: IsWorkingDay = is_weekday) -> date:
    """Return the first day on which a recording made on ``made`` may be deleted."""
    end = made + timedelta(days=keep.days) if keep.days else months_after(made, keep.months)
    least = working_days_after(made, WORKING_DAYS, is_working_day)
    return max(end, least) + timedelta(days=GRACE_DAYS + 1)


class Retention:
    """Decides and deletes; ``today`` must come from the trusted clock."""

    def __init__(
        self, recordings: Recordings, plans: Plans | None = None, is_working_day: IsWorkingDay = is_weekday
    ) -> None:
        self._recordings = recordings
        self._plans = plans or Plans()
        self._is_working_day = is_working_day
        self._days: dict[tuple[date, Keep], date] = {}

    def deletion_day(self, facts: RecordingFacts) -> date:
        """Return the first day on which a recording may be deleted, holds apart."""
        return self._deletion_day(day_of(facts.at), self._plans.of(facts.tenant))

    def _deletion_day(self, made: date, keep: Keep) -> date:
        key = (made, keep)
        if key not in self._days:
            self._days[key] = deletion_day(*key, self._is_working_day)
        return self._days[key]

    def examine(self, today: date) -> RetentionReport:
        """Say what a run on this day would do; deletes nothing."""
        due: list[RecordingFacts] = []
        held = 0
        warned: dict[str, list[date]] = {}
        for facts in self._old(today + timedelta(days=WARN_DAYS)):
            day = self.deletion_day(facts)
            if facts.hold:
                held += day <= today
            elif day <= today:
                due.append(facts)
            elif day <= today + timedelta(days=WARN_DAYS):
                warned.setdefault(facts.tenant, []).append(day)
        warnings = tuple(Expiring(name, len(days), min(days)) for name, days in sorted(warned.items()))
        return RetentionReport(today, tuple(due), held, warnings)

    def run(self, today: date) -> RetentionReport:
        """Delete what is due and free its space; raises StoreDown, after which it is simply run again."""
        report = self.examine(today)
        gone = self._delete(report.deleted)
        gone += self._delete(self._beyond_quota(today))
        if gone:
            self._recordings.pack()
            log.info("retention deleted %d recordings, %d bytes", len(gone), sum(f.bytes for f in gone))
        return msgspec.structs.replace(report, deleted=tuple(gone), quotas=self._quota_use())

    def _delete(self, wanted: Sequence[RecordingFacts]) -> list[RecordingFacts]:
        gone: list[RecordingFacts] = []
        for start in range(0, len(wanted), BATCH):
            gone += self._recordings.delete(facts.id for facts in wanted[start : start + BATCH])
        return gone

    def _beyond_quota(self, today: date) -> list[RecordingFacts]:
        """Return the oldest recordings of tenants above their quota: those that the floor lets go."""
        used = self._recordings.usages()
        over = {
            tenant: used[tenant].bytes - quota
            for tenant, quota in self._plans.quotas.items()
            if tenant in used and used[tenant].bytes > quota
        }
        found: list[RecordingFacts] = []
        if not over:
            return found
        floor = Keep(days=1)  # the ten working days alone
        for facts in self._recordings.iterate():
            if not over or self._deletion_day(day_of(facts.at), floor) > today:
                break
            if over.get(facts.tenant, 0) > 0 and not facts.hold:
                over[facts.tenant] -= facts.bytes
                found.append(facts)
                if over[facts.tenant] <= 0:
                    del over[facts.tenant]
        return found

    def _quota_use(self) -> tuple[QuotaUse, ...]:
        used = self._recordings.usages()
        told = (
            QuotaUse(tenant, used[tenant].bytes, quota)
            for tenant, quota in sorted(self._plans.quotas.items())
            if tenant in used
        )
        return tuple(each for each in told if each.percent >= WARN_PERCENT)

    def _old(self, until: date) -> Iterator[RecordingFacts]:
        """Yield recordings in order of age, as long as some plan could delete them by a day."""
        plans = (self._plans.default, *self._plans.tenants.values())
        for facts in self._recordings.iterate():
            made = day_of(facts.at)
            if min(self._deletion_day(made, keep) for keep in plans) > until + timedelta(days=GRACE_DAYS):
                return
            yield facts
