"""The report of a round on paper, on the screen and in Excel, in Chinese and English."""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl
import pytest
from PIL import Image

from domain.inspection import round as rounds
from domain.inspection.catalogue import catalogue
from domain.inspection.round import Photo, State
from domain.refusal import NotPossible
from storage.export import paper
from tests.unit.inspection.facts import NOW, well
from tests.unit.inspection.test_rounds import WANG, begun
from webui.presenters.inspection_report import html_of
from webui.services.inspection.report import Report, report_of
from webui.services.inspection.report_pdf import pdf_of
from webui.services.inspection.report_xlsx import write_xlsx

HOSTILE = "<script>alert(1)</script>=1+1"


def jpeg(width: int = 3000, height: int = 2000) -> bytes:
    """Return a picture."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(file, "JPEG")
    return file.getvalue()


def read(name: str) -> bytes:
    """Return what is kept."""
    if name == "gone":
        raise NotPossible("gone", "没有")
    return jpeg()


def made(language: str) -> Report:
    """Return a report with a finding, a photo, one that has gone, and a PDF."""
    found = rounds.answered(
        begun(well(backup_to="")), "fire", State.FINDING, f"灭火器过期{HOSTILE}", NOW, WANG
    )
    for name, kind in (("kept", "image/jpeg"), ("gone", "image/jpeg"), ("paper", "application/pdf")):
        found = rounds.pictured(found, "fire", Photo(name, f"{name}.jpg", kind, 9, WANG, NOW))
    return report_of(found, language, "box-1")


def letters(pdf: bytes) -> str:
    """Return every letter that the embedded font can tell by its ToUnicode table."""
    tables = re.findall(rb"begincmap(.*?)endcmap", pdf, re.DOTALL)
    pairs = re.findall(rb"<[0-9A-Fa-f]{4}> <([0-9A-Fa-f]{4})>", b"".join(tables))
    return "".join(chr(int(each, 16)) for each in pairs)


def test_the_pdf_carries_its_chinese_letters() -> None:
    """Embedded: the machine that shows it needs no Chinese font. Photos come after the tables."""
    pdf = pdf_of(made("zh"), read)
    assert pdf.startswith(b"%PDF-")
    assert b"/FontFile2" in pdf
    assert set("巡检报告物理安全灭火器过期未设置定时备份") <= set(letters(pdf))
    assert pdf.count(b"/Subtype /Image") == 1


def test_without_a_chinese_font_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than a report of empty boxes."""
    monkeypatch.setattr(paper, "FONTS", (Path("/nowhere.ttc"),))
    with pytest.raises(NotPossible, match="fonts-wqy-microhei"):
        pdf_of(made("zh"), read)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_point_is_in_the_excel_file(language: str, tmp_path: Path) -> None:
    """A line each, texts as texts."""
    write_xlsx(made(language), tmp_path / "report.xlsx")
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    rows = list(book.worksheets[1].iter_rows(values_only=True))
    names = [point.zh if language == "zh" else point.en for point in catalogue().values()]
    assert [row[1] for row in rows[1:]] == names
    fire = rows[1:][names.index("防火" if language == "zh" else "Fire")]
    assert f"灭火器过期{HOSTILE}" in fire


def test_the_page_needs_nothing_beside_it_and_runs_nothing() -> None:
    """Photos are in it, hostile text is text; for pages the style comes from an address."""
    page = html_of(made("zh"), read)
    assert '<link rel="stylesheet" href="data:text/css;base64,' in page
    assert page.count("data:image/jpeg;base64,") == 1
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "防电磁" not in page
    assert all(point.zh in page for point in catalogue().values())
    served = html_of(made("en"), read, "/static/x/report.css")
    assert '<link rel="stylesheet" href="/static/x/report.css">' in served
    assert "data:text/css" not in served
