"""What goes to the carrier for one application (报送包): a zip of a cover sheet and the stamped papers."""

from __future__ import annotations

import io
import tempfile
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Final

from domain.days.calendar import BEIJING
from domain.money.amounts import yuan
from domain.numbers.application import (
    APPLICANT_WORDS,
    MISSING_WORDS,
    PAPER_WORDS,
    REVIEW_WORDS,
    Application,
    Document,
    Review,
    checklist,
)
from domain.numbers.lifecycle import NumberCard
from domain.numbers.numbering import NumberBook
from storage.export.workbook import Column, sheet_of, workbook
from storage.numbers.documents import SUFFIXES, Documents

COVER: Final = "00-封面.xlsx"


def make_pack(
    application: Application, card: NumberCard, book: NumberBook, documents: Documents, today: date
) -> bytes:
    """Return the zip; documents that were rejected stay out. Raises StoreDown, NotPossible."""
    papers = [each for each in application.documents if each.review is not Review.REJECTED]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(COVER, _cover(application, card, book, papers, today))
        for place, document in enumerate(papers, 1):
            archive.writestr(_name(place, document), documents.read(document.id))
    return target.getvalue()


def _name(place: int, document: Document) -> str:
    stem = Path(document.name).stem[:60]
    return f"{place:02}-{PAPER_WORDS[document.paper][1]}-{stem}{SUFFIXES[document.type]}"


def _cover(
    application: Application, card: NumberCard, book: NumberBook, papers: list[Document], today: date
) -> bytes:
    with tempfile.TemporaryDirectory(prefix="box400-pack-") as folder:
        path = Path(folder) / "cover.xlsx"
        with workbook(path) as written:
            facts = sheet_of(written, "封面", (Column("项目", 22), Column("内容", 60)))
            facts.set_paper(9)
            facts.fit_to_pages(1, 0)
            for line, (name, value) in enumerate(_facts(application, card, book), 1):
                facts.write_string(line, 0, name)
                facts.write_string(line, 1, value)
            _papers(written, application, papers, today)
        return path.read_bytes()


def _facts(application: Application, card: NumberCard, book: NumberBook) -> list[tuple[str, str]]:
    applicant, offer = application.applicant, book.offer(card)
    fee = offer.fee_instead_li if application.fee_instead else offer.fee_li
    minimum = "无（以选号费代替）" if application.fee_instead else f"{yuan(offer.minimum_li or 0)} 元/月"
    if offer.step_month and not application.fee_instead:
        minimum += f"（启用后第 {offer.step_month} 个自然月起 {yuan(offer.step_minimum_li)} 元/月）"
    return [
        ("申请号码", application.number),
        ("运营商", book.carrier(application.number)),
        ("号码分类", card.effective_class),
        ("企业名称", applicant.name),
        ("企业类型", APPLICANT_WORDS[applicant.kind][1]),
        ("统一社会信用代码／注册号", applicant.licence),
        ("联系人", applicant.contact),
        ("联系电话", applicant.phone),
        ("电子邮箱", applicant.email),
        ("地址", applicant.address),
        ("用途", applicant.purpose),
        ("最低消费", minimum),
        ("承诺在网", f"{offer.years} 年" if offer.years and not application.fee_instead else "无"),
        ("选号费", f"{yuan(fee or 0)} 元"),
        ("预存话费", f"{yuan(offer.deposit_li)} 元"),
        ("受理编号", application.id),
        ("受理时间", datetime.fromtimestamp(application.at, BEIJING).strftime("%Y-%m-%d %H:%M")),
        ("承诺开通日期", application.due),
        ("备注", application.note),
    ]


def _papers(written: object, application: Application, papers: list[Document], today: date) -> None:
    columns = (
        Column("序号", 6), Column("资料", 22), Column("文件", 44), Column("加盖公章", 10),
        Column("原件核对", 10), Column("有效期至", 12), Column("审核", 10), Column("SHA-256", 68),
    )  # fmt: skip
    sheet = sheet_of(written, "资料清单", columns)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    line = 0
    for line, each in enumerate(papers, 1):
        cells = (
            str(line), PAPER_WORDS[each.paper][1], _name(line, each), "是" if each.stamped else "否",
            "是" if each.original else "否", each.expires or "长期", REVIEW_WORDS[each.review][1],
            each.sha256,
        )  # fmt: skip
        for column, text in enumerate(cells):
            sheet.write_string(line, column, text)
    for check in checklist(application, today):
        if check.missing:
            line += 1
            lacks = "、".join(MISSING_WORDS[each][1] for each in check.missing)
            sheet.write_string(line, 1, PAPER_WORDS[check.paper][1])
            sheet.write_string(line, 2, f"缺：{lacks}")
