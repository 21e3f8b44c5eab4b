"""The workbook of going live: its sheets and columns, the template, and the rows that were refused."""

# ruff: noqa: E501 - the advice is read and translated row by row

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from domain.customers.desk import DeskSettings
from domain.refusal import NotPossible
from storage.customers.sheets import KIND, Imported, titles_of
from storage.export.workbook import Column, sheet_of, workbook
from storage.export.workbook_read import SheetRead, read_sheets

MOST_ROWS: Final = 5000
"""Rows of one sheet."""
CUSTOMERS, CONTACTS, BOUND, ARTICLES, ADVICE = "客户", "联系人", "绑定号码", "知识库", "填写说明"
WHY: Final = "原因"
"""Column of the file with what was refused; nobody reads it back."""
NUMBER_400, PHONE, PHONE_KIND, LABEL = "400号码", "绑定号码", "类型", "备注"
JOB_NUMBER, WEIGHT, RINGS = "工号", "权重", "是否振铃"
BOUND_TITLES: Final = (NUMBER_400, PHONE, PHONE_KIND, LABEL, JOB_NUMBER, WEIGHT, RINGS)
TITLE, BODY, CATEGORY, KEYWORDS, AUDIENCE = "标题", "正文", "分类", "关键词", "可见范围"
ARTICLE_TITLES: Final = (TITLE, BODY, CATEGORY, KEYWORDS, AUDIENCE)
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    CUSTOMERS: ("姓名",),
    CONTACTS: ("姓名", "公司"),
    BOUND: (PHONE,),
    ARTICLES: (TITLE, BODY),
}
"""Sheet -> columns without which it cannot be read."""
_ADVICE: Final = (
    (CUSTOMERS, "企业或个人客户。类型填“个人”或“公司”；电话号码、邮箱至少填一项，多个用空格隔开。已有相同号码或邮箱的视为同一客户，空单元格不改动原有内容。"),
    (CONTACTS, "公司客户的联系人。“公司”必填，系统中没有的公司会自动建立；其余同“客户”。"),
    (BOUND, "400号码只有一个时可不填。绑定号码按国内拨法填写（如 13900001111、01061234567）或填分机名。类型可不填，或填：固话、手机、小灵通、分机。新号码排在原有号码之后；是否振铃填“是”或“否”，空为“是”。"),
    (ARTICLES, "标题相同的视为同一篇，正文不同则发布新版本。可见范围填“公开”或“内部”，空为“内部”。导入后立即发布。"),
    ("注意", "日期填 2026-12-31；不要使用公式，请粘贴为数值；不要改动第一行的列名；不用的表可以留空或删除。上传后先预览，确认后才写入。"),
)  # fmt: skip

Sheets = Mapping[str, SheetRead]
"""Name -> sheet, those of :data:`NEEDED` alone, in its order."""


class BadWorkbook(NotPossible):
    """A workbook of which nothing can be taken."""


def read_workbook(data: bytes) -> tuple[Sheets, tuple[str, ...]]:
    """Return the sheets that have rows, and the names of those that are none of ours.

    Raises WorkbookRefused, and BadWorkbook where a sheet lacks its columns or nothing is filled in.
    """
    found = read_sheets(data, MOST_ROWS)
    sheets = {name: found[name] for name in NEEDED if name in found and found[name].rows}
    strange = tuple(name for name, each in found.items() if each.rows and name not in (*NEEDED, ADVICE))
    for name, sheet in sheets.items():
        lacking = [title for title in NEEDED[name] if title not in sheet.titles]
        if lacking:
            columns = "、".join(lacking)
            raise BadWorkbook(f"sheet {name} has no column {columns}", f"工作表“{name}”缺少列：{columns}")
    if not sheets:
        names = "、".join(NEEDED)
        raise BadWorkbook(
            f"nothing is filled in: the sheets are {names}, as in the template",
            f"没有可导入的内容：请按模板填写工作表 {names}",
        )
    return sheets, strange


def columns_of(sheet: str, settings: DeskSettings) -> tuple[str, ...]:
    """Return the titles of a sheet's columns."""
    if sheet == BOUND:
        return BOUND_TITLES
    if sheet == ARTICLES:
        return ARTICLE_TITLES
    return tuple(each for each in titles_of(settings) if sheet == CUSTOMERS or each != KIND)


def write_template(path: Path, settings: DeskSettings) -> None:
    """Write the empty workbook with what is to be filled in; raises OSError."""
    with workbook(path) as book:
        advice = sheet_of(book, ADVICE, [Column("工作表", 12), Column("怎样填写", 110)])
        for row, (name, text) in enumerate(_ADVICE, 1):
            advice.write_string(row, 0, name)
            advice.write_string(row, 1, text)
        for name in NEEDED:
            sheet_of(book, name, [Column(title, 18) for title in columns_of(name, settings)])


def write_refused(path: Path, sheets: Sheets, done: Mapping[str, Imported]) -> None:
    """Write the rows that were refused, each with its reason, to be put right and taken again."""
    with workbook(path) as book:
        for name, imported in done.items():
            wrong = {line.row: line.why for line in imported.lines if line.why is not None}
            if not wrong:
                continue
            titles = sheets[name].titles
            sheet = sheet_of(book, name, [Column(title, 18) for title in (*titles, WHY)])
            rows = [row for row in sheets[name].rows if row.line in wrong]
            for place, row in enumerate(rows, 1):
                for column, title in enumerate(titles):
                    sheet.write_string(place, column, row.cells.get(title, ""))
                sheet.write_string(place, len(titles), wrong[row.line].zh)
