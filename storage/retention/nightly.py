"""The nightly deletion: once a day after three in the morning, China time, by the trusted clock."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import msgspec

from domain.days.calendar import Calendar
from storage.connection import open_main
from storage.data_directory import DataDirectory, write_atomically
from storage.models import TenantConfig
from storage.numbers.documents import Documents
from storage.recordings import Recordings
from storage.records.call_id import BEIJING
from storage.retention.attachments import sweep_attachments
from storage.retention.call_records import sweep_records
from storage.retention.letters import sweep_letters
from storage.retention.recordings import Expiring, IsWorkingDay, Keep, Plans, QuotaUse, Retention
from storage.retention.trusted_clock import TrustedClock
from storage.serving.snapshots import read_box
from storage.upgrade.history import place_of, stands_still

log = logging.getLogger(__name__)

SweepLetters = Callable[[Plans, date, float, IsWorkingDay], int]
"""By plans, day and moment, how many files of e-mails were deleted."""
SweepRecords = Callable[[Plans, date], int]
"""By plans and day, how many call records were dropped."""

HOUR: Final = 3
LOOK_SECONDS: Final = 600.0
"""How often :meth:`RetentionJob.step` is to be called."""


class RetentionSummary(msgspec.Struct, frozen=True):
    """Content of ``retention.json``: the last run."""

    day: date
    deleted: int = 0
    bytes: int = 0
    held: int = 0
    expiring: tuple[Expiring, ...] = ()
    """Whom to warn of what will be deleted soon."""
    quotas: tuple[QuotaUse, ...] = ()
    """Whom to warn that his quota is nearly used up."""
    clock_ahead: float = 0.0
    """Seconds by which the wall clock is ahead of what is believed; not 0: alarm."""
    letters: int = 0
    """Files of e-mails that were deleted, and attachments that nobody names."""
    records: int = 0
    """Call records that were dropped."""


def clock_path(data: DataDirectory) -> Path:
    """Return where the trusted clock is kept."""
    return data.root / "clock.json"


def summary_path(data: DataDirectory) -> Path:
    """Return where the last run is told."""
    return data.root / "retention.json"


def read_summary(data: DataDirectory) -> RetentionSummary | None:
    """Return the last run, None before the first."""
    try:
        return msgspec.json.decode(summary_path(data).read_bytes(), type=RetentionSummary)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def plans_in(data: DataDirectory) -> Plans:
    """Return how long each tenant's recordings are kept; raises StoreDown."""
    with closing(open_main(data)) as database:
        return plans_of(database.read(lambda root: [model.config.value for model in root.tenants.values()]))


def plans_of(tenants: Iterable[TenantConfig]) -> Plans:
    """Return what the tenants' settings come to."""
    configs = list(tenants)
    return Plans(
        tenants={each.id: Keep(each.recording_months, each.recording_days) for each in configs},
        quotas={
            each.id: each.recording_mebibytes << 20
            for each in configs
            if each.recording_mebibytes is not None
        },
        records={each.id: each.record_months for each in configs},
    )


def files_in(data: DataDirectory, letters: Documents, attachments: Documents) -> SweepLetters:
    """Return what deletes the files of a box's e-mails, and attachments that nobody names."""

    def sweep(plans: Plans, today: date, now: float, is_working_day: IsWorkingDay) -> int:
        with closing(open_main(data)) as database:
            gone = sweep_letters(database, letters, plans, today, now, is_working_day)
            return gone + sweep_attachments(database, attachments, now)

    return sweep


def records_in(data: DataDirectory, recordings: Recordings) -> SweepRecords:
    """Return what drops the call records of a box of which no sound is left."""

    def sweep(plans: Plans, today: date) -> int:
        with closing(open_main(data)) as database:
            return sweep_records(database, (recordings.messages(), recordings), plans, today)

    return sweep


class RetentionJob:
    """Runs retention when it is time."""

    def __init__(
        self,
        data: DataDirectory,
        recordings: Recordings,
        clock: TrustedClock,
        plans: Callable[[], Plans] = Plans,
        is_working_day: IsWorkingDay | None = None,
        letters: SweepLetters = lambda plans, today, now, is_working_day: 0,
        records: SweepRecords = lambda plans, today: 0,
    ) -> None:
        """``is_working_day``: None: by the box's calendar at the time."""
        self._letters = letters
        self._records = records
        self._data = data
        self._recordings = recordings
        self._clock = clock
        self._plans = plans
        self._is_working_day = is_working_day

    def step(self) -> RetentionSummary | None:
        """Look at the clock; run if it is time, and return what was done. Raises StoreDown, OSError."""
        state = self._clock.now()
        moment = datetime.fromtimestamp(state.trusted, UTC).astimezone(BEIJING)
        last = read_summary(self._data)
        if moment.hour < HOUR or (last is not None and last.day >= moment.date()):
            return None
        if stands_still(place_of(self._data)):
            return None  # what goes now would look lost, and the upgrade would go back
        working = self._is_working_day or _working_days_of(self._data)
        plans = self._plans()
        messages = Retention(self._recordings.messages(), msgspec.structs.replace(plans, quotas={}), working)
        shelves = (messages, Retention(self._recordings, plans, working))
        reports = [shelf.run(moment.date()) for shelf in shelves]
        letters = self._letters(plans, moment.date(), state.trusted, working)
        if letters:
            self._recordings.pack()
            log.info("retention deleted %d files of e-mails, and attachments that nobody names", letters)
        records = self._records(plans, moment.date())
        if records:
            log.info("retention dropped %d call records", records)
        summary = RetentionSummary(
            moment.date(),
            sum(len(report.deleted) for report in reports),
            sum(report.bytes for report in reports),
            sum(report.held for report in reports),
            reports[-1].warnings,
            reports[-1].quotas,
            round(state.ahead),
            letters,
            records,
        )
        write_atomically(summary_path(self._data), msgspec.json.encode(summary))
        return summary


def _working_days_of(data: DataDirectory) -> IsWorkingDay:
    """Count working days as people in China work them, the operator's table included."""
    calendar = Calendar(read_box(data).calendar)
    return lambda day: calendar.day(day).kind.works
