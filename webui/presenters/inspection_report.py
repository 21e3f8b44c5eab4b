"""The report of a round as one HTML page that needs nothing beside it, for people and for printers."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from domain.inspection.round import Photo
from domain.refusal import NotPossible
from webui.services.inspection.report import Report

STYLE: Final = Path(__file__).parents[1] / "static" / "own" / "report.css"


def html_of(report: Report, read: Callable[[str], bytes], style_url: str = "") -> str:
    """Return the page; ``read`` gives a photo by its id.

    With ``style_url`` the style sheet comes from there (pages allow no other), else its address holds it.
    """

    def picture(photo: Photo) -> str:
        """Return a photo as an address that holds it; "" for what is no picture or has gone."""
        if not photo.type.startswith("image/"):
            return ""
        try:
            content = read(photo.id)
        except NotPossible:
            return ""
        return _inline(photo.type, content)

    style = style_url or _inline("text/css", STYLE.read_bytes())
    return _template().render(report=report, picture=picture, style=style)


def _inline(kind: str, content: bytes) -> str:
    """Return an address that holds this."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("webui"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("inspection_report.html")
