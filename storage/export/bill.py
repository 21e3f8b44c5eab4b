"""A statement or bill as an Excel file (账单): what it comes to, its days, its numbers, its entries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.money.amounts import KIND_WORDS, LI_OF_YUAN, Entry, EntryKind
from domain.money.bill import Statement, Use
from domain.money.entry_words import about
from storage.export.workbook import MOMENT, Column, sheet_of, workbook
from storage.records.call_id import BEIJING, iso_of

if TYPE_CHECKING:
    import xlsxwriter

MONEY: Final = {"num_format": "0.000"}
_SUMMARY: Final = (Column("项目", 22), Column("笔数", 10), Column("金额（元）", 16))
_USES: Final = (Column("接通次数", 10), Column("通话时长（秒）", 14), Column("费用（元）", 14))
_DAYS: Final = (Column("日期", 14), Column("呼叫次数", 10), *_USES)
_NUMBERS: Final = (Column("400号码", 14), Column("呼叫次数", 10), *_USES)
_ENTRIES: Final = (
    Column("时间", 20),
    Column("类别", 14),
    Column("金额（元）", 14),
    Column("余额（元）", 14),
    Column("备注", 40),
    Column("事由", 32),
    Column("操作人", 20),
)


_KINDS: Final = tuple(kind for kind in EntryKind)
_MONTH: Final = (
    Column("客户标识", 16), Column("客户", 32), Column("期初余额", 14),
    *(Column(KIND_WORDS[kind][0], 14) for kind in _KINDS),
    Column("期末余额", 14), Column("呼叫次数", 10), Column("接通次数", 10), Column("通话时长（秒）", 14),
    Column("状态", 10),
)  # fmt: skip


def write_month(path: Path, month: str, bills: Iterable[tuple[str, Statement]]) -> None:
    """Write the bills of a month (``202611``), a line for each tenant's name, and their sums.

    Raises OSError. The file appears when it is whole.
    """
    sums = [0] * (len(_KINDS) + 5)
    with workbook(path) as book:
        money = book.add_format(MONEY)
        sheet = sheet_of(book, f"{month[:4]}-{month[4:]}", _MONTH)
        line = 0
        for line, (name, bill) in enumerate(bills, 1):
            figures = [
                bill.opening_li, *(bill.li_of(kind) for kind in _KINDS), bill.closing_li,
                bill.calls, sum(use.answered for use in bill.days), sum(use.talk_ms for use in bill.days),
            ]  # fmt: skip
            sums = [one + other for one, other in zip(sums, figures, strict=True)]
            sheet.write_string(line, 0, bill.tenant)
            sheet.write_string(line, 1, name)
            _month_figures(sheet, line, figures, money)
            sheet.write_string(line, len(_MONTH) - 1, "已出账" if bill.made_ms else "未出账")
        sheet.write_string(line + 1, 0, "合计")
        _month_figures(sheet, line + 1, sums, money)


def _month_figures(
    sheet: xlsxwriter.workbook.Worksheet, line: int, figures: list[int], money: object
) -> None:
    *amounts, calls, answered, talk_ms = figures
    for column, li in enumerate(amounts, 2):
        sheet.write_number(line, column, li / LI_OF_YUAN, money)
    for column, figure in enumerate((calls, answered, talk_ms / 1000), 2 + len(amounts)):
        sheet.write_number(line, column, figure)


def write_bill(path: Path, title: str, bill: Statement, entries: Iterable[Entry]) -> None:
    """Write a statement with the entries of its days; raises OSError. The file appears when it is whole."""
    with workbook(path) as book:
        money = book.add_format(MONEY)
        _summary(book, title, bill, money)
        _uses(book, "每日明细", _DAYS, bill.days, money)
        _uses(book, "号码明细", _NUMBERS, bill.numbers, money)
        sheet, moment = sheet_of(book, "账户分录", _ENTRIES), book.add_format(MOMENT)
        for line, entry in enumerate(entries, 1):
            at = datetime.fromtimestamp(entry.at_ms // 1000, BEIJING)
            sheet.write_datetime(line, 0, at, moment)
            sheet.write_string(line, 1, KIND_WORDS[entry.kind][0])
            sheet.write_number(line, 2, entry.li / LI_OF_YUAN, money)
            sheet.write_number(line, 3, entry.posted_li / LI_OF_YUAN, money)
            for column, text in enumerate((about(entry, "zh"), entry.cause, entry.who), 4):
                sheet.write_string(line, column, text)


def _summary(book: xlsxwriter.Workbook, title: str, bill: Statement, money: object) -> None:
    sheet = sheet_of(book, "账单", _SUMMARY)
    rows: list[tuple[str, int | None, int | None]] = [
        (title, None, None),
        (f"{iso_of(bill.first_day)} 至 {iso_of(bill.last_day)}", None, None),
        ("期初余额", None, bill.opening_li),
        *(
            (KIND_WORDS[line.kind][0], bill.calls if line.kind is EntryKind.CALLS else line.count, line.li)
            for line in bill.lines
        ),
        ("期末余额", None, bill.closing_li),
    ]
    for number, (name, count, li) in enumerate(rows, 1):
        sheet.write_string(number, 0, name)
        if count is not None:
            sheet.write_number(number, 1, count)
        if li is not None:
            sheet.write_number(number, 2, li / LI_OF_YUAN, money)


def _uses(
    book: xlsxwriter.Workbook, name: str, columns: tuple[Column, ...], uses: Iterable[Use], money: object
) -> None:
    sheet = sheet_of(book, name, columns)
    for line, use in enumerate(uses, 1):
        sheet.write_string(line, 0, iso_of(use.name) if len(use.name) == 8 else use.name)
        sheet.write_number(line, 1, use.calls)
        sheet.write_number(line, 2, use.answered)
        sheet.write_number(line, 3, use.talk_ms / 1000)
        sheet.write_number(line, 4, use.li / LI_OF_YUAN, money)
