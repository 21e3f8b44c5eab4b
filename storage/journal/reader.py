"""Read the journal from a position on, following it as it grows."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, NamedTuple
from zlib import crc32

import msgspec

from storage.journal.events import Event
from storage.journal.line import HEADER, RESTATED, Header, Position, file_path, sequences

log = logging.getLogger(__name__)

CHUNK: Final = 256 * 1024
LONGEST_LINE: Final = 1024 * 1024

_decode_event = msgspec.json.Decoder(Event).decode  # type: ignore[arg-type, unused-ignore]
_new = tuple.__new__
_decode_header = msgspec.json.Decoder(Header).decode


class Entry(NamedTuple):
    """One event with where its line stands."""

    event: Event
    sequence: int
    start: int
    end: int
    restated: bool
    """True: the line repeats an event of a call that was open when its file began."""


class Damage(NamedTuple):
    """A line that could not be read, and was skipped."""

    position: Position
    why: str


def _log_damage(damage: Damage) -> None:
    log.error("journal damaged at %d:%d: %s", *damage.position, damage.why)


class JournalReader:
    """Reads entries in order; never writes, never waits.

    ``position`` None: from the oldest file there is. Events of the kinds ``without`` are passed over without
    being decoded. ``on_damage`` is told each line that was skipped. A
    position beyond a file's end (the end was lost in a power cut) goes on with the next file.
    """

    def __init__(
        self,
        directory: Path | str,
        position: Position | None = None,
        *,
        without: Iterable[type[msgspec.Struct]] = (),
        on_damage: Callable[[Damage], None] = _log_damage,
    ) -> None:
        self._directory = Path(directory)
        self._on_damage = on_damage
        self._unwanted = tuple(b'{"e":"%b"' % str(kind.__struct_config__.tag).encode() for kind in without)
        self._sequence, self._offset = position or Position(0, 0)
        self._fd = -1
        self._rest = b""
        self.header: Header | None = None
        """Header of the file being read, once seen."""

    @property
    def position(self) -> Position:
        """The place after the last entry given out."""
        return Position(self._sequence, self._offset)

    def read(self, most: int = CHUNK) -> list[Entry]:
        """Return the next entries (about ``most`` bytes of them); empty: nothing new at the moment."""
        while True:
            if self._fd < 0 and not self._open_next():
                return []
            data = os.pread(self._fd, most, self._offset + len(self._rest))
            if not data:
                if not self._later_exists():
                    return []
                # The writer began another file: what it wrote to this one before is there now.
                data = os.pread(self._fd, most, self._offset + len(self._rest))
                if not data:
                    self._leave_file()
                    continue
            entries = self._split(self._rest + data)
            if entries:
                return entries

    def close(self) -> None:
        """Let the open file go."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _later_exists(self) -> bool:
        if file_path(self._directory, self._sequence + 1).exists():
            return True
        numbers = sequences(self._directory)
        return bool(numbers) and numbers[-1] > self._sequence

    def _open_next(self) -> bool:
        numbers = sequences(self._directory)
        wanted = next((number for number in numbers if number >= self._sequence), None)
        if wanted is None:
            return False
        if wanted != self._sequence:
            if self._sequence and self._offset:
                self._on_damage(Damage(self.position, "the file is gone"))
            self._sequence, self._offset = wanted, 0
        self._rest = b""
        self.header = None
        try:
            self._fd = os.open(file_path(self._directory, wanted), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        return True

    def _leave_file(self) -> None:
        if self._rest:
            self._on_damage(Damage(self.position, "torn line at the end of a file"))
        self.close()
        self._rest = b""
        self._sequence += 1
        self._offset = 0

    def _split(self, data: bytes) -> list[Entry]:
        lines = data.split(b"\n")
        rest = lines.pop()
        entries: list[Entry] = []
        sequence, start, unwanted = self._sequence, self._offset, self._unwanted
        for line in lines:
            end = start + len(line) + 1
            body = line[9:]
            try:
                if int(line[:8], 16) != crc32(body):
                    raise ValueError("checksum does not match")
                kind = line[8]
                if kind == HEADER:
                    self.header = _decode_header(body)
                elif not body.startswith(unwanted):
                    # Not Entry(...): a named tuple's own constructor costs three times as much.
                    entries.append(_new(Entry, (_decode_event(body), sequence, start, end, kind == RESTATED)))
            except (ValueError, IndexError) as error:  # msgspec's errors are ValueErrors
                self._on_damage(Damage(Position(sequence, start), str(error)))
            start = end
        if len(rest) > LONGEST_LINE:
            self._on_damage(Damage(Position(sequence, start), "line without end"))
            start, rest = start + len(rest), b""
        self._offset, self._rest = start, rest
        return entries
