"""Read Excel files that people upload: bounded before they are unpacked, never calculated.

A file of 40 kB can hold sheets of gigabytes, entities that multiply, and formulas; openpyxl would try. So
its directory is judged first, defusedxml refuses entities, and a formula is told as a fault of its row.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any, Final, NamedTuple, TypeVar
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException

MOST_BYTES: Final = 10 * 1024 * 1024
"""Of a file as it is uploaded."""
MOST_UNPACKED: Final = 200 * 1024 * 1024
MOST_RATIO: Final = 200
"""Unpacked to packed, of what is larger than a megabyte: sheets of numbers reach 30."""
MOST_PARTS: Final = 200
MOST_COLUMNS: Final = 64
MOST_TEXT: Final = 32_767
"""What a cell of Excel holds."""
_MEBIBYTE: Final = 1024 * 1024
T = TypeVar("T")


class WorkbookRefused(Exception):
    """A file that is not read; says why and what to do."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


class SheetRow(NamedTuple):
    """One row below the head."""

    line: int
    """As Excel counts, from 1."""
    cells: dict[str, str]
    """Title of the column -> text, trimmed; empty ones too."""
    formulas: tuple[str, ...]
    """Titles of the columns that hold a formula; what their cells say is not to be believed."""


class SheetRead(NamedTuple):
    """A sheet as it was uploaded."""

    titles: tuple[str, ...]
    rows: tuple[SheetRow, ...]


def read_sheet(data: bytes, most_rows: int) -> SheetRead:
    """Return the first sheet, its first row being the titles; rows without text are left out.

    Raises WorkbookRefused for what is no .xlsx, too large, or has more than ``most_rows`` rows.
    """
    return _opened(data, lambda book: _read(book.worksheets[0] if book.worksheets else None, most_rows))


def read_sheets(data: bytes, most_rows: int) -> dict[str, SheetRead]:
    """Return name -> sheet of all of a workbook, each as :func:`read_sheet` does; raises WorkbookRefused."""
    return _opened(
        data, lambda book: {str(each.title).strip(): _read(each, most_rows) for each in book.worksheets}
    )


def _opened(data: bytes, read: Callable[[Any], T]) -> T:
    """Return what is read of a workbook; raises WorkbookRefused."""
    _judge(data)
    import openpyxl  # here: few requests need it, and it is an eighth of the start of each process with pages

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        try:
            return read(book)
        finally:
            book.close()
    except DefusedXmlException as error:
        raise _refused_content() from error
    except (
        ParseError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        OSError,
        zipfile.BadZipFile,
    ) as error:
        raise WorkbookRefused(
            f"the file is damaged, or no Excel workbook ({type(error).__name__}): save it as .xlsx again",
            f"文件已损坏或不是 Excel 工作簿（{type(error).__name__}）：请重新另存为 .xlsx",
        ) from error


def _judge(data: bytes) -> None:
    """Look at the archive's directory before anything is unpacked."""
    if len(data) > MOST_BYTES:
        raise WorkbookRefused(
            f"the file has more than {MOST_BYTES // _MEBIBYTE} MB: split it",
            f"文件超过 {MOST_BYTES // _MEBIBYTE} MB：请拆分",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED:
                raise _too_large()
            for part in parts:
                if part.file_size > _MEBIBYTE and part.file_size > MOST_RATIO * max(1, part.compress_size):
                    raise _too_large()
                if part.flag_bits & 1:
                    raise WorkbookRefused(
                        "the file is encrypted: save it without a password", "文件已加密：请去掉密码后另存"
                    )
            if "[Content_Types].xml" not in archive.namelist():
                raise _no_workbook()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OSError) as error:
        raise _no_workbook() from error


def _no_workbook() -> WorkbookRefused:
    return WorkbookRefused(
        "this is no .xlsx file: save it as an Excel workbook (.xlsx), not .xls or .csv",
        "不是 .xlsx 文件：请另存为 Excel 工作簿（.xlsx），不能是 .xls 或 .csv",
    )


def _too_large() -> WorkbookRefused:
    return WorkbookRefused(
        "the workbook is far larger inside than it should be: copy the rows into a new one",
        "工作簿内容异常庞大：请把数据行复制到新的工作簿",
    )


def _refused_content() -> WorkbookRefused:
    return WorkbookRefused(
        "the workbook has document types or entities in it: copy the rows into a new one",
        "工作簿含有不允许的 XML 实体：请把数据行复制到新的工作簿",
    )


def _read(sheet: Any, most_rows: int) -> SheetRead:
    titles: tuple[str, ...] = ()
    rows: list[SheetRow] = []
    for line, cells in _lines(sheet):
        texts = [_text(cell) for cell in cells]
        if not any(texts):
            continue
        if not titles:
            titles = tuple(texts)
            continue
        if len(rows) >= most_rows:
            raise WorkbookRefused(
                f"more than {most_rows} rows: split the file", f"超过 {most_rows} 行：请拆分文件"
            )
        named = dict(zip(titles, texts, strict=False))
        named.pop("", None)
        formulas = tuple(title for title, cell in zip(titles, cells, strict=False) if _is_formula(cell))
        rows.append(SheetRow(line, {title: "" for title in titles if title} | named, formulas))
    return SheetRead(tuple(title for title in titles if title), tuple(rows))


def _lines(sheet: Any) -> Iterator[tuple[int, tuple[Any, ...]]]:
    if sheet is None:
        return
    sheet.reset_dimensions()  # what the file says of its own size is not to be trusted
    for cells in sheet.iter_rows(max_col=MOST_COLUMNS):
        line = next((cell.row for cell in cells if cell.value is not None), 0)
        if line:
            yield line, cells


def _is_formula(cell: Any) -> bool:
    return bool(cell.data_type == "f")


def _text(cell: Any) -> str:
    """Return what a person sees in a cell, near enough: numbers without a needless ``.0``."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != value.time().min else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()[:MOST_TEXT]
