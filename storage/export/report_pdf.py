"""A report of calls as PDF: figures with their formulas, pictures, findings, tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from fpdf.enums import WrapMode
from fpdf.fonts import FontFace

from domain.analysis.cell import Cell
from domain.analysis.columns import COLUMNS, Target, written
from domain.analysis.dimensions import Dimension, dimensions_of
from domain.analysis.report import Report
from domain.analysis.service import groups
from storage.export.paper import FONT, Paper

MOST_ROWS: Final = 40
"""Of a table; Excel has all."""
ANSWERED, OTHERS, GREY, BLUE, HEAD = (
    (47, 127, 209), (240, 180, 165), (110, 110, 110), (20, 90, 150), (232, 238, 245)
)  # fmt: skip
Colour = tuple[int, int, int]
BLACK: Final = (0, 0, 0)
CHART_MM: Final = 38.0


def pdf_of(
    report: Report,
    target: Target,
    whose: str,
    language: str = "zh",
    *,
    findings: Sequence[tuple[str, str]] = (),
    name_of: Callable[[str], str] = str,
) -> bytes:
    """Return the file; raises NotPossible without a Chinese font.

    ``findings``: what was found and what to do; ``name_of``: tenant -> name.
    """
    zh = language == "zh"
    paper = Paper(f"{'呼叫分析报表' if zh else 'Call report'} · {whose}")
    paper.set_draw_color(213, 221, 232)
    paper.add_page()
    _line(paper, f"{'呼叫分析报表' if zh else 'Call report'} · {whose}", 16, 9)
    _line(paper, f"{report.first} — {report.last}", 9, 6, GREY)
    _summary(paper, report, target, language)
    _service(paper, report, language)
    names = "按日（蓝：接听，粉：未接听）" if zh else "By day (blue: answered, pink: not answered)"
    _bars(paper, names, [(day[5:], cell) for day, cell in report.days().items()])
    _bars(paper, "按小时" if zh else "By hour", [(str(hour), cell) for hour, cell in report.hours().items()])
    if findings:
        paper.add_page()
        _line(paper, "专家分析" if zh else "Findings", 12, 8)
        for number, (found, advice) in enumerate(findings, 1):
            _text(paper, f"{number}. {found}", 9)
            _text(paper, advice, 9, BLUE, 5)
            paper.ln(1)
    for dimension in dimensions_of(report, whole=bool(report.figures.tenants) or not report.numbers):
        _table(paper, report, dimension, target, language, name_of)
    return bytes(paper.output())


def _line(
    paper: Paper, text: str, size: float, height: float, colour: tuple[int, int, int] = (0, 0, 0)
) -> None:
    paper.set_font(FONT, size=size)
    paper.set_text_color(*colour)
    paper.cell(0, height, text, new_x="LMARGIN", new_y="NEXT")
    paper.set_text_color(0)


def _text(paper: Paper, text: str, size: float, colour: Colour = BLACK, indent: float = 0) -> None:
    if text:
        paper.set_font(FONT, size=size)
        paper.set_text_color(*colour)
        paper.set_x(paper.l_margin + indent)
        paper.multi_cell(
            0, size * 0.55, text, new_x="LMARGIN", new_y="NEXT", wrapmode=WrapMode.CHAR, align="L"
        )
        paper.set_text_color(0)


def _summary(paper: Paper, report: Report, target: Target, language: str) -> None:
    """Write all figures, two in a row, each with how it is reckoned."""
    told = [
        (
            column.title(language), written(column.of(report.all, target), column.kind),
            target.words(language) if column.name == "level" else column.formula(language),
        )
        for column in COLUMNS
    ]  # fmt: skip
    share = report.occupancy
    told.append(
        ("坐席占用率", "—" if share is None else f"{share:.1%}", "通话时长 ÷ 有通话的坐席小时")
        if language == "zh"
        else ("Occupancy", "—" if share is None else f"{share:.1%}", "talk / hours of agents who talked")
    )
    told += [("", "", "")] * (len(told) % 2)
    paper.set_font(FONT, size=8)
    with paper.table(
        col_widths=(30, 22, 84, 30, 22, 84), first_row_as_headings=False, line_height=4, padding=0.8,
        borders_layout="HORIZONTAL_LINES", text_align="LEFT", wrapmode=WrapMode.CHAR,
    ) as table:  # fmt: skip
        for one, other in zip(told[::2], told[1::2], strict=True):
            row = table.row()
            for name, value, how in (one, other):
                row.cell(name)
                row.cell(value, style=FontFace(color=BLUE))
                row.cell(how, style=FontFace(color=GREY, size_pt=7))
    paper.ln(3)


def _service(paper: Paper, report: Report, language: str) -> None:
    """Write what was written and asked, a line for each kind."""
    for group in groups(report.service, language):
        told = "，".join(f"{each.title} {written(each.value, each.kind)}" for each in group.figures)
        _text(paper, f"{group.title}：{told}", 9)
    paper.ln(2)


def _bars(paper: Paper, title: str, groups: list[tuple[str, Cell]]) -> None:
    """Draw bars of answered calls, with the others upon them."""
    if paper.will_page_break(CHART_MM + 14):
        paper.add_page()
    _line(paper, title, 11, 7)
    left, top, width = paper.l_margin + 10, paper.get_y(), paper.epw - 10
    most = max([1, *(cell.calls for _, cell in groups)])
    paper.set_font(FONT, size=6)
    paper.set_text_color(*GREY)
    for part in range(5):
        y = top + CHART_MM * (1 - part / 4)
        paper.line(left, y, left + width, y)
        paper.text(
            paper.l_margin, y + 0.8, f"{most * part / 4:,.0f}" if most >= 4 else f"{most * part / 4:.1f}"
        )
    step = width / len(groups)
    named = -(-len(groups) // 31)
    for place, (name, cell) in enumerate(groups):
        x, base = left + place * step + step * 0.15, top + CHART_MM
        for count, colour in ((cell.answered, ANSWERED), (cell.unanswered, OTHERS)):
            height = CHART_MM * count / most
            if count:
                paper.set_fill_color(*colour)
                paper.rect(x, base - height, step * 0.7, height, style="F")
            base -= height
        if place % named == 0:
            paper.text(x, top + CHART_MM + 3, name)
    paper.set_text_color(0)
    paper.set_fill_color(255)  # else the rows of tables take the colour of the last bar
    paper.set_y(top + CHART_MM + 6)


def _table(
    paper: Paper, report: Report, dimension: Dimension, target: Target, language: str,
    name_of: Callable[[str], str],
) -> None:  # fmt: skip
    groups = [pair for pair in dimension.groups(report) if pair[1].calls]
    if not groups:
        return
    if paper.will_page_break(30):
        paper.add_page()
    paper.ln(2)
    _line(paper, dimension.title(language), 11, 7)
    paper.set_font(FONT, size=7)
    head = FontFace(emphasis="", fill_color=HEAD, size_pt=6)
    with paper.table(
        col_widths=(30, *([15] * len(COLUMNS))), headings_style=head, line_height=3.6, padding=0.6,
        borders_layout="HORIZONTAL_LINES", text_align=("LEFT", *(["RIGHT"] * len(COLUMNS))),
        wrapmode=WrapMode.CHAR,
    ) as table:  # fmt: skip
        table.row((dimension.title(language), *(column.title(language) for column in COLUMNS)))
        for group, cell in groups[:MOST_ROWS]:
            label = name_of(group) if dimension.name == "tenant" else dimension.label(group, language)
            table.row((label, *(written(column.of(cell, target), column.kind) for column in COLUMNS)))
