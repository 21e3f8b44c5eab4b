"""Drop call records whose time is over: thirteen months at least, and as long as their sound is kept.

A tenant's records go by whole months of China. Totals of days and the figures of reports stay, as do bills;
what his customers' timelines tell of those calls goes with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from storage.connection import MainDatabase
from storage.models import Root, TenantConfig
from storage.models.call_records import SEGMENT_ROWS, OwnerRecords
from storage.recordings import Recordings
from storage.records.call_id import BEIJING, day_of_call
from storage.retention.recordings import GRACE_DAYS, Plans, day_of, months_after

MONTHS: Final = 13
"""How many months whole records are kept at least."""
AT_A_TIME: Final = 4 * SEGMENT_ROWS
"""Records that go in one transaction."""


def sweep_records(database: MainDatabase, shelves: Iterable[Recordings], plans: Plans, today: date) -> int:
    """Drop what is due on a day; return how many records. Raises StoreDown.

    ``shelves``: where sound is kept; a month with some of it stays. ``today`` comes from the trusted clock.
    It may be run again at any time.
    """
    due = database.read(lambda root: set(_due(root, plans, today)))
    gone = 0
    for tenant, month in sorted(due - months_heard(shelves, today) if due else due):
        drop = partial(_drop, tenant=tenant, month=month)
        while count := database.transact(drop, note="records over their time"):
            gone += count
    return gone


def seen_since(config: TenantConfig, now: float) -> float:
    """Return from when on a tenant sees his calls (UTC POSIX seconds): by plan, and as far as sound goes."""
    today = day_of(now)
    sound = (
        today - timedelta(days=config.recording_days)
        if config.recording_days
        else months_after(today, -config.recording_months)
    )
    first = min(months_after(today, -config.record_months), sound)
    return datetime(first.year, first.month, first.day, tzinfo=BEIJING).timestamp()


def months_heard(shelves: Iterable[Recordings], today: date) -> set[tuple[str, str]]:
    """Return tenant and month (``YYYYMM``) of old calls whose sound is kept: by a plan, or on legal hold."""
    found: set[tuple[str, str]] = set()
    for kept in shelves:
        for facts in kept.iterate():
            if day_of(facts.at) >= months_after(today, -MONTHS):
                break  # no month from here on is due
            found.add((facts.tenant, day_of_call(facts.id, facts.at)[:6]))
    return found


def _due(root: Root, plans: Plans, today: date) -> Iterator[tuple[str, str]]:
    for tenant, owner in root.records.owners.items():
        months = max(MONTHS, plans.records.get(tenant, 0))
        for name in owner.months:
            after = months_after(date(int(name[:4]), int(name[4:]), 1), months + 1)
            if (today - after).days >= GRACE_DAYS:
                yield tenant, name


def _drop(root: Root, tenant: str, month: str) -> int:
    owner: OwnerRecords = root.records.owners[tenant]
    return owner.drop_oldest(month, AT_A_TIME)
