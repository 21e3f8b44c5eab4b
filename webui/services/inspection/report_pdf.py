"""The report of a round as PDF, with the Chinese letters it uses embedded and the photos at its end."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

from fpdf.enums import WrapMode
from fpdf.fonts import FontFace
from PIL import Image, UnidentifiedImageError

from domain.inspection.round import State
from domain.refusal import NotPossible
from storage.export.paper import FONT, Paper
from webui.services.inspection.report import Report, Row

_COLOURS: Final = {
    State.OPEN: (120, 120, 120), State.GOOD: (20, 110, 50), State.FINDING: (180, 30, 30),
    State.CLOSED: (20, 90, 150), State.NOT_HERE: (120, 120, 120),
}  # fmt: skip
PHOTO_PIXELS: Final = 1200
"""Longer sides are made smaller: a report travels by mail."""


def pdf_of(report: Report, read: Callable[[str], bytes]) -> bytes:
    """Return the file; ``read`` gives a photo by its id. Raises NotPossible without a Chinese font."""
    paper = Paper(report.title)
    paper.add_page()
    paper.set_font(FONT, size=18)
    paper.cell(0, 10, report.title, new_x="LMARGIN", new_y="NEXT")
    paper.set_font(FONT, size=9)
    for name, value in report.facts:
        paper.cell(28, 5.5, name)
        paper.cell(0, 5.5, value, new_x="LMARGIN", new_y="NEXT")
    counts = "    ".join(f"{name} {count}" for name, count in report.counts)
    paper.cell(0, 7, counts, new_x="LMARGIN", new_y="NEXT")
    for layer, rows in report.layers():
        _layer(paper, report, layer, rows)
    _signatures(paper, report.language == "zh")
    for row in report.rows:
        _photos(paper, row, read)
    return bytes(paper.output())


def _layer(paper: Paper, report: Report, layer: str, rows: list[Row]) -> None:
    paper.ln(3)
    paper.set_font(FONT, size=12)
    paper.cell(0, 8, layer, new_x="LMARGIN", new_y="NEXT")
    paper.set_font(FONT, size=8)
    _, point, result, evidence, note, technician, due, done, finding, remedy, _ = report.headings
    titles = (point, result, evidence, note, f"{technician} / {due}", done, f"{finding} / {remedy}")
    head = FontFace(emphasis="", fill_color=(232, 238, 245))
    with paper.table(
        col_widths=(34, 18, 72, 40, 26, 32, 50), headings_style=head, line_height=4.2, padding=1,
        text_align="LEFT", wrapmode=WrapMode.CHAR,
    ) as table:  # fmt: skip
        table.row(titles)
        for row in rows:
            line = table.row()
            line.cell(row.name)
            line.cell(row.result, style=FontFace(color=_COLOURS[row.state]))
            line.cell("\n".join(row.evidence) or row.look)
            line.cell(row.note)
            line.cell(" ".join((row.technician, row.due)).strip())
            line.cell(row.done)
            line.cell(" / ".join(filter(None, (row.finding, row.remedy))))


def _signatures(paper: Paper, zh: bool) -> None:
    paper.ln(8)
    names = ("巡检人", "审核人", "日期") if zh else ("Inspected by", "Reviewed by", "Date")
    for name in names:
        paper.cell(85, 8, f"{name}：____________________" if zh else f"{name}: ____________________")
    paper.ln(8)


def _photos(paper: Paper, row: Row, read: Callable[[str], bytes]) -> None:
    for photo in row.photos:
        if photo.type == "application/pdf":
            continue
        paper.add_page()
        paper.set_font(FONT, size=10)
        caption = f"{row.layer} · {row.name} · {photo.name}"
        paper.multi_cell(0, 6, caption, new_x="LMARGIN", new_y="NEXT", wrapmode=WrapMode.CHAR)
        try:
            with Image.open(io.BytesIO(read(photo.id))) as image:
                image.thumbnail((PHOTO_PIXELS, PHOTO_PIXELS))
                small = image.convert("RGB")
        except (UnidentifiedImageError, OSError, Image.DecompressionBombError, NotPossible):
            paper.cell(0, 6, "?")
            continue
        paper.image(small, h=min(160.0, 260.0 * small.height / small.width), keep_aspect_ratio=True)
