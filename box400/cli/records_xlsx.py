"""Call records as Excel: numbers as text, and nothing that a caller sent becomes a formula or a link."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from box400.call_list import Found
from box400.cli.moment import beijing
from box400.cli.records import outcome_words
from box400.cli.words import words


def write_xlsx(path: Path, found: Sequence[Found]) -> None:
    """Write rows, newest first."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet(words("Calls", "通话清单"))
        head = words(
            (
                "Caller",
                "400 number",
                "Answered by",
                "Start",
                "Result",
                "Duration s",
                "Talk s",
                "Recording",
                "Call",
            ),
            (
                "主叫号码",
                "400号码",
                "接听号码",
                "开始时间",
                "结果",
                "时长(秒)",
                "通话(秒)",
                "录音",
                "呼叫编号",
            ),
        )
        for column, (title, width) in enumerate(zip(head, (16, 13, 16, 20, 28, 11, 11, 10, 30), strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, title)
        sheet.freeze_panes(1, 0)
        for line, each in enumerate(found, 1):
            row = each.row
            texts = (
                row.caller,
                row.number,
                row.answered_by,
                beijing(row.start_ms / 1000),
                outcome_words(row.outcome),
            )
            for column, text in enumerate(texts):
                sheet.write_string(line, column, text)
            sheet.write_number(line, 5, row.end_ms / 1000)
            sheet.write_number(line, 6, row.talk_ms / 1000)
            sheet.write_string(line, 7, words("yes", "有") if row.recorded else "")
            sheet.write_string(line, 8, row.id)
