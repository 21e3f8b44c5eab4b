"""The timelines of a tenant's customers: calls, and what else anybody appends, newest first, page by page.

Calls are read from their records (``OwnerRecords.rows_of``). All else lies in one small-leaved tree a tenant,
by stream and moment: a page reads the leaves it shows and no others, however long the timeline is. Whoever
has something to tell calls ``root.timelines.of(tenant).put(streams, entry)`` in the transaction in which it
happens; who wants to see it asks ``root.timeline(tenant)``.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Collection, Iterable, Iterator
from hashlib import blake2b
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.calling.caller import CallerClass
from domain.customers.desk import CallNote
from domain.customers.timeline import MOST_TEXT, Entry, EntryKind, number_of
from storage.models.call_records import OwnerRecords
from storage.records.call_id import key_of, milliseconds_of
from storage.records.counted import began_ms
from storage.records.rows import CallRow

PAGE: Final = 30
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode
_INVERT: Final = bytes(255 - n for n in range(256))
_CURSOR: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_LAST: Final = b"\xff" * 17
Dated = tuple[bytes, Entry]
"""Key, the smaller the newer, and entry."""


class Entries(OOBTree):  # type: ignore[misc]
    """(Stream, key newest first) -> JSON of Entry. Small leaves: a commit rewrites one for each stream."""

    max_leaf_size = 10


class Page(NamedTuple):
    """Some entries, newest first."""

    entries: list[Entry]
    after: str
    """Cursor of the next page; empty: there is none."""


class Timeline(Persistent):  # type: ignore[misc]
    """What was appended to one tenant's."""

    def __init__(self) -> None:
        self.entries: Any = Entries()

    def put(self, streams: Iterable[str], entry: Entry) -> None:
        """Append an entry to streams, or replace the one of the same kind, id and moment."""
        if len(entry.text) > MOST_TEXT:
            entry = msgspec.structs.replace(entry, text=f"{entry.text[: MOST_TEXT - 1]}…")
        key, data = _key(entry), _encode(entry)
        for stream in streams:
            if self.entries.get((stream, key)) != data:
                self.entries[(stream, key)] = data

    def remove(self, streams: Iterable[str], entry: Entry) -> None:
        """Take an entry out of streams; nothing happens where it is not."""
        for stream in streams:
            self.entries.pop((stream, _key(entry)), None)

    def of(self, stream: str, after: bytes) -> Iterator[Dated]:
        """Yield keys and entries of a stream, newest first, older than the key ``after``."""
        for (_, key), data in self.entries.items((stream, after), (stream, _LAST), excludemin=True):
            yield key, _decode(data)

    def drop(self, stream: str) -> int:
        """Forget a stream; return how many entries it had."""
        keys = [key for key, _ in self.of(stream, b"")]
        for key in keys:
            del self.entries[(stream, key)]
        return len(keys)


class WholeTimeline(NamedTuple):
    """What the timelines of a tenant's customers show."""

    appended: Timeline
    calls: OwnerRecords | None = None

    def newest_first(self, streams: Iterable[str], after: bytes = b"") -> Iterator[Dated]:
        """Yield keys and entries of all streams, those of one key once, older than the key ``after``."""
        last = after
        found = [
            each
            for stream in dict.fromkeys(streams)
            for each in (self.appended.of(stream, after), self._calls_of(stream, after))
        ]
        for key, entry in heapq.merge(*found, key=itemgetter(0)):
            if key != last:
                last = key
                yield key, entry

    def page(
        self,
        streams: Iterable[str],
        after: str = "",
        most: int = PAGE,
        kinds: Collection[EntryKind] = frozenset(),
    ) -> Page:
        """Return the entries that follow a cursor; no ``kinds``: all. A cursor that is none begins anew."""
        begin = bytes.fromhex(after) if _CURSOR.fullmatch(after) else b""
        entries: list[Entry] = []
        last = b""
        for key, entry in self.newest_first(streams, begin):
            if kinds and entry.kind not in kinds:
                continue
            if len(entries) == most:
                return Page(entries, last.hex())
            entries.append(entry)
            last = key
        return Page(entries, "")

    def _calls_of(self, stream: str, after: bytes) -> Iterator[Dated]:
        number = number_of(stream)
        if self.calls is not None and number:
            for key, row in self.calls.rows_of(number, after):
                entry = call_entry(row)
                if entry is not None:
                    yield key, entry


class TimelineBook(Persistent):  # type: ignore[misc]
    """Everybody's."""

    def __init__(self) -> None:
        self.tenants: Any = OOBTree()
        """Tenant id -> Timeline."""

    def of(self, tenant: str) -> Timeline:
        """Return a tenant's to write into, made when he has none."""
        found: Timeline | None = self.tenants.get(tenant)
        if found is None:
            found = self.tenants[tenant] = Timeline()
        return found

    def find(self, tenant: str) -> Timeline:
        """Return a tenant's to read; an empty one, that is not kept, when he has none."""
        found: Timeline | None = self.tenants.get(tenant)
        return Timeline() if found is None else found


def call_entry(row: CallRow) -> Entry | None:
    """Return the entry of a call; None: colleagues called each other, or a customer withheld his number."""
    if not row.caller or row.is_of_phone or row.caller_class == CallerClass.EXTENSION:
        return None
    return Entry(
        at=began_ms(row) / 1000,
        kind=EntryKind.MESSAGE if row.has_message else EntryKind.CALL,
        id=row.id,
        direction="out" if row.is_call_back else "in",
        by=row.job_number or row.answered_by,
        peer=row.caller,
        own=row.number,
        state=row.outcome,
        seconds=row.talk_ms / 1000,
        recorded=row.recorded,
    )


def note_entry(note: CallNote) -> Entry:
    """Return the entry of what an agent wrote about a call; it stands with the call."""
    return Entry(
        at=milliseconds_of(key_of(note.call, note.at)) / 1000 + 0.001,
        kind=EntryKind.NOTE,
        id=note.call,
        by=note.agent,
        peer=note.caller,
        text=note.text,
        state=note.code,
    )


def _key(entry: Entry) -> bytes:
    moment = max(0, round(entry.at * 1000)).to_bytes(6, "big").translate(_INVERT)
    return moment + blake2b(f"{entry.kind}:{entry.id}".encode(), digest_size=10).digest()
