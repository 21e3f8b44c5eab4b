"""A data directory in which calls have just ended, and a recorder on a clock of the test's own."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import soundfile
from ZODB import DB
from ZODB.DemoStorage import DemoStorage

from b2bua.media.spool import RECORD, TICKS, Begin, End, Formats, SpoolWriter, spool_path
from b2bua.media.spool_folders import FREE
from b2bua.recorder.flac import write_flac
from b2bua.recorder.recorder import Recorder
from b2bua.recorder.spooled import LegAudio
from storage.connection import Database, StoreDown
from storage.data_directory import DataDirectory
from storage.journal import JournalWriter
from storage.journal.events import Event
from storage.recordings import Recordings
from tests.unit.recorder.calls import BEGIN, lines, sent, speech

T = TypeVar("T")

UTC = 1.7e9 + 20.0
"""Some seconds after the calls of :mod:`calls`."""


def call_name(number: int) -> str:
    """Return the id of the box's n-th call."""
    return f"01HF{number:022d}"


def write_spool(spool: Path, call: str, leg: str, audio: LegAudio, *, closed: bool = True) -> None:
    """Write a leg as a media worker does."""
    writer = SpoolWriter(spool_path(spool, call, leg), Begin(call, leg, BEGIN, 0.0))
    writer.note(0, Formats({8: ("PCMA", 8000), 0: ("PCMU", 8000)}))
    columns = (audio.arrivals, audio.timestamps, audio.kinds, audio.starts, audio.lengths)
    for number, row in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        arrival, timestamp, kind, start, length = row
        body = struct.pack(
            "!BBHII", 0x80, 8 if audio.codecs[kind] == "PCMA" else 0, number & 0xFFFF, timestamp, 7
        )
        body += audio.data[start : start + length]
        writer.pending += RECORD.pack(round(arrival * TICKS), len(body)) + body
    if closed:
        writer.note(0, End())
    writer.write(writer.take())
    writer.close()


class UnsteadyDatabase(Database):
    """A database in memory that can fail as the real one does."""

    def __init__(self) -> None:
        super().__init__(lambda: DB(DemoStorage()))
        self.before: Exception | None = None
        """Raised instead of doing anything."""
        self.after: BaseException | None = None
        """Raised when the commit has taken place."""
        self.commits = 0

    def transact(self, work: Callable[[Any], T], *, note: str = "", attempts: int = 1) -> T:
        if self.before is not None:
            raise self.before
        result = super().transact(work, note=note, attempts=attempts)
        self.commits += 1
        if self.after is not None:
            raise self.after
        return result

    def read(self, work: Callable[[Any], T]) -> T:
        if isinstance(self.before, StoreDown):
            raise self.before
        return super().read(work)


class Box:
    """A box after some calls."""

    def __init__(self, root: Path, database: Database | None = None) -> None:
        self.encode = write_flac
        self.data = DataDirectory(root)
        self.data.create()
        self.database = database or UnsteadyDatabase()
        self.recordings = Recordings(self.database)
        self.mono, self.utc = 5000.0, UTC
        self.recorder = self.new_recorder()
        self.left, self.right = speech(1, 3.0), speech(2, 2.0)

    def new_recorder(self) -> Recorder:
        """Start a recorder, as after the death of the one before."""
        self.recorder = Recorder(
            self.data,
            self.recordings,
            mono=lambda: self.mono,
            utc=lambda: self.utc,
            encode=lambda composition, path: self.encode(composition, path),
        )
        return self.recorder

    def close(self) -> None:
        self.recorder.close()
        self.database.close()

    def journal(self, events: Iterable[Event]) -> None:
        """Write lines as the b2bua does."""
        with JournalWriter(self.data.journal, fsync=False, reserve=0) as journal:
            for event in events:
                journal.append(event)

    def call(self, number: int = 1, *, legs: tuple[str, ...] = ("a", "b1"), **changes: object) -> str:
        """Let a call of 3 s end, spooled by the legs named; return its id."""
        name = call_name(number)
        for leg in legs:
            start, voice = (1.0, self.left) if leg == "a" else (2.0, self.right)
            write_spool(self.data.spool, name, leg, sent(voice, start))
        self.journal(lines(call=name, ended=4.0, **changes))  # type: ignore[arg-type]
        return name

    def spooled(self) -> list[str]:
        """Return which calls still have a spool."""
        return sorted(path.name for path in self.data.spool.iterdir() if path.is_dir() and path.name != FREE)

    def settle(self, seconds: float = 10.0) -> None:
        """Let the recorder work for a while."""
        for _ in range(int(seconds * 2)):
            self.recorder.step()
            self.mono += 0.5
            self.utc += 0.5

    def heard(self, name: str) -> np.ndarray:
        """Return a recording's sound."""
        sound, rate = soundfile.read(self.recordings.path(name), dtype="int16")
        assert rate == 8000
        return sound
