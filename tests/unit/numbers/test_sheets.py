"""Excel files that people, or others, upload: what is read, and what is refused before it is unpacked."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from storage.connection import open_main_in_memory
from storage.export.workbook_read import MOST_BYTES, WorkbookRefused, read_sheet
from storage.numbers.sheets import NUMBER, RESULT, import_numbers, write_result, write_template

CONTENT = "[Content_Types].xml"
SHEET = "xl/worksheets/sheet1.xml"


def filled(*rows: tuple[object, ...]) -> bytes:
    """Return a workbook."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def with_part(name: str, content: bytes) -> bytes:
    """Return a workbook of which one part was replaced."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(filled((NUMBER,), ("4001003721",)))) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for part in source.namelist():
            archive.writestr(part, content if part == name else source.read(part))
    return target.getvalue()


def test_a_bomb_is_not_unpacked() -> None:
    """40 kB that become gigabytes, or a thousand parts: refused by the directory alone."""
    bomb = with_part(SHEET, b"<worksheet>" + b" " * 60_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(WorkbookRefused, match="far larger inside"):
        read_sheet(bomb, 100)
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(1000):
            archive.writestr(f"xl/{number}", b"")
    with pytest.raises(WorkbookRefused, match="far larger inside"):
        read_sheet(many.getvalue(), 100)


def test_entities_are_not_expanded() -> None:
    """A thousand million laughs, or a file of the machine: neither is read."""
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet><sheetData/>&b;</worksheet>'
    for part in (SHEET, "xl/workbook.xml", CONTENT, "xl/styles.xml"):
        with pytest.raises(WorkbookRefused, match=r"entities|damaged"):
            read_sheet(with_part(part, laughs), 100)


@pytest.mark.parametrize("data", [b"", b"PK", b"a,b\n1,2\n", b"\xd0\xcf\x11\xe0" * 100])
def test_other_files_are_told_apart(data: bytes) -> None:
    """CSV and .xls get the remedy."""
    with pytest.raises(WorkbookRefused, match="save it as an Excel workbook"):
        read_sheet(data, 100)


def test_limits_are_told() -> None:
    """Too many bytes, too many rows."""
    with pytest.raises(WorkbookRefused, match="more than 10 MB"):
        read_sheet(b"x" * (MOST_BYTES + 1), 100)
    with pytest.raises(WorkbookRefused, match="more than 2 rows"):
        read_sheet(filled((NUMBER,), *((f"400100372{n}",) for n in range(3))), 2)


def test_cells_become_what_people_see() -> None:
    """Numbers stored as numbers, blank rows, columns without a title, formulas."""
    data = filled(
        (NUMBER, "备注", None), (4001003721, 1.5, "x"), (None, None, None), ("4001003722", "=1+1", "")
    )
    read = read_sheet(data, 100)
    assert read.titles == (NUMBER, "备注")
    assert [(row.line, row.cells, row.formulas) for row in read.rows] == [
        (2, {NUMBER: "4001003721", "备注": "1.5"}, ()),
        (4, {NUMBER: "4001003722", "备注": "=1+1"}, ("备注",)),
    ]


def test_every_row_is_answered(tmp_path: Path) -> None:
    """Formulas, letters, doubles, negative and huge amounts: each with its reason; good rows are in."""
    database = open_main_in_memory()
    rows = [
        ("4001003721", "3,000", "好"),
        ("4001003722", "=SUM(1)", ""),
        ("400100372X", "", ""),
        ("4001003721", "", ""),
        ("4001003723", "-1", ""),
        ("4001003724", "1e99", ""),
        ("4001003725", 10**15, ""),
        ("400-1003-726", "¥30", "=HYPERLINK"),
    ]
    data = filled((NUMBER, "最低消费（元/月）", "备注"), *rows)
    done = import_numbers(database, data, at=1.0, by="anna")
    assert [line.ok for line in done.lines] == [True, False, False, False, False, False, False, False]
    assert (done.new, done.wrong) == (1, 7)
    path = tmp_path / "result.xlsx"
    write_result(path, done)
    sheet = openpyxl.load_workbook(path).active
    head, *told = sheet.iter_rows(values_only=True)
    assert head[-1] == RESULT
    assert [row[0] for row in told] == [str(row[0]) for row in rows]
    assert told[3][-1] == "与第 2 行重复"
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert told[1][1] == "=SUM(1)"
    # The answer loses nothing and can be imported again: what was a formula is a text now.
    again = import_numbers(database, path.read_bytes(), at=2.0, by="anna")
    assert (again.new, again.changed, again.wrong) == (1, 0, 6)


def test_a_dry_run_and_an_empty_template_change_nothing(tmp_path: Path) -> None:
    """They say what would happen."""
    database = open_main_in_memory()
    data = filled((NUMBER,), ("4001003721",))
    assert import_numbers(database, data, at=1.0, by="anna", dry_run=True).new == 1
    assert database.read(lambda root: len(root.inventory.cards)) == 0
    path = tmp_path / "template.xlsx"
    write_template(path)
    assert import_numbers(database, path.read_bytes(), at=1.0, by="anna").lines == ()
    without = import_numbers(database, filled(("号码",), ("4001003721",)), at=1.0, by="anna")
    assert without.lines[0].zh == "缺少“400号码”列"
