"""Contact cards (联系人) of a tenant: made, changed, imported from Excel, exported."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from domain.caller import canonical_caller
from domain.desk import MOST_NUMBERS, ContactCard, DeskSettings
from storage.models import Root
from storage.models.desk import NumberTaken, TenantDesk, TooManyCards
from storage.models.web import AuditEntry
from storage.workbook import Column, sheet_of, workbook
from storage.workbook_read import SheetRead, SheetRow
from webui.services.box import BoxServices

SHOWN: Final = 50
MOST_ROWS: Final = 5000
"""Rows of one imported file."""
MOST_REFUSED: Final = 20
"""Refused rows that are told one by one."""
NAME, NUMBERS, NOTE = "姓名", "电话号码", "备注"
_NUMBER: Final = re.compile(r"[0-9]{3,20}", re.ASCII)
_BETWEEN: Final = re.compile(r"[\s,;、，；/]+")


class BadCard(Exception):
    """A card cannot be so: ``field`` and what is wrong with it, English and Chinese."""

    def __init__(self, field: str, en: str, zh: str) -> None:
        super().__init__(en)
        self.field = field
        self.zh = zh


class Refused(NamedTuple):
    """A row that was not taken."""

    row: int
    """As Excel counts."""
    why: BadCard


class Imported(NamedTuple):
    """What an import did."""

    added: int
    changed: int
    refused: int
    told: list[Refused]


def numbers_of(text: str) -> tuple[str, ...]:
    """Read numbers that somebody typed, canonical; raises BadCard."""
    found = []
    for each in _BETWEEN.split(text.strip()):
        if not each:
            continue
        number = canonical_caller(each.replace("-", "")).canonical
        if _NUMBER.fullmatch(number) is None:
            raise BadCard("numbers", f"not a telephone number: {each[:30]}", f"不是电话号码：{each[:30]}")
        found.append(number)
    if len(found) > MOST_NUMBERS:
        raise BadCard("numbers", f"at most {MOST_NUMBERS} numbers", f"最多 {MOST_NUMBERS} 个号码")
    return tuple(dict.fromkeys(found))


def put(desk: TenantDesk, card: ContactCard) -> None:
    """Store a card; raises BadCard."""
    if not card.name:
        raise BadCard("name", "a name is needed", "请填写姓名")
    try:
        desk.put_card(card)
    except NumberTaken as taken:
        raise BadCard(
            "numbers", f"{taken.number} is on the card of {taken.card.name}",
            f"{taken.number} 已属于联系人“{taken.card.name}”",
        ) from taken  # fmt: skip
    except TooManyCards as error:
        raise BadCard("name", "there are too many cards", "联系人数量已达上限") from error


def new_id() -> str:
    """Return an id for a card."""
    return secrets.token_hex(8)


def save(services: BoxServices, tenant: str, card: ContactCard, entry: AuditEntry) -> None:
    """Store a card and note it; raises BadCard."""

    def work(root: Root) -> None:
        put(root.desk.of(tenant), card)
        root.web.note(entry)

    services.change(work, "contact card")


def remove(services: BoxServices, tenant: str, name: str, entry: AuditEntry) -> bool:
    """Forget a card; False when there is none."""

    def work(root: Root) -> bool:
        gone = root.desk.of(tenant).drop_card(name)
        if gone is not None:
            root.web.note(msgspec.structs.replace(entry, before=f"{gone.name} {' '.join(gone.numbers)}"))
        return gone is not None

    return services.change(work, "contact card")


def take(services: BoxServices, tenant: str, sheet: SheetRead, by: str, entry: AuditEntry) -> Imported:
    """Import a sheet; a card whose number is known is changed, a row that is wrong is refused by itself.

    Raises BadCard where the columns are not there.
    """
    if NAME not in sheet.titles or NUMBERS not in sheet.titles:
        raise BadCard(
            "file", f"the first row must name the columns {NAME} and {NUMBERS}",
            f"第一行须有“{NAME}”和“{NUMBERS}”两列",
        )  # fmt: skip
    now = services.now()

    def work(root: Root) -> Imported:
        desk = root.desk.of(tenant)
        wanted = desk.settings.value.fields
        added = changed = 0
        refused = []
        for row in sheet.rows:
            try:
                known = _take_row(desk, row, wanted, by, now)
            except BadCard as why:
                refused.append(Refused(row.line, why))
            else:
                added, changed = added + (not known), changed + known
        root.web.note(msgspec.structs.replace(entry, after=f"+{added} ~{changed} !{len(refused)}"))
        return Imported(added, changed, len(refused), refused[:MOST_REFUSED])

    return services.change(work, "contact import")


def _take_row(desk: TenantDesk, row: SheetRow, wanted: Iterable[str], by: str, now: float) -> bool:
    """Store a row; return whether it changed a card that was there."""
    if row.formulas:
        title = row.formulas[0]
        raise BadCard(title, f"{title} holds a formula: paste its value", f"“{title}”是公式：请粘贴为数值")
    cells = {title: cell for title, cell in row.cells.items() if cell}
    numbers = numbers_of(cells.get(NUMBERS, ""))
    if not numbers:
        raise BadCard("numbers", "a number is needed", "请填写电话号码")
    known = next((card for card in map(desk.card_of, numbers) if card is not None), None)
    before = known or ContactCard(new_id(), "")
    fields = {**before.fields, **{name: cells[name] for name in wanted if name in cells}}
    card = ContactCard(
        before.id, cells.get(NAME, before.name)[:60], tuple(dict.fromkeys((*before.numbers, *numbers))),
        fields, cells.get(NOTE, before.note), by, now,
    )  # fmt: skip
    put(desk, card)
    return known is not None


def write_xlsx(path: Path, cards: Iterable[ContactCard], settings: DeskSettings) -> int:
    """Write cards so that they can be imported again, return how many; raises OSError."""
    count = 0
    titles = (NAME, NUMBERS, *settings.fields, NOTE)
    with workbook(path) as book:
        sheet = sheet_of(book, "联系人", [Column(title, 18) for title in titles])
        for count, card in enumerate(cards, 1):
            fields = [card.fields.get(name, "") for name in settings.fields]
            for column, cell in enumerate((card.name, " ".join(card.numbers), *fields, card.note)):
                sheet.write_string(count, column, cell)
    return count
