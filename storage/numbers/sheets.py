"""Numbers as Excel files: import with each row's result in the same file, export of what was found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from domain.days.calendar import BEIJING
from domain.money.amounts import LI_OF_YUAN, MOST_LI, parse_yuan
from domain.numbers.lifecycle import STATE_WORDS, UNSOLD, NumberCard
from domain.numbers.numbering import Doubt, NumberBook
from domain.refusal import NotPossible
from storage.connection import MainDatabase
from storage.export.workbook import Column, sheet_of, workbook
from storage.export.workbook_read import SheetRead, SheetRow, read_sheet
from storage.models import Root
from storage.numbers.desk import NumberDesk

NUMBER: Final = "400号码"
CLASS: Final = "分类（手工指定）"
MINIMUM: Final = "最低消费（元/月）"
FEE: Final = "选号费（元）"
DEPOSIT: Final = "预存话费（元）"
NOTE: Final = "备注"
RESULT: Final = "导入结果"
IMPORT_TITLES: Final = (NUMBER, CLASS, MINIMUM, FEE, DEPOSIT, NOTE)
MOST_ROWS: Final = 100_000
MOST_ROWS_AT_ONCE: Final = 5_000
"""While somebody waits for a page."""
GROUP: Final = 500
"""Rows in one transaction."""
_NUMBER: Final = re.compile("400[0-9]{7}", re.ASCII)
_AMOUNTS: Final = {MINIMUM: "minimum_li", FEE: "fee_li", DEPOSIT: "deposit_li"}


class Line(NamedTuple):
    """What became of one row."""

    row: SheetRow
    ok: bool
    en: str
    zh: str
    doubts: tuple[Doubt, ...] = ()
    """Of a number that was taken all the same."""


class Imported(NamedTuple):
    """What became of a file."""

    titles: tuple[str, ...]
    lines: tuple[Line, ...]
    new: int
    changed: int

    @property
    def wrong(self) -> int:
        """How many rows were not taken."""
        return sum(not line.ok for line in self.lines)

    @property
    def doubtful(self) -> int:
        """How many were taken that somebody has to look at."""
        return sum(bool(line.doubts) for line in self.lines)


class _Wish(NamedTuple):
    number: str
    fields: dict[str, Any]


class _Wrong(Exception):
    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


def import_numbers(
    database: MainDatabase,
    data: bytes,
    *,
    at: float,
    by: str,
    most_rows: int = MOST_ROWS,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Imported:
    """Take the numbers of an .xlsx file into stock; raises WorkbookRefused for a file that is none.

    Rows that are right are taken, the others say why; a number that is there gets what its row says, so a
    file can be put right and imported again. Columns that the file does not have stay as they are.
    """
    sheet = read_sheet(data, most_rows)
    lines: list[Line] = []
    seen: dict[str, int] = {}
    new = changed = 0
    for start in range(0, len(sheet.rows), GROUP):
        group = sheet.rows[start : start + GROUP]
        wishes = [_wish(row, sheet, seen) for row in group]

        def work(root: Root, group: tuple[SheetRow, ...] = group, wishes: list[Any] = wishes) -> list[Line]:
            desk = NumberDesk(root, at, by)
            return [_take(desk, row, wish) for row, wish in zip(group, wishes, strict=True)]

        done = database.read(work) if dry_run else database.transact(work, note="import numbers")
        lines += done
        new += sum(line.en == "taken into stock" for line in done)
        changed += sum(line.en == "changed" for line in done)
        progress(start + len(group), len(sheet.rows))
    return Imported(sheet.titles, tuple(lines), new, changed)


def _wish(row: SheetRow, sheet: SheetRead, seen: dict[str, int]) -> _Wish | _Wrong:
    """Read one row; what is wrong is returned, for its line."""
    try:
        if NUMBER not in sheet.titles:
            raise _Wrong(f"there is no column {NUMBER}", f"缺少“{NUMBER}”列")
        if row.formulas:
            columns = "、".join(row.formulas)
            raise _Wrong(f"formula in {columns}: write values", f"“{columns}”是公式，请改为数值")
        number = row.cells[NUMBER].replace("-", "").replace(" ", "")
        if _NUMBER.fullmatch(number) is None:
            raise _Wrong(
                f"{number!r} is no 400 number: 10 digits that begin with 400",
                f"“{number}”不是 400 号码：应为以 400 开头的 10 位数字",
            )
        if number in seen:
            raise _Wrong(f"stands in row {seen[number]} already", f"与第 {seen[number]} 行重复")
        seen[number] = row.line
        fields: dict[str, Any] = {
            name: _amount(title, row.cells[title])
            for title, name in _AMOUNTS.items()
            if title in sheet.titles
        }
        if CLASS in sheet.titles:
            fields["class_by_hand"] = row.cells[CLASS]
        if NOTE in sheet.titles:
            fields["note"] = row.cells[NOTE][:200]
    except _Wrong as wrong:
        return wrong
    return _Wish(number, fields)


def _amount(title: str, text: str) -> int | None:
    if not text:
        return None
    try:
        li = parse_yuan(text)
    except ValueError:
        li = -1
    if li < 0:
        raise _Wrong(
            f"{title}: {text!r} is no amount from 0 to {MOST_LI // LI_OF_YUAN}, such as 3000 or 12.50",
            f"“{title}”的值“{text}”不是金额：应为 0 到 {MOST_LI // LI_OF_YUAN} 的数，例如 3000 或 12.50",
        )
    return li


def _take(desk: NumberDesk, row: SheetRow, wish: _Wish | _Wrong) -> Line:
    if isinstance(wish, _Wrong):
        return Line(row, False, wish.en, wish.zh)
    before = desk.inventory.card(wish.number)
    try:
        hand = wish.fields.get("class_by_hand")
        if hand and hand not in desk.book.classes:
            raise NotPossible(f"there is no class {hand}", f"没有分类“{hand}”")
        if before is None:
            desk.take_in(wish.number)
            card = desk.set_terms(wish.number, **wish.fields)
            return Line(row, True, "taken into stock", "已入库", desk.book.doubts(card))
        if msgspec.structs.replace(before, **wish.fields) == before:
            return Line(row, True, "as it was", "无变化")
        if before.state not in UNSOLD:
            zh, en = STATE_WORDS[before.state][1], STATE_WORDS[before.state][0].lower()
            raise NotPossible(f"it is {en}: its terms are agreed", f"当前状态为“{zh}”，资费条件已约定")
        desk.set_terms(wish.number, **wish.fields)
    except NotPossible as error:
        return Line(row, False, error.en, error.zh)
    return Line(row, True, "changed", "已更新")


def write_result(path: Path, imported: Imported, language: str = "zh") -> None:
    """Write the file back with what became of each row; raises OSError."""
    titles = [title for title in imported.titles if title != RESULT]
    with workbook(path) as book:
        sheet = sheet_of(book, "导入结果", [*(Column(title, 16) for title in titles), Column(RESULT, 50)])
        bad = book.add_format({"font_color": "#B00020"})
        for at, line in enumerate(imported.lines, 1):
            for column, title in enumerate(titles):
                sheet.write_string(at, column, line.row.cells.get(title, ""))
            zh = "；".join((line.zh, *(each.zh for each in line.doubts)))
            en = "; ".join((line.en, *(each.en for each in line.doubts)))
            text = zh if language == "zh" else en
            if line.ok and not line.doubts:
                sheet.write_string(at, len(titles), text)
            else:
                sheet.write_string(at, len(titles), text, bad)


def write_template(path: Path) -> None:
    """Write an empty file to fill in; raises OSError."""
    with workbook(path) as book:
        sheet = sheet_of(book, "号码导入", [Column(title, 18) for title in IMPORT_TITLES])
        text = book.add_format({"num_format": "@"})
        sheet.set_column(0, 0, 18, text)


EXPORT_COLUMNS: Final = (
    Column(NUMBER, 14), Column("运营商", 12), Column("号码分类", 10), Column(CLASS, 16), Column("状态", 10),
    Column("状态起始时间", 20), Column(MINIMUM, 18), Column(FEE, 14), Column(DEPOSIT, 16),
    Column("执行最低消费（元/月）", 20),
    Column("在网年限（年）", 14), Column("预占人", 20), Column("预占截止", 20), Column("租户", 16),
    Column("合同到期日", 14), Column(NOTE, 30),
)  # fmt: skip
"""What an import reads is among them, so that an export can be changed and imported again."""


def write_numbers(path: Path, cards: Iterable[NumberCard], book_of_numbers: NumberBook) -> int:
    """Write numbers in the order given and return how many; raises OSError."""
    count = 0
    with workbook(path) as book:
        sheet = sheet_of(book, "号码库", EXPORT_COLUMNS)
        for count, card in enumerate(cards, 1):
            for column, text in enumerate(_cells(card, book_of_numbers)):
                if text is None:
                    continue
                if isinstance(text, str):
                    sheet.write_string(count, column, text)
                else:
                    sheet.write_number(count, column, text)
    return count


def _cells(card: NumberCard, book: NumberBook) -> Iterator[str | float | None]:
    contract, offer = card.contract, book.offer(card)
    yield card.number
    yield book.carrier(card.number)
    yield card.effective_class
    yield card.class_by_hand
    yield STATE_WORDS[card.state][1]
    yield _moment(card.since)
    # Only what stands on the card itself: importing the file again must not make a class's terms its own.
    yield _yuan(card.minimum_li)
    yield _yuan(card.fee_li)
    yield _yuan(card.deposit_li)
    yield _yuan(offer.minimum_li if contract is None else contract.minimum_li)
    yield offer.years or None
    yield card.reserved_for
    yield _moment(card.reserved_until)
    yield card.tenant
    yield "" if contract is None else contract.ends
    yield card.note


def _yuan(li: int | None) -> float | None:
    return None if li is None else li / LI_OF_YUAN


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, BEIJING).strftime("%Y-%m-%d %H:%M") if at else ""
