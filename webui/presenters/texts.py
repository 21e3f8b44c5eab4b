"""Texts in the reader's language: English stands in the code, Chinese in ``locale/zh*.po``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po
from pyramid.request import Request

LANGUAGES: Final = ("zh", "en")
LANGUAGE_COOKIE: Final = "box400-language"
THEMES: Final = ("light", "dark")
THEME_COOKIE: Final = "box400-theme"
LOCALE: Final = Path(__file__).parents[1] / "locale"
"""Catalogs: ``zh.po`` and, for the work of one area, ``zh_AREA.po``; each text stands in one of them."""


def N_(text: str) -> str:
    """Mark a text that is translated where it is shown."""
    return text


@cache
def chinese() -> dict[str, str]:
    """Return all catalogs as one."""
    found: dict[str, str] = {}
    for path in sorted(LOCALE.glob("zh*.po")):
        with path.open("rb") as file:
            found |= {str(message.id): str(message.string) for message in read_po(file) if message.id}
    return found


def language_of(request: Request) -> str:
    """Return what the reader chose, else Chinese unless his browser asks for English and no Chinese."""
    chosen: str = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    asked = [each.lower()[:2] for each in str(request.accept_language or "").split(",")]
    return "en" if "en" in asked and "zh" not in asked else "zh"


def theme_of(request: Request) -> str:
    """Return what the reader chose, else nothing: then as his system has it (``own/theme.js``)."""
    chosen: str = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


class Texts:
    """Translates for one reader: ``_("{count} calls", count=3)``."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, text: str, **facts: object) -> str:
        """Return the text in the reader's language; one without translation stays English."""
        told = chinese().get(text, text) if self.language == "zh" else text
        return told.format(**facts) if facts else told

    def either(self, zh: str, en: str) -> str:
        """Choose between two texts that both exist already."""
        return zh if self.language == "zh" else en
