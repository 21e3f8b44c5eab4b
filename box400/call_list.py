"""Find call records, newest first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import islice

import msgspec

from storage.call_id import bound_of, milliseconds_of, month_of
from storage.models import Root
from storage.models.call_records import BOX_OWNER, OwnerRecords
from storage.rows import CallRow


class Filter(msgspec.Struct, frozen=True):
    """Which calls; None or empty: any."""

    tenant: str | None = None
    """``""``: calls to numbers that no tenant owns."""
    number: str = ""
    caller: str = ""
    answerer: str = ""
    outcomes: frozenset[str] = frozenset()
    since: float = 0.0
    """UTC POSIX seconds; calls that began then or later."""
    until: float | None = None
    """Calls that began before."""
    recorded: bool = False
    """Only those with a recording."""

    def takes(self, row: CallRow) -> bool:
        """Tell whether a row is wanted, its time and tenant aside."""
        return (
            (not self.number or row.number == self.number)
            and (not self.caller or row.caller == self.caller)
            and (not self.answerer or row.answered_by == self.answerer)
            and (not self.outcomes or row.outcome in self.outcomes)
            and (not self.recorded or row.recorded)
        )


class Found(msgspec.Struct, frozen=True):
    """A row and whose it is."""

    tenant: str
    """Empty: no tenant's."""
    row: CallRow


def search(root: Root, wanted: Filter, limit: int | None = None) -> Iterator[Found]:
    """Yield what is wanted, newest first; to be used inside the transaction."""
    owners = root.records.owners
    if wanted.tenant is not None:
        tenant = wanted.tenant or BOX_OWNER
        chosen = [(tenant, owners[tenant])] if tenant in owners else []
    else:
        chosen = list(owners.items())
    merged = heapq.merge(*(_rows(name, owner, wanted) for name, owner in chosen), key=lambda pair: pair[0])
    found = (each for _, each in merged if wanted.takes(each.row))
    return islice(found, limit)


def _rows(name: str, owner: OwnerRecords, wanted: Filter) -> Iterator[tuple[bytes, Found]]:
    # A bound is newer than what began at its very moment, which `until` leaves out: hence a millisecond less.
    after = b"" if wanted.until is None else bound_of(wanted.until - 0.001)
    oldest = round(wanted.since * 1000)
    last_month = "999999" if wanted.until is None else month_of(round(wanted.until * 1000))
    for month_name in reversed(list(owner.months.keys(month_of(max(0, oldest)), last_month))):
        for key, row in owner.months[month_name].rows(after):
            if milliseconds_of(key) < oldest:
                return
            yield key, Found(name, row)
