"""Find call records, newest first, page by page."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec

from storage.connection import MainDatabase
from storage.models import Root
from storage.models.ahead import ask_ahead, ask_for_first_leaves
from storage.models.call_records import BOX_OWNER, OwnerRecords, Wanted
from storage.records.behind import Behind
from storage.records.call_id import bound_of, milliseconds_of, month_of
from storage.records.record import CallRecord
from storage.records.rows import RECORDED, CallRow
from storage.records.sealed_rows import traces_wanted

MOST_COST: Final = 200_000
"""What one page may cost (``Looked.cost``); it may be short, or empty, and yet have a next one."""


class Filter(msgspec.Struct, frozen=True):
    """Which calls; None or empty: any."""

    tenant: str | None = None
    """``""``: calls to numbers that no tenant owns."""
    number: str = ""
    caller: str = ""
    """Canonical digits; with a ``*`` at the end, callers that begin so."""
    answerer: str = ""
    outcomes: frozenset[str] = frozenset()
    since: float = 0.0
    """UTC POSIX seconds; calls that began then or later."""
    until: float | None = None
    """Calls that began before."""
    recorded: bool = False
    """Only those with a recording."""
    answered: bool | None = None
    """Only those somebody answered, or nobody."""
    area_code: str = ""
    """The caller's, with its 0."""
    province: str = ""
    city: str = ""
    """One name; a landline of an area code that cities share is of each of them."""
    caller_class: str = ""
    queue: str = ""
    job_number: str = ""
    """工号 of the agent of a queue who talked with him."""
    rating: int | None = None
    behind: Behind | None = None
    """Only those behind a figure of a report."""
    keys: str = ""
    """What the caller keyed begins so: the way through menus."""

    def wanted(self) -> Wanted:
        """Return what rows must be, their time and tenant aside."""
        exact = {
            "number": self.number,
            "caller": "" if self.caller.endswith("*") else self.caller,
            "answered_by": self.answerer,
            "area_code": self.area_code,
            "queue": self.queue,
            "job_number": self.job_number,
            "caller_class": self.caller_class,
            "province": self.province,
            "outcome": next(iter(self.outcomes)) if len(self.outcomes) == 1 else "",
        }
        exact = {name: value for name, value in exact.items() if value}
        conditions: dict[str, Callable[[Any], bool]] = {name: value.__eq__ for name, value in exact.items()}
        if self.caller.endswith("*"):
            conditions["caller"] = partial(_begins, self.caller[:-1])
        if self.keys:
            conditions["keys"] = partial(_begins, self.keys)
        if self.city:
            conditions["city"] = partial(_is_of_city, self.city)
        if self.rating is not None:
            conditions["rating"] = self.rating.__eq__
        if self.recorded:
            conditions["flags"] = _is_recorded
        if len(self.outcomes) > 1:
            conditions["outcome"] = self.outcomes.__contains__
        if self.answered is not None:
            conditions["answered"] = self.answered.__eq__
        rest = None if self.behind is None else self.behind.takes
        return Wanted(conditions, traces_wanted(exact), rest, exact.get("caller", ""))

    def takes(self, row: CallRow) -> bool:
        """Tell whether a row is wanted, its time and tenant aside."""
        return self.wanted().takes(row)


def _is_recorded(flags: int) -> bool:
    return bool(flags & RECORDED)


def _begins(beginning: str, text: str) -> bool:
    return text.startswith(beginning)


def _is_of_city(city: str, cities: str) -> bool:
    return city in cities.split("/")


class Found(msgspec.Struct, frozen=True):
    """A row and whose it is."""

    tenant: str
    """Empty: no tenant's."""
    row: CallRow


class Page(NamedTuple):
    """Some of what is wanted."""

    found: list[Found]
    next: str
    """Cursor of the next page; empty: there are no more. It stays right while calls are added."""


Also = Callable[[Found], bool]
"""What a call must be besides, that its row alone does not tell."""


def search(
    root: Root, wanted: Filter, limit: int | None = None, *, after: bytes = b"", also: Also | None = None
) -> Iterator[Found]:
    """Yield what is wanted and older than the key ``after``; to be used inside the transaction."""
    found = (each for _, each, _ in _merged(root, wanted, after) if each is not None)
    return islice((each for each in found if also is None or also(each)), limit)


def page(root: Root, wanted: Filter, limit: int = 50, cursor: str = "", also: Also | None = None) -> Page:
    """Return one page. ``cursor`` is ``next`` of the page before; raises ValueError when it is none."""
    found: list[Found] = []
    cost = 0
    for key, each, more in _merged(root, wanted, bytes.fromhex(cursor)):
        if each is not None and (also is None or also(each)):
            found.append(each)
        cost += more
        if len(found) == limit or cost >= MOST_COST:
            return Page(found, key.hex())
    return Page(found, "")


def records_between(root: Root, since: float, until: float) -> Iterator[CallRecord]:
    """Yield every record, whole, of calls that began between two moments (UTC POSIX seconds), in no order."""
    newest, oldest = bound_of(until - 0.001), round(since * 1000)
    first, last = month_of(max(0, oldest)), month_of(milliseconds_of(newest))
    for owner in root.records.owners.values():
        for month in owner.months.values(first, last):
            for record in month.records(newest, bound_of(since - 0.001)):
                if since <= record.start < until:
                    yield record


def every(database: MainDatabase, wanted: Filter, *, at_a_time: int = 2000) -> Iterator[Found]:
    """Yield all that is wanted, each page in a transaction of its own, so that memory stays small."""
    cursor = ""
    while True:
        found, cursor = database.read(lambda root, cursor=cursor: page(root, wanted, at_a_time, cursor))  # type: ignore[misc]
        yield from found
        if not cursor:
            return


_Step = tuple[bytes, Found | None, int]
"""Key, what was found there, and what looking so far cost."""


def _merged(root: Root, wanted: Filter, after: bytes) -> Iterator[_Step]:
    owners = root.records.owners
    if wanted.tenant is not None:
        tenant = wanted.tenant or BOX_OWNER
        chosen = [(tenant, owners[tenant])] if tenant in owners else []
    else:
        chosen = list(owners.items())
        _ask_for_newest([owner for _, owner in chosen], after)
    rows = wanted.wanted()
    steps = [_steps(name, owner, wanted, rows, after) for name, owner in chosen]
    return steps[0] if len(steps) == 1 else heapq.merge(*steps, key=_key)


def _ask_for_newest(owners: Sequence[OwnerRecords], after: bytes) -> None:
    """Ask the store for what the newest calls of many owners are found by."""
    ask_ahead(owners, "months")
    last = month_of(milliseconds_of(after)) if after else None
    named = [(owner, owner.months.keys(None, last)) for owner in owners]
    months = [owner.months[names[-1]] for owner, names in named if names]
    ask_ahead(months, "open", "segments")
    ask_for_first_leaves(month.open for month in months)


def _key(step: _Step) -> bytes:
    return step[0]


def _steps(name: str, owner: OwnerRecords, wanted: Filter, rows: Wanted, after: bytes) -> Iterator[_Step]:
    oldest = round(wanted.since * 1000)
    last_month = "999999"
    if wanted.until is not None:
        # A bound is newer than what began at its very moment, which `until` leaves out: a millisecond less.
        after = max(after, bound_of(wanted.until - 0.001))
    if after:
        last_month = month_of(milliseconds_of(after))
    for month_name in reversed(list(owner.months.keys(month_of(max(0, oldest)), last_month))):
        for key, row, cost in owner.months[month_name].look(after, rows):
            if milliseconds_of(key) < oldest:
                return
            yield key, None if row is None else Found(name, row), cost
