"""A report as PDF: pages with an embedded Chinese font, whatever names and periods are."""

from __future__ import annotations

from datetime import date

import pytest

from domain.analysis.columns import Target
from domain.refusal import NotPossible
from storage.export import paper
from storage.export.report_pdf import pdf_of
from storage.records.rows import row_of
from storage.reports.report import report_of_rows
from tests.unit.storage.test_call_records import some

DAY = date(2026, 11, 22)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_report_as_pdf(language: str) -> None:
    """Several pages, with findings; hostile names are but text."""
    report = report_of_rows([row_of(each) for each in some(200)], DAY, DAY)
    found = [("周一 9-10 点遇忙率 35 % <b>&", "建议增加 2 个坐席")]
    data = pdf_of(report, Target(), "<script>&甲乙 & 丙 {nb}", language, findings=found)
    assert data.startswith(b"%PDF-1.")
    assert data.rstrip().endswith(b"%%EOF")
    assert data.count(b"/Type /Page\n") >= 2
    assert b"/FontFile2" in data


def test_an_empty_report_and_one_of_a_year() -> None:
    """No calls at all, and more days than fit beside each other."""
    report = report_of_rows([], date(2026, 1, 1), date(2026, 12, 31))
    assert pdf_of(report, Target(), "空").startswith(b"%PDF")


def test_without_a_chinese_font(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which package to install."""
    monkeypatch.setattr(paper, "FONTS", ())
    with pytest.raises(NotPossible, match="fonts-wqy-microhei"):
        pdf_of(report_of_rows([], DAY, DAY), Target(), "空")
