"""Read an Excel file that somebody uploaded: ``python -m storage.workbook_reading FILE MOST`` in a child.

The child limits its own memory and time, so that a file made to burst ends nothing but the reading of it.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import msgspec
import openpyxl

MEMORY: Final = 768 * 1024 * 1024
SECONDS: Final = 20
UNPACKED: Final = 64 * 1024 * 1024
MOST_COLUMNS: Final = 40
MOST_LETTERS: Final = 2000
"""Of a cell; the rest is cut off."""


class NoWorkbook(Exception):
    """The file is no Excel file (.xlsx) that can be read."""


def read_rows(path: Path, most: int) -> list[list[str]]:
    """Return the rows of the first sheet as text, at most so many; raises NoWorkbook."""
    command = [sys.executable, "-m", "storage.workbook_reading", str(path), str(most)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS * 3, check=False)  # noqa: S603 - ours
    except subprocess.TimeoutExpired as error:
        raise NoWorkbook("it takes too long") from error
    if done.returncode != 0:
        raise NoWorkbook(done.stderr.decode(errors="replace").strip().rpartition("\n")[2][:200])
    return msgspec.json.decode(done.stdout, type=list[list[str]])


def _rows(path: Path, most: int) -> list[list[str]]:
    with zipfile.ZipFile(path) as packed:
        if sum(each.file_size for each in packed.infolist()) > UNPACKED:
            raise NoWorkbook("it unpacks to more than it may")
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    sheet = book.worksheets[0]
    rows = sheet.iter_rows(max_row=most, max_col=MOST_COLUMNS, values_only=True)
    return [[_text(cell) for cell in row] for row in rows]


def _text(cell: object) -> str:
    """Return a cell as people read it: a number that Excel made of digits has no ``.0``."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()[:MOST_LETTERS]


def main() -> int:
    """Print the rows as JSON; 1 where it is no workbook."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        rows = _rows(Path(sys.argv[1]), int(sys.argv[2]))
    except (NoWorkbook, zipfile.BadZipFile, KeyError, ValueError, OSError, IndexError, MemoryError) as error:
        print(error or type(error).__name__, file=sys.stderr)
        return 1
    sys.stdout.buffer.write(msgspec.json.encode(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
