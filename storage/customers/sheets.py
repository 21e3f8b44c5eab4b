"""Customers as Excel files: what an import would change, the import itself, and the way out again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from domain.customers.customer import (
    LONGEST_LINE,
    LONGEST_NAME,
    LONGEST_NOTE,
    Customer,
    CustomerKind,
    read_addresses,
    read_mails,
    read_numbers,
    read_tags,
)
from domain.customers.desk import DeskSettings
from domain.refusal import BadField
from storage.customers.desk import CustomerDesk, blank
from storage.export.workbook import Column, sheet_of, workbook
from storage.export.workbook_read import SheetRead, SheetRow
from storage.records.call_id import BEIJING

MOST_ROWS: Final = 5000
"""Rows of one imported file."""
NAME, KIND, COMPANY, NUMBERS, MAILS = "姓名", "类型", "公司", "电话号码", "邮箱"
ADDRESSES, TAGS, OWNER, FOLLOW_UP, FOLLOW_NOTE, NOTE = (
    "地址",
    "标签",
    "负责人",
    "回访日期",
    "回访事项",
    "备注",
)
TITLES: Final = (NAME, KIND, COMPANY, NUMBERS, MAILS, ADDRESSES, TAGS, OWNER, FOLLOW_UP, FOLLOW_NOTE, NOTE)
KIND_WORDS: Final = {CustomerKind.PERSON: "个人", CustomerKind.COMPANY: "公司"}
_KINDS: Final = {word: kind for kind, word in KIND_WORDS.items()} | {"企业": CustomerKind.COMPANY}
_DAY: Final = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?: .*)?", re.ASCII)
FOLLOW_UP_AT: Final = time(9, 0)
"""When on its day a follow-up is due that names no time."""


class Difference(NamedTuple):
    """One field that a row changes."""

    title: str
    before: str
    after: str


class Line(NamedTuple):
    """What a row comes to."""

    row: int
    """As Excel counts."""
    name: str
    what: str
    """``added``, ``changed``, ``same`` or ``refused``."""
    differences: tuple[Difference, ...] = ()
    why: BadField | None = None


class Imported(NamedTuple):
    """What a file comes to, or came to."""

    lines: tuple[Line, ...]

    def count(self, what: str) -> int:
        """Return how many rows came to something."""
        return sum(line.what == what for line in self.lines)

    def bare(self) -> Imported:
        """Return the same without what changes from what to what: for who sees customers masked."""
        return Imported(tuple(line._replace(differences=()) for line in self.lines))


def take_sheet(desk: CustomerDesk, sheet: SheetRead, settings: DeskSettings, at: float) -> Imported:
    """Take the rows of a sheet; a wrong one is refused by itself. On a view that is not kept it is a preview.

    A customer is known by one of his numbers or addresses; what the row leaves empty stays as it is. Raises
    BadField where the columns are not there.
    """
    if NAME not in sheet.titles or not {NUMBERS, MAILS} & set(sheet.titles):
        raise BadField(
            "file",
            f"the first row must name the columns {NAME} and {NUMBERS} or {MAILS}",
            f"第一行须有“{NAME}”以及“{NUMBERS}”或“{MAILS}”列",
        )
    lines = []
    for row in sheet.rows:
        try:
            lines.append(_take(desk, row, settings, at))
        except BadField as why:
            lines.append(Line(row.line, row.cells.get(NAME, ""), "refused", (), why))
    return Imported(tuple(lines))


def _take(desk: CustomerDesk, row: SheetRow, settings: DeskSettings, at: float) -> Line:
    cells = filled(row)
    numbers, mails = read_numbers(cells.get(NUMBERS, "")), read_mails(cells.get(MAILS, ""))
    if not numbers and not mails:
        raise BadField("numbers", "a number or an e-mail address is needed", "请填写电话号码或邮箱")
    known = _known(desk, numbers, mails)
    wanted = _wanted(known or blank(), cells, numbers, mails, settings, at)
    company = cells.get(COMPANY)
    if known is not None and (company is None or _company_name(desk, known) == company):
        company = None
        if _same(known, wanted):
            return Line(row.line, known.name, "same")
    before = _told(desk, known or blank(), settings)
    saved = desk.save(wanted, company=company, shared=True)
    after = _told(desk, saved, settings)
    differences = [
        Difference(title, before[title], text) for title, text in after.items() if before[title] != text
    ]
    return Line(row.line, saved.name, "changed" if known else "added", tuple(differences))


def filled(row: SheetRow) -> dict[str, str]:
    """Return title -> text of a row's cells that say something; raises BadField for formulas."""
    if row.formulas:
        title = row.formulas[0]
        raise BadField(title, f"{title} holds a formula: paste its value", f"“{title}”是公式：请粘贴为数值")
    return {title: cell for title, cell in row.cells.items() if cell}


def _known(desk: CustomerDesk, numbers: Iterable[str], mails: Iterable[str]) -> Customer | None:
    keys = [*(("number", each) for each in numbers), *(("mail", each) for each in mails)]
    return next((each for what, key in keys for each in desk.customers.by(what, key)), None)


def _wanted(
    before: Customer,
    cells: Mapping[str, str],
    numbers: tuple[str, ...],
    mails: tuple[str, ...],
    settings: DeskSettings,
    at: float,
) -> Customer:
    kind = before.kind
    if KIND in cells:
        if cells[KIND] not in _KINDS:
            raise BadField("kind", f"{KIND} is 个人 or 公司, not {cells[KIND]}", f"“{KIND}”应为个人或公司")
        kind = _KINDS[cells[KIND]]
    fields = {name: _fitting(cells, name, "", LONGEST_LINE) for name in settings.fields if name in cells}
    follow_up = _moment(cells[FOLLOW_UP], at) if FOLLOW_UP in cells else before.follow_up
    both = tuple(dict.fromkeys((*before.numbers, *numbers))), tuple(dict.fromkeys((*before.mails, *mails)))
    return msgspec.structs.replace(
        before,
        name=_fitting(cells, NAME, before.name, LONGEST_NAME),
        kind=kind,
        numbers=read_numbers(" ".join(both[0])),
        mails=read_mails(" ".join(both[1])),
        addresses=read_addresses("\n".join((*before.addresses, *cells.get(ADDRESSES, "").split("；")))),
        tags=read_tags(" ".join((*before.tags, cells.get(TAGS, "")))),
        fields={**before.fields, **fields},
        owner=cells.get(OWNER, before.owner),
        follow_up=follow_up,
        follow_note=_fitting(cells, FOLLOW_NOTE, before.follow_note, LONGEST_LINE),
        note=_fitting(cells, NOTE, before.note, LONGEST_NOTE),
    )


def _fitting(cells: Mapping[str, str], title: str, otherwise: str, most: int) -> str:
    """Return what a cell says, or ``otherwise``; what is too long is not cut but refused: BadField."""
    text = cells.get(title, otherwise)
    if len(text) > most:
        raise BadField(title, f"{title} has more than {most} characters", f"“{title}”超过 {most} 个字")
    return text


def _same(one: Customer, other: Customer) -> bool:
    return msgspec.structs.replace(one, by="", at=0.0) == msgspec.structs.replace(other, by="", at=0.0)


def _moment(text: str, at: float) -> float:
    """Read a day, or one with a time, of Beijing; raises BadField."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = None
    found = _DAY.fullmatch(text)
    try:
        if read is None and found is not None:
            read = datetime.combine(date(*map(int, found.groups())), time())
    except ValueError:
        read = None
    if read is None or not 2000 <= read.year <= 2100:
        raise BadField(
            "follow_up", f"not a day: {text[:20]} (2026-12-31)", f"不是日期：{text[:20]}（如 2026-12-31）"
        )
    if read.time() == time():
        read = datetime.combine(read.date(), FOLLOW_UP_AT)
    return read.replace(tzinfo=BEIJING).timestamp()


def _company_name(desk: CustomerDesk, customer: Customer) -> str:
    found = desk.customers.get(customer.company) if customer.company else None
    return "" if found is None else found.name


def _told(desk: CustomerDesk, customer: Customer, settings: DeskSettings) -> dict[str, str]:
    return cells_of(customer, _company_name(desk, customer), settings)


def cells_of(
    customer: Customer, company: str, settings: DeskSettings, hide: Callable[[str], str] = str
) -> dict[str, str]:
    """Return title -> what stands in a customer's cell; ``hide`` masks numbers and addresses."""
    due = customer.follow_up
    return {
        NAME: customer.name,
        KIND: KIND_WORDS[customer.kind],
        COMPANY: company,
        NUMBERS: " ".join(map(hide, customer.numbers)),
        MAILS: " ".join(map(hide, customer.mails)),
        ADDRESSES: "；".join(customer.addresses),
        TAGS: " ".join(customer.tags),
        OWNER: customer.owner,
        FOLLOW_UP: datetime.fromtimestamp(due, BEIJING).strftime("%Y-%m-%d %H:%M") if due else "",
        FOLLOW_NOTE: customer.follow_note,
        **{name: customer.fields.get(name, "") for name in settings.fields},
        NOTE: customer.note,
    }


def titles_of(settings: DeskSettings) -> tuple[str, ...]:
    """Return the titles of a tenant's columns."""
    return (*TITLES[:-1], *settings.fields, NOTE)


def write_customers(path: Path, rows: Iterable[Mapping[str, str]], settings: DeskSettings) -> int:
    """Write customers so that they can be imported again, return how many; raises OSError."""
    count = 0
    titles = titles_of(settings)
    with workbook(path) as book:
        sheet = sheet_of(book, "客户", [Column(title, 18) for title in titles])
        for count, cells in enumerate(rows, 1):
            for column, title in enumerate(titles):
                sheet.write_string(count, column, cells[title])
    return count
