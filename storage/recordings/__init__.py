"""Recordings: FLAC files as blobs in a storage of their own, hung from its root by call id.

Records in the main storage hold a call's id only, never a reference into this storage: packing would then
delete the file. Facts are kept apart from the blobs, so that retention and quotas look at a thousand of them
without opening one. Deleting leaves the file to the next pack.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from BTrees.OOBTree import OOBTree
from persistent import Persistent
from ZODB.blob import Blob

from storage.connection import Database
from storage.data_directory import fsync
from storage.durable_blobs import DirectoriesDurable
from storage.numbers.documents import ATTACHMENTS, LETTERS, Documents

T = TypeVar("T")

ROOT_KEY: Final = "box400"
MESSAGES_KEY: Final = "messages"
"""Where voicemails are, on a shelf of their own beside the recordings of whole calls."""
PAGE: Final = 500
"""Recordings looked at in one transaction while iterating."""


class RecordingFacts(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is known of a recording without listening to it."""

    id: str
    """The call's id; 26 characters that sort by the time the call began."""
    tenant: str
    number: str
    """The 400 number that was called."""
    caller: str
    answerers: tuple[str, ...]
    """The numbers that were connected, in order."""
    at: float
    """UTC POSIX seconds of the answer, where the sound begins."""
    seconds: float
    bytes: int
    sha256: str
    hold: str = ""
    """Why it must not be deleted (legal hold); empty: it may."""
    notes: tuple[str, ...] = ()
    """What is known to be missing in it, such as ``no audio from b1``."""
    box: str = ""
    """Of a message: the voicemail box it was left in."""
    mark: str = ""
    """Of a message: what was done about it, ``heard`` or ``done``; empty: new."""
    marked_by: str = ""
    marked_at: float = 0.0


class Usage(msgspec.Struct, frozen=True):
    """What a tenant's recordings take."""

    count: int = 0
    bytes: int = 0
    seconds: float = 0.0


class RecordingMissing(KeyError):
    """There is no such recording."""


class RecordingDamaged(Exception):
    """A recording's file is not there, or not what was stored."""


class Counters(Persistent):  # type: ignore[misc]  # ZODB's packages are untyped
    """One tenant's usage; changes of several writers at once are added up, not refused."""

    def __init__(self) -> None:
        self.count = 0
        self.bytes = 0
        self.milliseconds = 0

    def add(self, facts: RecordingFacts, sign: int = 1) -> None:
        """Count a recording, or with ``sign`` -1 its deletion."""
        self.count += sign
        self.bytes += sign * facts.bytes
        self.milliseconds += sign * round(facts.seconds * 1000)

    def _p_resolveConflict(
        self, old: dict[str, int], saved: dict[str, int], new: dict[str, int]
    ) -> dict[str, int]:
        return {key: saved[key] + new[key] - old[key] for key in new}


class RecordingsRoot(Persistent):  # type: ignore[misc]
    """Everything in the recordings' storage."""

    def __init__(self) -> None:
        self.schema = 1
        self.facts: Any = OOBTree()
        """Call id -> JSON of RecordingFacts."""
        self.blobs: Any = OOBTree()
        """Call id -> Blob."""
        self.usage: Any = OOBTree()
        """Tenant id -> Counters."""


class Fresh(NamedTuple):
    """A recording to be added; ``file`` lies on the blob directory's file system and is taken over."""

    facts: RecordingFacts
    file: Path


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(RecordingFacts).decode


class Recordings:
    """The recordings of the box, or its messages. Every method raises ``StoreDown`` without a store; only
    values leave it."""

    def __init__(self, database: Database, shelf: str = ROOT_KEY) -> None:
        self._database = database
        self._shelf = shelf

    def messages(self) -> Recordings:
        """Return the voicemails of the same database; each has the id of its call."""
        return Recordings(self._database, MESSAGES_KEY)

    def documents(self) -> Documents:
        """Return the files of applications, in the same database."""
        return Documents(self._database)

    def attachments(self) -> Documents:
        """Return the attachments of tickets and articles, in the same database."""
        return Documents(self._database, ATTACHMENTS)

    def letter_files(self) -> Documents:
        """Return what comes and goes with e-mails, in the same database."""
        return Documents(self._database, LETTERS)

    def _root(self, mapping: Any) -> RecordingsRoot:
        root = self._root_or_none(mapping)
        if root is None:
            root = mapping[self._shelf] = RecordingsRoot()
        return root

    def _root_or_none(self, mapping: Any) -> RecordingsRoot | None:
        root: RecordingsRoot | None = mapping.get(self._shelf)
        return root

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    # Writing.

    def temporary_directory(self) -> Path:
        """Return where files to be added are made."""

        def work(mapping: Any) -> Path:
            return Path(mapping._p_jar.db().storage.temporaryDirectory())

        return self._database.read(work)

    def add(self, batch: Sequence[Fresh]) -> list[str]:
        """Store recordings in one transaction; return the ids that were new. Idempotent by id.

        When this returns, the files and their names are on disk, as is the commit. A file whose id is known
        already stays where it is; so may others when this raises.
        """
        for fresh in batch:
            fsync(fresh.file, os.O_RDONLY)

        def work(mapping: Any) -> list[str]:
            root = self._root(mapping)
            connection = mapping._p_jar
            blobs: list[Blob] = []
            added: list[str] = []
            for facts, file in batch:
                if facts.id in root.facts:
                    continue
                blob = Blob()
                connection.add(blob)
                # What Blob.consumeFile ends in, without making and removing two more files each time.
                blob._p_blob_uncommitted = str(file)
                root.blobs[facts.id] = blob
                root.facts[facts.id] = _encode(facts)
                _counters(root, facts.tenant).add(facts)
                blobs.append(blob)
                added.append(facts.id)
            if blobs:
                durable = DirectoriesDurable(connection.db().storage, blobs)
                connection.transaction_manager.get().join(durable)
            return added

        # One attempt: a file that was taken over cannot be taken over again, and only the recorder adds.
        return self._database.transact(work, note="recordings", attempts=1)

    def delete(self, ids: Iterable[str], *, despite_hold: bool = False) -> list[RecordingFacts]:
        """Delete recordings; return those that were there. Held ones stay, unless told.

        The space is free after the next pack.
        """
        wanted = list(ids)

        def work(mapping: Any) -> list[RecordingFacts]:
            root = self._root(mapping)
            gone = []
            for name in wanted:
                data = root.facts.get(name)
                if data is None:
                    continue
                facts = _decode(data)
                if facts.hold and not despite_hold:
                    continue
                del root.facts[name]
                del root.blobs[name]
                _counters(root, facts.tenant).add(facts, -1)
                gone.append(facts)
            return gone

        return self._database.transact(work, note="delete recordings")

    def set_hold(self, name: str, reason: str) -> RecordingFacts:
        """Put a legal hold on a recording, or lift it with an empty reason; raises RecordingMissing."""

        def work(mapping: Any) -> RecordingFacts:
            root = self._root(mapping)
            facts = msgspec.structs.replace(_facts(root, name), hold=reason)
            root.facts[name] = _encode(facts)
            return facts

        return self._database.transact(work, note="legal hold")

    def mark(self, name: str, mark: str, by: str, at: float) -> RecordingFacts:
        """Say what was done about a message; raises RecordingMissing."""

        def work(mapping: Any) -> RecordingFacts:
            root = self._root(mapping)
            facts = msgspec.structs.replace(_facts(root, name), mark=mark, marked_by=by, marked_at=at)
            root.facts[name] = _encode(facts)
            return facts

        return self._database.transact(work, note="mark message")

    def usages(self) -> dict[str, Usage]:
        """Return what each tenant's recordings take."""

        def work(root: RecordingsRoot) -> dict[str, Usage]:
            return {
                tenant: Usage(each.count, each.bytes, each.milliseconds / 1000)
                for tenant, each in root.usage.items()
            }

        return self._read(work)

    def pack(self) -> None:
        """Free the space of what was deleted."""
        self._database.pack()

    # Reading.

    def known(self, ids: Iterable[str]) -> set[str]:
        """Return which of these ids have a recording."""
        wanted = list(ids)

        def work(mapping: Any) -> set[str]:
            root = self._root_or_none(mapping)
            return set() if root is None else {name for name in wanted if name in root.facts}

        return self._database.read(work)

    def facts(self, name: str) -> RecordingFacts:
        """Return what is known of a recording; raises RecordingMissing."""
        return self._read(lambda root: _facts(root, name))

    def path(self, name: str) -> Path:
        """Return the file of a recording, never to be changed; raises RecordingMissing, RecordingDamaged."""

        def work(root: RecordingsRoot) -> Path:
            blob = root.blobs.get(name)
            if blob is None:
                raise RecordingMissing(name)
            try:
                return Path(blob.committed())
            except KeyError as error:  # POSKeyError: no such file
                raise RecordingDamaged(f"{name}: its file is gone") from error

        return self._read(work)

    def check(self, name: str) -> RecordingFacts:
        """Return the facts after comparing them with the file; raises RecordingMissing, RecordingDamaged."""
        facts, path = self.facts(name), self.path(name)
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        if digest.hexdigest() != facts.sha256:
            raise RecordingDamaged(f"{name}: {path} is not what was stored")
        return facts

    def iterate(
        self, after: str = "", before: str | None = None, *, page: int = PAGE
    ) -> Iterator[RecordingFacts]:
        """Yield the facts of all recordings with ``after`` < id < ``before``, oldest call first.

        Reads page by page; what is added or deleted meanwhile may or may not be seen.
        """
        while True:
            start = after

            def work(mapping: Any, start: str = start) -> list[RecordingFacts]:
                root = self._root_or_none(mapping)
                if root is None:
                    return []
                found: list[RecordingFacts] = []
                for data in root.facts.values(start or None, before, bool(start), before is not None):
                    found.append(_decode(data))
                    if len(found) == page:
                        break
                return found

            found = self._database.read(work)
            yield from found
            if len(found) < page:
                return
            after = found[-1].id

    def span(self) -> tuple[str, str] | None:
        """Return the ids of the oldest and the newest call with a recording, or None without any."""

        def work(root: RecordingsRoot) -> tuple[str, str] | None:
            return (root.facts.minKey(), root.facts.maxKey()) if root.facts else None

        return self._read(work)

    def usage(self, tenant: str) -> Usage:
        """Return what a tenant's recordings take."""

        def work(mapping: Any) -> Usage:
            root = self._root_or_none(mapping)
            counters = None if root is None else root.usage.get(tenant)
            if counters is None:
                return Usage()
            return Usage(counters.count, counters.bytes, counters.milliseconds / 1000)

        return self._database.read(work)

    def total(self) -> Usage:
        """Return what all recordings take."""

        def work(mapping: Any) -> Usage:
            root = self._root_or_none(mapping)
            every = [] if root is None else list(root.usage.values())
            return Usage(
                sum(each.count for each in every),
                sum(each.bytes for each in every),
                sum(each.milliseconds for each in every) / 1000,
            )

        return self._database.read(work)

    def _read(self, work: Callable[[RecordingsRoot], T]) -> T:
        return self._database.read(lambda mapping: work(self._root_or_none(mapping) or RecordingsRoot()))


def _facts(root: RecordingsRoot, name: str) -> RecordingFacts:
    data = root.facts.get(name)
    if data is None:
        raise RecordingMissing(name)
    return _decode(data)


def _counters(root: RecordingsRoot, tenant: str) -> Counters:
    counters: Counters | None = root.usage.get(tenant)
    if counters is None:
        counters = root.usage[tenant] = Counters()
    return counters
