"""Call records, partitioned by owner and Beijing month.

New records are rows of a B-tree whose smallest key is the newest call. When a thousand have gathered, the
oldest five hundred are sealed into one compressed segment, with their details in an object of their own
that lists never load. Only the ledger adds records; those of months that are over go by the segment
(``storage.retention.call_records``).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.analysis.callers import WINDOW_MS, Change, between, changes
from domain.analysis.figures import Counted, Groups
from storage.models.ahead import ask_for_all_leaves
from storage.models.by_caller import LAST, ByCaller, in_order
from storage.models.figures import FiguresBook, FiguresTaken
from storage.models.totals import Totals, add_to_day, total
from storage.records.call_id import bound_of, day_of, key_of, milliseconds_of, month_of
from storage.records.counted import count, counts, groups_of
from storage.records.record import CallRecord
from storage.records.rows import (
    CallRow,
    decode_detail,
    decode_row,
    detail_of,
    encode_detail,
    encode_row,
    record_of,
    row_of,
    seal_details,
    unseal_detail,
    unseal_details,
)
from storage.records.sealed_rows import Conditions, SealedRows, may_hold, seal_rows, traces_of

SEGMENT_ROWS: Final = 500
OPEN_ROWS: Final = 2 * SEGMENT_ROWS
"""Open rows at which the older half is sealed: calls that end late still find their place among open rows."""
BOX_OWNER: Final = ""
"""Owner of calls that reached no tenant."""
SEGMENT_COST: Final = 50
"""Making so many rows costs what looking one segment's columns through does."""


class Wanted(NamedTuple):
    """Which rows are looked for."""

    conditions: Conditions
    traces: tuple[int, ...]
    """Of the values that conditions ask for (``storage.sealed_rows.traces_wanted``)."""
    rest: Callable[[CallRow], bool] | None = None
    """What only a whole row tells."""
    caller: str = ""
    """Whose calls alone are looked for; it is a condition too."""

    def takes(self, row: CallRow) -> bool:
        """Tell whether a row meets all conditions."""
        return all(takes(getattr(row, name)) for name, takes in self.conditions.items()) and (
            self.rest is None or self.rest(row)
        )


EVERY_ROW: Final = Wanted({}, ())


class Looked(NamedTuple):
    """A row that was looked for; without one it tells how far the search has come."""

    key: bytes
    row: CallRow | None
    cost: int = 1
    """In rows that could have been made in that time."""


class Arrived(NamedTuple):
    """A call that is to be added: its key, its row, its details encoded."""

    key: bytes
    row: CallRow
    detail: bytes


class OpenRows(OOBTree):  # type: ignore[misc]
    """Open rows by key. Small leaves: with many tenants each commit rewrites one leaf for each of them."""

    max_leaf_size = 10


class SegmentDetails(Persistent):  # type: ignore[misc]
    """The details of one segment's calls."""

    def __init__(self, block: bytes) -> None:
        self.block = block


class Segment(Persistent):  # type: ignore[misc]
    """Sealed rows, newest first."""

    def __init__(self, rows: Sequence[CallRow], details: Sequence[bytes]) -> None:
        self.block = seal_rows(rows)
        self.details = SegmentDetails(seal_details(details))

    def look(self, wanted: Wanted, oldest: bytes) -> Iterator[Looked]:
        """Yield what is wanted, newest first; then, if anything may have been passed over, its last key."""
        rows = SealedRows(self.block)
        chosen = rows.matching(wanted.conditions) if wanted.conditions else None
        for row in rows.rows(chosen):
            taken = wanted.rest is None or wanted.rest(row)
            yield Looked(key_of(row.id, row.start_ms / 1000), row if taken else None)
        if chosen is not None:
            yield Looked(oldest, None, SEGMENT_COST)


class Month(Persistent):  # type: ignore[misc]
    """One owner's calls of one month."""

    settled = False
    """Whether it was over, and all of it was sealed."""

    def __init__(self) -> None:
        self.open: Any = OpenRows()
        """Key -> (row, details), encoded."""
        self.open_count = 0
        self.sealed_count = 0
        self.segments: Any = OOBTree()
        """Key of the newest row -> (key of the oldest row, Segment, traces of its values).

        Without traces, as segments were before evolution step 20, each is looked through.
        """
        self.callers = ByCaller()

    def __contains__(self, key: bytes) -> bool:
        return key in self.open or self._find_sealed(key) is not None

    def add(self, arrived: Sequence[Arrived]) -> None:
        """Add rows that are not there yet. So many at once as are worth a segment are sealed at once; else
        the oldest open ones are, when many are open."""
        pending = sorted(arrived)
        if pending and self.settled:
            self.settled = False
        while len(pending) >= SEGMENT_ROWS // 2:
            some, pending = pending[:SEGMENT_ROWS], pending[SEGMENT_ROWS:]
            self._seal(some)
        self.callers.expect((each.row.caller, each.key) for each in pending)
        for key, row, detail in pending:
            self.open[key] = (encode_row(row), detail)
            self.callers.add(row.caller, key)
        self.open_count += len(pending)
        while self.open_count >= OPEN_ROWS:
            self.seal(SEGMENT_ROWS)

    def seal(self, count: int) -> None:
        """Seal the ``count`` oldest open rows into one segment."""
        ask_for_all_leaves(self.open)
        oldest = list(self.open.items())[-count:]
        if not oldest:
            return
        self._seal([Arrived(key, decode_row(row), detail) for key, (row, detail) in oldest])
        if len(oldest) == self.open_count:
            self.open.clear()
        else:
            for key, _ in oldest:
                del self.open[key]
        self.open_count -= len(oldest)

    def _seal(self, entries: Sequence[Arrived]) -> None:
        keys, rows, details = zip(*entries, strict=True)
        self.segments[keys[0]] = (keys[-1], Segment(rows, details), traces_of(rows))
        self.callers.seal((row.caller, key, encode_row(row)) for key, row, _ in entries)
        self.sealed_count += len(entries)

    def seal_all(self) -> None:
        """Seal every open row, for a month that gets no more calls."""
        while self.open_count:
            self.seal(min(self.open_count, SEGMENT_ROWS))
        self.callers.settle()
        self.settled = True

    def drop_oldest(self) -> int:
        """Remove the last segment, or the open rows when there is none; return how many rows that were.

        From the first on no caller's calls of this month are found by him.
        """
        self.callers.clear()
        if not self.segments:
            count, self.open_count = self.open_count, 0
            self.open.clear()
            return count
        _, segment, *_ = self.segments.pop(self.segments.maxKey())
        count = len(SealedRows(segment.block).column("start_ms"))
        self.sealed_count -= count
        return count

    def rows(self, after: bytes = b"") -> Iterator[tuple[bytes, CallRow]]:
        """Yield keys and rows of calls older than the key ``after``, newest first; segments are read late."""
        return ((each.key, each.row) for each in self.look(after) if each.row is not None)

    def rows_of(
        self, caller: str, after: bytes = b"", until: bytes = LAST
    ) -> Iterator[tuple[bytes, CallRow]]:
        """Yield keys and rows of a caller's calls older than ``after``, newest first, to ``until``."""
        found = self.callers.sealed(caller, after, until)
        if keys := self.callers.open_keys(caller, after, until):
            found.append((keys[0], ((key, decode_row(self.open[key][0])) for key in keys)))
        return in_order(found)

    def portions(self, most: int = 4 * SEGMENT_ROWS) -> Iterator[list[CallRow]]:
        """Yield all rows in lists of at most ``most``, the oldest first; memory holds one list."""
        begins = [b"", *(key for n, (key, _) in enumerate(self.rows(), 1) if n % most == 0)]
        for begin in reversed(begins):
            if portion := [row for _, row in islice(self.rows(begin), most)]:
                yield portion[::-1]

    def look(self, after: bytes = b"", wanted: Wanted = EVERY_ROW) -> Iterator[Looked]:
        """Yield what is wanted and older than ``after``, newest first, and how far the search has come."""
        if wanted.caller:
            for key, row in self.rows_of(wanted.caller, after):
                yield Looked(key, row if wanted.takes(row) else None)
            return
        pending = iter(self.segments.items())
        upcoming = next(pending, None)
        heap: list[tuple[bytes, int, Looked, Iterator[Looked]]] = []

        def push(order: int, rows: Iterator[Looked]) -> None:
            for each in rows:
                if each.key > after:
                    heapq.heappush(heap, (each.key, order, each, rows))
                    return

        push(-1, self._look_at_open(after, wanted))
        order = 0
        while heap or upcoming is not None:
            while upcoming is not None and (not heap or upcoming[0] <= heap[0][0]):
                _, (oldest, segment, *traces) = upcoming
                if oldest > after:
                    may = not traces or may_hold(traces[0], wanted.traces)
                    push(order, segment.look(wanted, oldest) if may else iter([Looked(oldest, None)]))
                    order += 1
                upcoming = next(pending, None)
            if heap:
                _, turn, each, rows = heapq.heappop(heap)
                yield each
                push(turn, rows)

    def _look_at_open(self, after: bytes, wanted: Wanted) -> Iterator[Looked]:
        for key, (data, _) in self.open.items(after or None):
            row = decode_row(data)
            yield Looked(key, row if wanted.takes(row) else None)

    def records(self, newest: bytes = b"", oldest: bytes | None = None) -> Iterator[CallRecord]:
        """Yield every record whole, in no order, a segment at a time.

        Segments without any record between the two keys are passed over; others are told whole.
        """
        for row, detail in self.open.values():
            yield record_of(decode_row(row), decode_detail(detail))
        for last, segment, *_ in self.segments.values(None, oldest):
            if last < newest:
                continue
            details = unseal_details(segment.details.block)
            for row, each in zip(SealedRows(segment.block).rows(), details, strict=True):
                yield record_of(row, each)

    def find(self, key: bytes) -> CallRecord | None:
        """Return the record with this key, or None."""
        found = self.open.get(key)
        if found is not None:
            return record_of(decode_row(found[0]), decode_detail(found[1]))
        sealed = self._find_sealed(key)
        if sealed is None:
            return None
        segment, index = sealed
        row = next(SealedRows(segment.block).rows([index]))
        return record_of(row, unseal_detail(segment.details.block, index))

    def _find_sealed(self, key: bytes) -> tuple[Segment, int] | None:
        for oldest, segment, *_ in self.segments.values(None, key):
            if key <= oldest:
                index = SealedRows(segment.block).find(key)
                if index is not None:
                    return segment, index
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

    def month(self, name: str) -> Month:
        """Return a month, new if there was none."""
        month: Month | None = self.months.get(name)
        if month is None:
            month = self.months[name] = Month()
        return month

    def add_totals(self, day: str, totals: Totals) -> None:
        """Add to the totals of a day (YYYYMMDD)."""
        add_to_day(self.day_totals, day, totals)

    def totals(self, first_day: str, last_day: str) -> Totals:
        """Return the totals of some days (YYYYMMDD, both included); those of a month are its days' sum."""
        sum_of_days = Totals()
        for roll_up in self.day_totals.values(first_day, last_day):
            sum_of_days.add(roll_up.value)
        return sum_of_days

    def drop_oldest(self, name: str, most: int) -> int:
        """Remove some of a month's oldest records, and the month with its last; its totals stay.

        ``most``: rows; a segment goes whole. Returns how many; 0 when the month is empty or gone.
        """
        month: Month | None = self.months.get(name)
        count = 0
        while month is not None and count < most and (some := month.drop_oldest()):
            count += some
        if month is not None and not month.open_count and not month.sealed_count:
            del self.months[name]
        return count

    def rows_of(self, caller: str, after: bytes = b"") -> Iterator[tuple[bytes, CallRow]]:
        """Yield keys and rows of a caller's calls older than the key ``after``, newest first."""
        newest = month_of(milliseconds_of(after)) if after else None
        for name in reversed(self.months.keys(None, newest)):
            month: Month = self.months[name]
            month.callers.look_ahead()
            yield from month.rows_of(caller, after)

    def beside(self, caller: str, own: bytes) -> tuple[Groups | None, Groups | None]:
        """Return the calls of a caller right before and after one of his that count, within seven days.

        ``own``: key of the call, which need not be there. None: there is no such call.
        """
        ms = milliseconds_of(own)
        newest, oldest = bound_of((ms + WINDOW_MS) / 1000), _oldest_beside(ms)
        later: Groups | None = None
        for month in self._around(ms, ms):
            for key, row in month.rows_of(caller, newest, oldest):
                if key > own and counts(row):
                    return groups_of(row, milliseconds_of(key)), later
                if key < own and counts(row):
                    later = groups_of(row, milliseconds_of(key))
        return None, later

    def again(self, calls: Sequence[Counted]) -> list[Change]:
        """Return what calls change that are about to be added, for who calls again."""
        callers = {call.caller for call in calls if call.caller}
        if not callers:
            return []
        began = [call.groups.ms for call in calls]
        oldest = _oldest_beside(min(began))
        known = {
            caller
            for month in self._around(min(began), max(began))
            for caller in month.callers.known(callers, oldest)
        }
        found: list[Change] = []
        new: dict[str, list[Groups]] = {}
        for call in calls:
            if not call.caller:
                continue
            before = after = None
            if call.caller in known:
                before, after = self.beside(call.caller, key_of(call.groups.id, call.groups.ms / 1000))
            others = new.setdefault(call.caller, [])
            if before or after or others:
                found += changes(*between(before, call.groups, after, others))
            others.append(call.groups)
        return found

    def _around(self, first: int, last: int) -> list[Month]:
        """Return the months of what began within seven days of calls of one month, newest first."""
        names = dict.fromkeys(map(month_of, (last + WINDOW_MS, last, first - WINDOW_MS)))
        return [month for name in names if (month := self.months.get(name)) is not None]


def _oldest_beside(ms: int) -> bytes:
    """Return the key that no call is older than which began within seven days before a moment."""
    return bound_of((ms - WINDOW_MS - 1) / 1000)


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
        self.day_totals: Any = OOBTree()
        """YYYYMMDD -> RollUp of all tenants' calls, without their numbers: operators look at it all day."""

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
        charge: Callable[[CallRecord, str], CallRecord] = lambda record, day: record,
    ) -> int:
        """Add records and their totals; return how many were new. A call that is there changes nothing.

        ``charge`` is asked once for each new record and its day (YYYYMMDD), and gives it with its charge.
        """
        by_partition: dict[tuple[str | None, str], tuple[OwnerRecords, Month, dict[bytes, CallRecord]]] = {}
        for record in records:  # charged in this order, as calls ended: included time is used up in it
            key = key_of(record.id, record.start)
            day = day_of(milliseconds_of(key))
            found = by_partition.get((record.tenant, day))
            if found is None:
                owner = self.owner(record.tenant)
                found = by_partition[record.tenant, day] = (owner, owner.month(day[:6]), {})
            _, month, calls = found
            if key not in calls and key not in month:
                calls[key] = charge(record, day)
        added = 0
        taken = FiguresTaken()
        whole: dict[str, Totals] = {}
        for (tenant, day), (owner, month, calls) in by_partition.items():
            arrived = [
                Arrived(key, row_of(record), encode_detail(detail_of(record)))
                for key, record in calls.items()
            ]
            if arrived:
                counted = [count(row, milliseconds_of(key)) for key, row, _ in arrived if counts(row)]
                again = owner.again(counted) if tenant else []
                month.add(arrived)
                totals = total(each.row for each in arrived)
                owner.add_totals(day, totals)
                added += len(arrived)
                if tenant:
                    whole.setdefault(day, Totals()).add(totals)
                    taken.take(tenant, owner.figures, counted, again)
        for day, totals in whole.items():
            self.add_totals(day, totals)
        taken.store(self.whole)
        return added

    def add_totals(self, day: str, totals: Totals) -> None:
        """Add a tenant's totals of a day (YYYYMMDD) to those of all."""
        add_to_day(self.day_totals, day, msgspec.structs.replace(totals, numbers={}))

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
