"""Find call records, newest first, page by page."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, NamedTuple

import msgspec

from storage.behind import Behind
from storage.call_id import bound_of, milliseconds_of, month_of
from storage.connection import MainDatabase
from storage.models import Root
from storage.models.call_records import BOX_OWNER, OwnerRecords
from storage.rows import CallRow

MOST_SCANNED: Final = 200_000
"""Rows looked at for one page; a page may be short, or empty, and yet have a next one."""


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

    def takes(self, row: CallRow) -> bool:
        """Tell whether a row is wanted, its time and tenant aside."""
        return (
            (not self.number or row.number == self.number)
            and (not self.caller or self._takes_caller(row.caller))
            and (not self.answerer or row.answered_by == self.answerer)
            and (not self.area_code or row.area_code == self.area_code)
            and (not self.province or row.province == self.province)
            and (not self.city or self.city in row.city.split("/"))
            and (not self.caller_class or row.caller_class == self.caller_class)
            and (not self.queue or row.queue == self.queue)
            and (not self.job_number or row.job_number == self.job_number)
            and (self.rating is None or row.rating == self.rating)
            and (not self.outcomes or row.outcome in self.outcomes)
            and (not self.recorded or row.recorded)
            and (self.answered is None or self.answered == row.answered)
            and (self.behind is None or self.behind.takes(row))
        )

    def _takes_caller(self, caller: str) -> bool:
        if self.caller.endswith("*"):
            return caller.startswith(self.caller[:-1])
        return caller == self.caller


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
    found = (each for _, each in _merged(root, wanted, after) if wanted.takes(each.row))
    return islice((each for each in found if also is None or also(each)), limit)


def page(root: Root, wanted: Filter, limit: int = 50, cursor: str = "", also: Also | None = None) -> Page:
    """Return one page. ``cursor`` is ``next`` of the page before; raises ValueError when it is none."""
    found: list[Found] = []
    after = bytes.fromhex(cursor)
    for scanned, (key, each) in enumerate(_merged(root, wanted, after), 1):
        if wanted.takes(each.row) and (also is None or also(each)):
            found.append(each)
        if len(found) == limit or scanned == MOST_SCANNED:
            return Page(found, key.hex())
    return Page(found, "")


def every(database: MainDatabase, wanted: Filter, *, at_a_time: int = 2000) -> Iterator[Found]:
    """Yield all that is wanted, each page in a transaction of its own, so that memory stays small."""
    cursor = ""
    while True:
        found, cursor = database.read(lambda root, cursor=cursor: page(root, wanted, at_a_time, cursor))  # type: ignore[misc]
        yield from found
        if not cursor:
            return


def _merged(root: Root, wanted: Filter, after: bytes) -> Iterator[tuple[bytes, Found]]:
    owners = root.records.owners
    if wanted.tenant is not None:
        tenant = wanted.tenant or BOX_OWNER
        chosen = [(tenant, owners[tenant])] if tenant in owners else []
    else:
        chosen = list(owners.items())
    if len(chosen) == 1:
        return _rows(*chosen[0], wanted, after)
    return heapq.merge(*(_rows(name, owner, wanted, after) for name, owner in chosen), key=_key)


def _key(pair: tuple[bytes, Found]) -> bytes:
    return pair[0]


def _rows(name: str, owner: OwnerRecords, wanted: Filter, after: bytes) -> Iterator[tuple[bytes, Found]]:
    oldest = round(wanted.since * 1000)
    last_month = "999999"
    if wanted.until is not None:
        # A bound is newer than what began at its very moment, which `until` leaves out: a millisecond less.
        after = max(after, bound_of(wanted.until - 0.001))
    if after:
        last_month = month_of(milliseconds_of(after))
    for month_name in reversed(list(owner.months.keys(month_of(max(0, oldest)), last_month))):
        for key, row in owner.months[month_name].rows(after):
            if milliseconds_of(key) < oldest:
                return
            yield key, Found(name, row)
