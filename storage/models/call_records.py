"""Call records, partitioned by owner and Beijing month.

New records are rows of a B-tree whose smallest key is the newest call. When a thousand have gathered, the
oldest five hundred are sealed into one compressed segment, with their details in an object of their own
that lists never load. Only the ledger adds records. Dropping a month is how records are retired.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.analysis.figures import in_whole
from storage.call_id import day_of, key_of, milliseconds_of, month_of
from storage.counted import counted
from storage.models.figures import CallerBook, FiguresBook, FiguresTaken
from storage.models.totals import RollUp, Totals, total
from storage.records import CallRecord
from storage.rows import (
    CallRow,
    decode_detail,
    decode_row,
    detail_of,
    encode_detail,
    encode_row,
    record_of,
    row_of,
    seal_details,
    seal_rows,
    unseal_detail,
    unseal_details,
    unseal_rows,
)

SEGMENT_ROWS: Final = 500
OPEN_ROWS: Final = 2 * SEGMENT_ROWS
"""Open rows at which the older half is sealed: calls that end late still find their place among open rows."""
BOX_OWNER: Final = ""
"""Owner of calls that reached no tenant."""


class OpenRows(OOBTree):  # type: ignore[misc]
    """Open rows by key. Small leaves: with many tenants each commit rewrites one leaf for each of them."""

    max_leaf_size = 10


class SegmentDetails(Persistent):  # type: ignore[misc]
    """The details of one segment's calls."""

    def __init__(self, block: bytes) -> None:
        self.block = block


class Segment(Persistent):  # type: ignore[misc]
    """Sealed rows, newest first."""

    def __init__(self, rows: list[CallRow], details: list[bytes]) -> None:
        self.block = seal_rows(rows)
        self.details = SegmentDetails(seal_details(details))

    def rows(self) -> list[tuple[bytes, CallRow]]:
        """Return keys and rows, newest first."""
        return [(key_of(row.id, row.start_ms / 1000), row) for row in unseal_rows(self.block)]


class Month(Persistent):  # type: ignore[misc]
    """One owner's calls of one month."""

    def __init__(self) -> None:
        self.open: Any = OpenRows()
        """Key -> (row, details), encoded."""
        self.open_count = 0
        self.sealed_count = 0
        self.segments: Any = OOBTree()
        """Key of the newest row -> (key of the oldest row, Segment)."""

    def __contains__(self, key: bytes) -> bool:
        return key in self.open or self._find_sealed(key) is not None

    def add(self, key: bytes, row: bytes, detail: bytes) -> None:
        """Add a row that is not there yet; seal the older half when many are open."""
        self.open[key] = (row, detail)
        self.open_count += 1

    def seal_if_full(self) -> None:
        """Seal the oldest rows while there are too many open ones."""
        while self.open_count >= OPEN_ROWS:
            self.seal(SEGMENT_ROWS)

    def seal(self, count: int) -> None:
        """Seal the ``count`` oldest open rows into one segment."""
        oldest = list(self.open.items())[-count:]
        if not oldest:
            return
        segment = Segment([decode_row(row) for _, (row, _) in oldest], [detail for _, (_, detail) in oldest])
        self.segments[oldest[0][0]] = (oldest[-1][0], segment)
        if len(oldest) == self.open_count:
            self.open.clear()
        else:
            for key, _ in oldest:
                del self.open[key]
        self.open_count -= len(oldest)
        self.sealed_count += len(oldest)

    def seal_all(self) -> None:
        """Seal every open row, for a month that gets no more calls."""
        while self.open_count:
            self.seal(min(self.open_count, SEGMENT_ROWS))

    def rows(self, after: bytes = b"") -> Iterator[tuple[bytes, CallRow]]:
        """Yield keys and rows of calls older than the key ``after``, newest first; segments are read late."""
        pending = iter(self.segments.items())
        upcoming = next(pending, None)
        heap: list[tuple[bytes, int, CallRow, Iterator[tuple[bytes, CallRow]]]] = []

        def push(order: int, rows: Iterator[tuple[bytes, CallRow]]) -> None:
            for key, row in rows:
                if key > after:
                    heapq.heappush(heap, (key, order, row, rows))
                    return

        push(-1, ((key, decode_row(row)) for key, (row, _) in self.open.items(after or None)))
        order = 0
        while heap or upcoming is not None:
            while upcoming is not None and (not heap or upcoming[0] <= heap[0][0]):
                _, (oldest, segment) = upcoming
                if oldest > after:
                    push(order, iter(segment.rows()))
                    order += 1
                upcoming = next(pending, None)
            if heap:
                key, turn, row, rows = heapq.heappop(heap)
                yield key, row
                push(turn, rows)

    def records(self) -> Iterator[CallRecord]:
        """Yield every record whole, in no order, a segment at a time."""
        for row, detail in self.open.values():
            yield record_of(decode_row(row), decode_detail(detail))
        for _, segment in self.segments.values():
            details = unseal_details(segment.details.block)
            for (_, row), each in zip(segment.rows(), details, strict=True):
                yield record_of(row, each)

    def find(self, key: bytes) -> CallRecord | None:
        """Return the record with this key, or None."""
        found = self.open.get(key)
        if found is not None:
            return record_of(decode_row(found[0]), decode_detail(found[1]))
        sealed = self._find_sealed(key)
        if sealed is None:
            return None
        segment, index, row = sealed
        return record_of(row, unseal_detail(segment.details.block, index))

    def _find_sealed(self, key: bytes) -> tuple[Segment, int, CallRow] | None:
        for newest, (oldest, segment) in self.segments.items(None, key):
            if newest <= key <= oldest:
                for index, (each, row) in enumerate(segment.rows()):
                    if each == key:
                        return segment, index, row
        return None


class OwnerRecords(Persistent):  # type: ignore[misc]
    """The calls of one tenant, or of the box."""

    def __init__(self) -> None:
        self.months: Any = OOBTree()
        """YYYYMM -> Month."""
        self.day_totals: Any = OOBTree()
        """YYYYMMDD -> RollUp; kept when the records of the month are dropped."""
        self.figures = FiguresBook()
        """What reports show; kept likewise."""
        self.callers = CallerBook()

    def month(self, name: str) -> Month:
        """Return a month, new if there was none."""
        month: Month | None = self.months.get(name)
        if month is None:
            month = self.months[name] = Month()
        return month

    def add_totals(self, day: str, totals: Totals) -> None:
        """Add to the totals of a day (YYYYMMDD)."""
        roll_up = self.day_totals.get(day)
        if roll_up is None:
            roll_up = self.day_totals[day] = RollUp()
        roll_up.add(totals)

    def totals(self, first_day: str, last_day: str) -> Totals:
        """Return the totals of some days (YYYYMMDD, both included); those of a month are its days' sum."""
        sum_of_days = Totals()
        for roll_up in self.day_totals.values(first_day, last_day):
            sum_of_days.add(roll_up.value)
        return sum_of_days

    def drop_month(self, name: str) -> int:
        """Remove a month's records and return how many there were; its totals stay."""
        month: Month | None = self.months.pop(name, None)
        return 0 if month is None else month.open_count + month.sealed_count


class JournalProgress(Persistent):  # type: ignore[misc]
    """How far a journal has become records. Both places are (file sequence, offset)."""

    def __init__(self) -> None:
        self.committed: tuple[int, int] = (0, 0)
        """Every call that ended before here is recorded."""
        self.rebuild: tuple[int, int] = (0, 0)
        """Reading from here on meets the first line of each call that was open at ``committed``."""


class CallRecords(Persistent):  # type: ignore[misc]
    """Every call record of the box."""

    def __init__(self) -> None:
        self.owners: Any = OOBTree()
        """Tenant id, or BOX_OWNER -> OwnerRecords."""
        self.journals: Any = OOBTree()
        """Box -> JournalProgress."""
        self.whole = FiguresBook()
        """Figures of all tenants' calls."""

    def owner(self, tenant: str | None) -> OwnerRecords:
        """Return the records of a tenant (None: the box), new if there were none."""
        name = tenant or BOX_OWNER
        owner: OwnerRecords | None = self.owners.get(name)
        if owner is None:
            owner = self.owners[name] = OwnerRecords()
        return owner

    def add(
        self,
        records: Iterable[CallRecord],
        charge: Callable[[CallRecord], CallRecord] = lambda record: record,
    ) -> int:
        """Add records and their totals; return how many were new. A call that is there changes nothing.

        ``charge`` is asked once for each new record, and gives it with its charge.
        """
        by_partition: dict[tuple[str | None, str], dict[bytes, CallRecord]] = defaultdict(dict)
        for record in records:  # charged in this order, as calls ended: included time is used up in it
            key = key_of(record.id, record.start)
            day = day_of(milliseconds_of(key))
            calls = by_partition[record.tenant, day]
            if key not in calls and key not in self.owner(record.tenant).month(day[:6]):
                calls[key] = charge(record)
        added = 0
        taken = FiguresTaken()
        for (tenant, day), calls in by_partition.items():
            owner = self.owner(tenant)
            month = owner.month(day[:6])
            rows = []
            for key, record in calls.items():
                row = row_of(record)
                month.add(key, encode_row(row), encode_detail(detail_of(record)))
                rows.append(row)
            if rows:
                month.seal_if_full()
                owner.add_totals(day, total(rows))
                added += len(rows)
                if tenant:
                    self.take_figures(taken, tenant, owner, rows)
        taken.store()
        return added

    def take_figures(
        self, taken: FiguresTaken, tenant: str, owner: OwnerRecords, rows: Iterable[CallRow]
    ) -> None:
        """Count a tenant's calls in what reports show."""
        calls = counted(rows)
        for call in calls:
            taken.take_whole(self.whole, call, tenant)
        for change in taken.take(owner.figures, owner.callers, calls):
            taken.count(self.whole, in_whole(change.groups, tenant), change.cell)

    def find(self, call: str, tenant: str | None = None) -> CallRecord | None:
        """Return the record of a call id, of one tenant or (None) of whoever has it; None: there is none."""
        key = key_of(call)
        name = month_of(milliseconds_of(key))
        owners = self.owners.values() if tenant is None else filter(None, [self.owners.get(tenant)])
        for owner in owners:
            month: Month | None = owner.months.get(name)
            if month is not None and (record := month.find(key)) is not None:
                return record
        return None
