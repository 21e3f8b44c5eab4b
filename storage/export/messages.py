"""Messages as an Excel file (留言清单): numbers as text, no cell a formula."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from storage.export.workbook import MOMENT, Column, sheet_of, workbook
from storage.recordings import RecordingFacts
from storage.records.call_id import BEIJING

COLUMNS: Final = (
    Column("来电号码", 16),
    Column("400号码", 13),
    Column("留言信箱", 16),
    Column("留言时间", 20),
    Column("时长（秒）", 10),
    Column("状态", 10),
    Column("处理人", 12),
    Column("留言编号", 30),
)
_MARKS: Final = {"": "新留言", "heard": "已听", "done": "已处理"}


def write_xlsx(path: Path, messages: Iterable[RecordingFacts]) -> int:
    """Write messages in the order given, return how many; raises OSError. It appears when it is whole."""
    count = 0
    with workbook(path) as book:
        sheet = sheet_of(book, "留言清单", COLUMNS)
        moment = book.add_format(MOMENT)
        for count, each in enumerate(messages, 1):
            left = datetime.fromtimestamp(each.at, BEIJING).replace(microsecond=0, tzinfo=None)
            sheet.write_string(count, 0, each.caller or "匿名")
            sheet.write_string(count, 1, each.number)
            sheet.write_string(count, 2, each.box)
            sheet.write_datetime(count, 3, left, moment)
            sheet.write_number(count, 4, round(each.seconds, 1))
            sheet.write_string(count, 5, _MARKS.get(each.mark, each.mark))
            sheet.write_string(count, 6, each.marked_by)
            sheet.write_string(count, 7, each.id)
    return count
