"""Messages in English and Chinese."""

from __future__ import annotations

import os
from typing import TypeVar

LANGUAGES = ("en", "zh")

T = TypeVar("T")

_spoken = "en"


def speak(language: str | None) -> None:
    """Choose the language of messages: the one given, else that of the locale."""
    global _spoken
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    _spoken = language or ("zh" if locale.lower().startswith("zh") else "en")


def words(en: T, zh: T) -> T:
    """Return the text (or texts) in the language spoken."""
    return zh if _spoken == "zh" else en


def language() -> str:
    """Return the language spoken: ``en`` or ``zh``."""
    return _spoken
