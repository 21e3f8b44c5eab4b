"""Paper for PDF files: A4 across, with page numbers, in a Chinese font whose used letters are embedded."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fpdf import FPDF

from domain.refusal import NotPossible

FONTS: Final = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    Path("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"),
    Path("/usr/share/fonts/truetype/arphic/uming.ttc"),
)
"""Debian's fonts-wqy-microhei, fonts-wqy-zenhei, fonts-arphic-uming; the first that is there is taken."""
FONT: Final = "chinese"


class Paper(FPDF):
    """A4 across, with page numbers. Raises NotPossible without a Chinese font."""

    def __init__(self, title: str) -> None:
        super().__init__("landscape", "mm", "A4")
        self._title = title
        self.set_title(title)
        self.set_margins(12, 12)
        self.set_auto_page_break(True, 14)
        self.add_font(FONT, "", chinese_font(), collection_font_number=0)
        self.set_font(FONT, size=9)

    def footer(self) -> None:
        """Number the page."""
        self.set_y(-11)
        self.set_font(FONT, size=8)
        self.set_text_color(110)
        self.cell(0, 6, f"{self._title}    {self.page_no()} / {{nb}}", align="C")
        self.set_text_color(0)


def chinese_font() -> Path:
    """Return the font to write with; raises NotPossible."""
    found = next((path for path in FONTS if path.exists()), None)
    if found is None:
        raise NotPossible(
            "A PDF needs a Chinese font: install fonts-wqy-microhei, or take the page or Excel.",
            "生成 PDF 需要中文字体：请安装 fonts-wqy-microhei，或改用网页、Excel。",
        )
    return found
