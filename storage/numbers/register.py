"""The register of applications (台账) as an Excel file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Final

from domain.days.calendar import BEIJING, Calendar
from domain.money.amounts import LI_OF_YUAN
from domain.numbers.application import APPLICANT_WORDS, APPLICATION_WORDS, Application
from domain.numbers.lifecycle import STATE_WORDS, NumberCard
from domain.numbers.numbering import NumberBook
from domain.numbers.promise import working_days_left
from storage.export.workbook import Column, sheet_of, workbook
from storage.models import Root

COLUMNS: Final = (
    Column("序号", 6), Column("受理编号", 30), Column("受理时间", 18), Column("400号码", 14),
    Column("运营商", 12), Column("号码分类", 10), Column("企业名称", 32), Column("企业类型", 12),
    Column("统一社会信用代码", 22), Column("联系人", 12), Column("联系电话", 16), Column("受理人", 18),
    Column("申请状态", 14), Column("号码状态", 10), Column("提交运营商时间", 18), Column("运营商编号", 18),
    Column("承诺开通日期", 14), Column("开通或撤销时间", 18), Column("是否超期", 12), Column("租户", 14),
    Column("最低消费（元/月）", 18), Column("选号费（元）", 14), Column("预存话费（元）", 16),
    Column("合同到期日", 14), Column("资料份数", 10), Column("备注", 30),
)  # fmt: skip


def entries(root: Root) -> list[tuple[Application, NumberCard | None]]:
    """Return every application with the card of its number, oldest first."""
    return [(each, root.inventory.card(each.number)) for each in root.inventory.all_applications()]


def write_register(
    path: Path,
    rows: Iterable[tuple[Application, NumberCard | None]],
    book: NumberBook,
    calendar: Calendar,
    today: date,
) -> int:
    """Write the register and return how many applications it has; raises OSError."""
    count = 0
    with workbook(path) as written:
        sheet = sheet_of(written, "办理台账", COLUMNS)
        for count, (application, card) in enumerate(rows, 1):
            cells = [str(count), *_cells(application, card, book, calendar, today)]
            for column, cell in enumerate(cells):
                if isinstance(cell, str):
                    sheet.write_string(count, column, cell)
                elif cell is not None:
                    sheet.write_number(count, column, cell)
    return count


def _cells(
    application: Application, card: NumberCard | None, book: NumberBook, calendar: Calendar, today: date
) -> list[str | float | None]:
    applicant = application.applicant
    # What became of the number later under another application is not this one's.
    own = card if card is not None and card.application == application.id else None
    contract = own.contract if own is not None else None
    minimum, fee, deposit = None, None, None
    if contract is not None:
        minimum, fee, deposit = contract.minimum_li, contract.fee_li, contract.deposit_li
    elif own is not None:
        offer = book.offer(own)
        fee = offer.fee_instead_li if application.fee_instead else offer.fee_li
        minimum = 0 if application.fee_instead else offer.minimum_li
        deposit = offer.deposit_li
    return [
        application.id, _moment(application.at), application.number, book.carrier(application.number),
        own.effective_class if own is not None else book.classify(application.number), applicant.name,
        APPLICANT_WORDS[applicant.kind][1], applicant.licence, applicant.contact, applicant.phone,
        application.by, APPLICATION_WORDS[application.state][1],
        STATE_WORDS[card.state][1] if card is not None else "",
        _moment(application.submitted_at), application.carrier_reference, application.due,
        _moment(application.ended_at), lateness(application, calendar, today), application.tenant,
        _yuan(minimum), _yuan(fee), _yuan(deposit), contract.ends if contract is not None else "",
        len(application.documents), application.note,
    ]  # fmt: skip


def lateness(application: Application, calendar: Calendar, today: date) -> str:
    """Return 超期 with the working days, of who waits still or was served too late; "" else."""
    ended = datetime.fromtimestamp(application.ended_at, BEIJING).date() if application.ended_at else today
    late = -working_days_left(ended, date.fromisoformat(application.due), calendar)
    return f"超期 {late} 个工作日" if late > 0 else ""


def _yuan(li: int | None) -> float | None:
    return None if li is None else li / LI_OF_YUAN


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, BEIJING).strftime("%Y-%m-%d %H:%M") if at else ""
