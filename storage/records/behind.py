"""The calls behind a figure of a report: the list of calls finds exactly those that it counts. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec

from domain.analysis.cell import fate_of
from domain.analysis.dimensions import UNKNOWN
from domain.customers.missed import is_missed
from domain.days.calendar import BEIJING
from storage.records.counted import began_ms, counts
from storage.records.rows import CallRow


class Behind(msgspec.Struct, frozen=True):
    """Which of the calls that reports count; empty or None: any."""

    fate: str = ""
    """A Fate, ``missed`` or ``rated``."""
    hour: int | None = None
    """Of the day, 0 to 23, in Beijing."""
    weekday: int | None = None
    """0: Monday."""
    province: str = ""
    """``-``: unknown; likewise ``area``."""
    area: str = ""
    key: str = ""
    """``menu/node/key``."""
    queue: str = ""
    agent: str = ""
    """工号, else the number that answered."""
    outcome: str = ""
    rating: int = 0
    over_ms: int = -1
    """Those who waited longer, and not longer than ``upto_ms``."""
    upto_ms: int | None = None

    def takes(self, row: CallRow) -> bool:
        """Tell whether a call stands behind the figure, its time, tenant and number aside."""
        return counts(row) and self._takes_fate(row) and self._takes_moment(row) and self._takes_groups(row)

    def _takes_fate(self, row: CallRow) -> bool:
        return (
            self._is_fate(row)
            and (not self.outcome or row.outcome == self.outcome)
            and (not self.rating or row.rating == self.rating)
            and row.waited_ms > self.over_ms
            and (self.upto_ms is None or row.waited_ms <= self.upto_ms)
        )

    def _is_fate(self, row: CallRow) -> bool:
        match self.fate:
            case "":
                return True
            case "missed":
                return not row.answered and is_missed(row.outcome)
            case "rated":
                return row.rating > 0
            case _:
                return fate_of(row.outcome, row.answered) == self.fate

    def _takes_moment(self, row: CallRow) -> bool:
        if self.hour is None and self.weekday is None:
            return True
        when = datetime.fromtimestamp(began_ms(row) / 1000, BEIJING)
        return self.hour in (None, when.hour) and self.weekday in (None, when.weekday())

    def _takes_groups(self, row: CallRow) -> bool:
        return (
            self.province in ("", row.province or UNKNOWN)
            and self.area in ("", row.area_code or UNKNOWN)
            and (not self.key or self.key in row.menu.split())
            and self.queue in ("", row.queue)
            and (not self.agent or (row.answered and self.agent == (row.job_number or row.answered_by)))
        )
