"""Roll-ups of calls for bills and reports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from persistent import Persistent

from domain.outcomes import Outcome
from storage.records.call_id import hour_of
from storage.records.rows import CallRow


class Count(msgspec.Struct, array_like=True):
    """Calls and time of one group of calls; times in milliseconds."""

    calls: int = 0
    answered: int = 0
    access_ms: int = 0
    talk_ms: int = 0
    fee_li: int = 0

    def add(self, other: Count) -> None:
        """Add another count to this one."""
        self.calls += other.calls
        self.answered += other.answered
        self.access_ms += other.access_ms
        self.talk_ms += other.talk_ms
        self.fee_li += other.fee_li


class Totals(msgspec.Struct):
    """What one owner's calls of a day or more came to. Hours are those of Beijing, of the calls' start."""

    all: Count = msgspec.field(default_factory=Count)
    outcomes: dict[str, int] = msgspec.field(default_factory=dict)
    """Of calls that came in."""
    hours: dict[int, Count] = msgspec.field(default_factory=dict)
    numbers: dict[str, Count] = msgspec.field(default_factory=dict)
    """By 400 number."""
    trunks_in: dict[str, Count] = msgspec.field(default_factory=dict)
    trunks_out: dict[str, Count] = msgspec.field(default_factory=dict)
    call_backs: Count = msgspec.field(default_factory=Count)
    """Calls that the box began, which ``all``, ``hours``, ``numbers`` and ``trunks_out`` have too."""

    def add(self, other: Totals) -> None:
        """Add other totals to these."""
        self.all.add(other.all)
        self.call_backs.add(other.call_backs)
        for outcome, calls in other.outcomes.items():
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + calls
        for mine, theirs in (
            (self.hours, other.hours),
            (self.numbers, other.numbers),
            (self.trunks_in, other.trunks_in),
            (self.trunks_out, other.trunks_out),
        ):
            for key, count in theirs.items():
                _group(mine, key).add(count)


def _group(groups: dict[str, Count] | dict[int, Count], key: str | int) -> Count:
    count = groups.get(key)  # type: ignore[arg-type]
    if count is None:
        count = groups[key] = Count()  # type: ignore[index]
    return count


def total(rows: Iterable[CallRow]) -> Totals:
    """Return what these calls come to. Unknown numbers are not told apart: anybody can dial any."""
    totals = Totals()
    for row in rows:
        count = Count(1, row.answered, row.access_ms, row.talk_ms, row.fee_li)
        totals.all.add(count)
        if row.is_call_back:
            totals.call_backs.add(count)
        elif not row.is_of_phone:
            totals.outcomes[row.outcome] = totals.outcomes.get(row.outcome, 0) + 1
        _group(totals.hours, hour_of(row.start_ms)).add(count)
        if row.outcome != Outcome.NUMBER_UNKNOWN:
            _group(totals.numbers, row.number).add(count)
        if row.trunk_in:
            _group(totals.trunks_in, row.trunk_in).add(count)
        if row.trunk_out:
            _group(totals.trunks_out, row.trunk_out).add(count)
    return totals


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Totals).decode


class RollUp(Persistent):  # type: ignore[misc]
    """The totals of one owner's day."""

    def __init__(self) -> None:
        self._totals = _encode(Totals())

    @property
    def value(self) -> Totals:
        """A copy of the totals."""
        return _decode(self._totals)

    def add(self, totals: Totals) -> None:
        """Add totals."""
        value = _decode(self._totals)
        value.add(totals)
        self._totals = _encode(value)


def add_to_day(days: Any, day: str, totals: Totals) -> None:
    """Add to the totals of a day in a tree of YYYYMMDD -> RollUp."""
    roll_up = days.get(day)
    if roll_up is None:
        roll_up = days[day] = RollUp()
    roll_up.add(totals)
