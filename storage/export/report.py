"""A report as an Excel file: a sheet of all figures with their formulas, and one for each dimension."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.analysis.columns import COLUMNS, Kind, Target
from domain.analysis.dimensions import dimensions_of
from domain.analysis.report import Report
from domain.analysis.service import groups
from domain.outcomes import VERDICTS, Outcome
from storage.export.workbook import Column, sheet_of, workbook

if TYPE_CHECKING:
    import xlsxwriter

FORMATS: Final = {
    Kind.COUNT: "#,##0", Kind.SHARE: "0.0%", Kind.SECONDS: "0.0", Kind.CLOCK: "[h]:mm:ss", Kind.YUAN: "0.00",
    Kind.POINTS: "0.00",
}  # fmt: skip
DAY_SECONDS: Final = 86_400


def write_report(
    path: Path,
    report: Report,
    target: Target,
    whose: str,
    language: str = "zh",
    *,
    findings: list[str] = [],  # noqa: B006 - only read
    name_of: Callable[[str], str] = str,
) -> None:
    """Write a report; raises OSError. ``whose`` it is stands at its head; ``name_of``: tenant -> name."""
    zh = language == "zh"
    with workbook(path) as book:
        formats = {kind: book.add_format({"num_format": text}) for kind, text in FORMATS.items()}
        heads_of_all = ("指标", "数值", "口径") if zh else ("Figure", "Value", "Formula")
        columns = map(Column, heads_of_all, (24, 16, 70))
        sheet = sheet_of(book, "汇总" if zh else "Summary", columns)
        heads = [
            ("企业" if zh else "Of", whose),
            ("日期" if zh else "Days", f"{report.first} — {report.last}"),
        ]
        for line, (name, text) in enumerate(heads, 1):
            sheet.write_string(line, 0, name)
            sheet.write_string(line, 1, text)
        for line, column in enumerate(COLUMNS, len(heads) + 1):
            sheet.write_string(line, 0, column.title(language))
            _write(sheet, line, 1, column.of(report.all, target), column.kind, formats)
            formula = target.words(language) if column.name == "level" else column.formula(language)
            sheet.write_string(line, 2, formula)
        if findings:
            sheet = sheet_of(
                book, "专家分析" if zh else "Findings", [Column("结论与建议" if zh else "Findings", 120)]
            )
            for line, text in enumerate(findings, 1):
                sheet.write_string(line, 0, text)
        _write_service(book, report, language, formats)
        for dimension in dimensions_of(report, whole=bool(report.figures.tenants) or not report.numbers):
            titles = [
                Column(dimension.title(language), 18),
                *(Column(each.title(language), 12) for each in COLUMNS),
            ]
            sheet = sheet_of(book, dimension.title(language), titles)
            for line, (group, cell) in enumerate(dimension.groups(report), 1):
                label = name_of(group) if dimension.name == "tenant" else dimension.label(group, language)
                sheet.write_string(line, 0, label)
                for place, column in enumerate(COLUMNS, 1):
                    _write(sheet, line, place, column.of(cell, target), column.kind, formats)
        sheet = sheet_of(
            book,
            "按结果" if zh else "By result",
            [Column("结果" if zh else "Result", 28), Column("来电" if zh else "Calls", 12)],
        )
        for line, (outcome, count) in enumerate(
            sorted(report.figures.outcomes.items(), key=lambda pair: -pair[1]), 1
        ):
            sheet.write_string(line, 0, outcome_words(outcome, language))
            sheet.write_number(line, 1, count)


def _write_service(
    book: xlsxwriter.Workbook, report: Report, language: str, formats: dict[Kind, xlsxwriter.format.Format]
) -> None:
    """Write a sheet of conversations and tickets, where there were any."""
    if not report.service:
        return
    zh = language == "zh"
    heads = map(Column, ("类别", "指标", "数值") if zh else ("Kind", "Figure", "Value"), (14, 24, 12))
    sheet = sheet_of(book, "会话与工单" if zh else "Conversations, tickets", heads)
    figures = [(each.title, told) for each in groups(report.service, language) for told in each.figures]
    for line, (group, told) in enumerate(figures, 1):
        sheet.write_string(line, 0, group)
        sheet.write_string(line, 1, told.title)
        _write(sheet, line, 2, told.value, told.kind, formats)


def outcome_words(outcome: str, language: str) -> str:
    """Say how calls ended, ``zh`` or ``en``."""
    if outcome not in Outcome._value2member_map_:
        return outcome
    verdict = VERDICTS[Outcome(outcome)]
    return verdict.zh if language == "zh" else verdict.en


def _write(
    sheet: xlsxwriter.workbook.Worksheet, line: int, place: int, value: float | None, kind: Kind,
    formats: dict[Kind, xlsxwriter.format.Format],
) -> None:  # fmt: skip
    if value is not None:
        sheet.write_number(line, place, value / DAY_SECONDS if kind is Kind.CLOCK else value, formats[kind])
