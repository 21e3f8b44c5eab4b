"""Call records as an Excel file (话单): the columns of the trade, numbers as text, in constant memory.

Every text is written as a text: nothing that a caller sent becomes a formula, a link or a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.calling.caller import CLASS_WORDS, CallerClass
from domain.money.amounts import LI_OF_YUAN
from domain.outcomes import VERDICTS, Outcome
from storage.export.workbook import MOMENT, Column, sheet_of, workbook
from storage.records.call_id import BEIJING
from storage.records.query import Found
from storage.serving.places import place_of_row

if TYPE_CHECKING:
    import xlsxwriter

DIRECTIONS: Final = {
    "": "呼入",
    "callback": "回拨",
    "consultation": "咨询",
    "pickup": "代接",
    "supervision": "监听",
    "test": "测试",
}
MOST_ROWS: Final = 1_048_575
"""What a sheet holds beside its head; more rows go to further sheets."""


COLUMNS: Final = (
    Column("呼入号码区号", 13),
    Column("呼入号码地区", 16),
    Column("呼入号码", 16),
    Column("接听号码", 16),
    Column("起始时间", 20),
    Column("接听状况", 24),
    Column("通话时长（秒）", 14),
    Column("通话费用（元）", 14),
    Column("录音", 8),
    Column("400号码", 13),
    Column("呼叫编号", 30),
    Column("呼入号码运营商", 16),
    Column("呼入号码类型", 14),
    Column("排队队列", 14),
    Column("排队时长（秒）", 14),
    Column("坐席工号", 12),
    Column("服务评分", 10),
    Column("通话类型", 10),
    Column("留言", 8),
    Column("接入时长（秒）", 14),
)
"""The nine that features.md 8 names, in its order, then the number called, the call's id, what else is
known of the caller, his way through queues, who called whom, whether he left a message, and how long the
platform had answered him, which most tariffs charge."""


def write_xlsx(path: Path, found: Iterable[Found]) -> int:
    """Write rows in the order given, return how many; raises OSError. The file appears when it is whole."""
    count = 0
    with workbook(path) as book:
        sheet = _Sheet(book, 1)
        for count, each in enumerate(found, 1):
            if sheet.rows == MOST_ROWS:
                sheet = _Sheet(book, count // MOST_ROWS + 1)
            sheet.write(each)
    return count


class _Sheet:
    def __init__(self, book: xlsxwriter.Workbook, number: int) -> None:
        self.sheet = sheet_of(book, "通话清单" if number == 1 else f"通话清单{number}", COLUMNS)
        self.rows = 0
        self.moment = book.add_format(MOMENT)
        self.money = book.add_format({"num_format": "0.000"})

    def write(self, found: Found) -> None:
        self.rows += 1
        row, line, sheet = found.row, self.rows, self.sheet
        place = place_of_row(row)
        sheet.write_string(line, 0, place.area_code)
        sheet.write_string(line, 1, place.name)
        sheet.write_string(line, 2, "匿名" if row.anonymous and not row.caller else row.caller)
        sheet.write_string(line, 3, row.answered_by)
        started = datetime.fromtimestamp(row.start_ms / 1000, BEIJING).replace(microsecond=0)
        sheet.write_datetime(line, 4, started, self.moment)
        sheet.write_string(line, 5, answered_or_why(row.outcome, row.answered))
        sheet.write_number(line, 6, row.talk_ms / 1000)
        sheet.write_number(line, 7, row.fee_li / LI_OF_YUAN, self.money)
        sheet.write_string(line, 8, "有" if row.recorded else "无")
        sheet.write_string(line, 9, row.number)
        sheet.write_string(line, 10, row.id)
        sheet.write_string(line, 11, place.carrier)
        sheet.write_string(line, 12, class_in_chinese(row.caller_class))
        sheet.write_string(line, 13, row.queue)
        if row.queue:
            sheet.write_number(line, 14, row.wait_ms / 1000)
        sheet.write_string(line, 15, row.job_number)
        if row.rating:
            sheet.write_number(line, 16, row.rating)
        sheet.write_string(line, 17, DIRECTIONS[row.direction])
        sheet.write_string(line, 18, "有" if row.has_message else "无")
        sheet.write_number(line, 19, row.access_ms / 1000)


def answered_or_why(outcome: str, answered: bool = False) -> str:
    """Return 接听 or 未接听, with how it ended in Chinese; answered calls that people ended need none."""
    if outcome == Outcome.ANSWERED:
        return "接听"
    known = outcome in Outcome._value2member_map_
    why = VERDICTS[Outcome(outcome)].zh if known else outcome
    return f"{'接听' if answered else '未接听'}（{why}）"


def class_in_chinese(caller_class: str) -> str:
    """Return 手机, 固定电话 ...; empty when it was not recorded."""
    known = caller_class in CallerClass._value2member_map_
    return CLASS_WORDS[CallerClass(caller_class)].zh if known else caller_class
