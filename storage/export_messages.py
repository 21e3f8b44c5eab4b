"""Messages as an Excel file (留言清单): numbers as text, no cell a formula."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

import xlsxwriter

from storage.call_id import BEIJING
from storage.recordings import RecordingFacts

COLUMNS: Final = (
    ("来电号码", 16),
    ("400号码", 13),
    ("留言信箱", 16),
    ("留言时间", 20),
    ("时长（秒）", 10),
    ("状态", 10),
    ("处理人", 12),
    ("留言编号", 30),
)
_MARKS: Final = {"": "新留言", "heard": "已听", "done": "已处理"}


def write_xlsx(path: Path, messages: Iterable[RecordingFacts]) -> int:
    """Write messages in the order given, return how many; raises OSError. It appears when it is whole."""
    passing = path.with_name(f".{path.name}.new")
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    count = 0
    try:
        with xlsxwriter.Workbook(str(passing), options) as book:
            sheet = book.add_worksheet("留言清单")
            head = book.add_format({"bold": True})
            moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
            for column, (title, width) in enumerate(COLUMNS):
                sheet.set_column(column, column, width)
                sheet.write_string(0, column, title, head)
            sheet.freeze_panes(1, 0)
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
        passing.replace(path)
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(str(error)) from error
    finally:
        passing.unlink(missing_ok=True)
    return count
