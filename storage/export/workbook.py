"""Excel files that appear whole or not at all, and in which no text of a caller becomes anything but text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import xlsxwriter

MOMENT: Final = {"num_format": "yyyy-mm-dd hh:mm:ss"}
"""Format of a cell with a time."""


class Column(NamedTuple):
    """One column."""

    title: str
    width: int


@contextmanager
def workbook(path: Path) -> Iterator[xlsxwriter.Workbook]:
    """Give a workbook in constant memory; when all is written it takes its name. Raises OSError.

    No text is made a formula, a link or a number, whoever sent it.
    """
    import xlsxwriter  # 2 MB that a process which writes no Excel does without

    passing = path.with_name(f".{path.name}.new")
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "remove_timezone": True,
    }
    try:
        with xlsxwriter.Workbook(str(passing), options) as book:
            yield book
        passing.replace(path)
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(str(error)) from error
    finally:
        passing.unlink(missing_ok=True)


def sheet_of(
    book: xlsxwriter.Workbook, name: str, columns: Iterable[Column]
) -> xlsxwriter.workbook.Worksheet:
    """Add a sheet with its head, which stays in sight."""
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True})
    for column, (title, width) in enumerate(columns):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, title, head)
    sheet.freeze_panes(1, 0)
    return sheet
