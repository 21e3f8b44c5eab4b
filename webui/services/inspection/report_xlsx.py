"""The report of a round as an Excel file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from storage.export.workbook import Column, sheet_of, workbook
from webui.services.inspection.report import Report

_WIDTHS: Final = (14, 22, 12, 60, 40, 12, 12, 24, 40, 40, 6)


def write_xlsx(report: Report, path: Path) -> None:
    """Write it; raises OSError."""
    zh = report.language == "zh"
    with workbook(path) as book:
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        head = (Column("项目" if zh else "What", 20), Column("内容" if zh else "Value", 50))
        summary = sheet_of(book, "概况" if zh else "Summary", head)
        for line, (name, value) in enumerate((*report.facts, *report.counts), 1):
            summary.write_string(line, 0, name)
            if isinstance(value, int):
                summary.write_number(line, 1, value)
            else:
                summary.write_string(line, 1, value)
        columns = [Column(title, width) for title, width in zip(report.headings, _WIDTHS, strict=True)]
        sheet = sheet_of(book, "控制点" if zh else "Points", columns)
        for line, row in enumerate(report.rows, 1):
            for column, text in enumerate(row.cells()):
                sheet.write_string(line, column, text, wrap)
