"""One line of the journal, and the names of its files.

``8 hex digits of CRC-32 of the JSON`` + one byte that says what the line is + JSON + ``\\n``:

* space: an event, as it happened;
* ``+``: an event of a call that was open when the file began, re-stated so that older files may go;
* ``#``: the first line of each file, a :class:`Header`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from zlib import crc32

import msgspec

from storage.journal.events import Event

FRESH: Final = 0x20
RESTATED: Final = 0x2B
HEADER: Final = 0x23

SUFFIX: Final = ".jnl"

_encode = msgspec.json.Encoder().encode


class Position(NamedTuple):
    """A place between two lines: the file's sequence number and the byte offset in it. Ordered."""

    sequence: int
    offset: int


class Header(msgspec.Struct, frozen=True):
    """The first line of a file: how many re-stated lines must follow (fewer: the beginning was torn)."""

    sequence: int
    restated: int


def encode_event(event: Event) -> bytes:
    """Return the JSON of an event. Bytes of SIP text that were no UTF-8 are kept as ``\\udcXX`` escapes."""
    try:
        data = _encode(event)
    except UnicodeEncodeError:
        data = _encode(_printable(msgspec.to_builtins(event, builtin_types=(msgspec.Raw,))))
    if b"\n" in data:  # only a msgspec.Raw made elsewhere can bring one; in JSON it is white space
        data = data.replace(b"\n", b" ")
    return data


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return value


def frame(data: bytes, kind: int = FRESH) -> bytes:
    """Return a whole line for this JSON."""
    return b"%08x%c%b\n" % (crc32(data), kind, data)


def reframe(line: bytes, kind: int) -> bytes:
    """Return the same line as another kind; the CRC covers the JSON only."""
    return b"%b%c%b" % (line[:8], kind, line[9:])


def header_line(header: Header) -> bytes:
    """Return the first line of a file."""
    return frame(_encode(header), HEADER)


def file_path(directory: Path, sequence: int) -> Path:
    """Return the path of the file with this sequence number."""
    return directory / f"{sequence:016d}{SUFFIX}"


def sequences(directory: Path) -> list[int]:
    """Return the sequence numbers of the files there are, oldest first; none when there is no directory."""

    def found() -> Iterator[int]:
        for path in directory.glob(f"[0-9]*{SUFFIX}"):
            stem = path.name[: -len(SUFFIX)]
            if len(stem) == 16 and stem.isascii() and stem.isdigit():
                yield int(stem)

    return sorted(found())
