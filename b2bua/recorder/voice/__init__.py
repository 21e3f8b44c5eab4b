"""The voice that ships with the box: the words of each prompt, and its audio as source for the b2bua."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from domain.voice.prompts import SHIPPED_PACK

_FOLDER: Final = Path(__file__).parent / SHIPPED_PACK


class Kind(StrEnum):
    """What a prompt is; the sections of ``words.toml``."""

    SENTENCE = "sentences"
    WORD = "words"
    SOUND = "sounds"
    MUSIC = "music"


class Words(NamedTuple):
    """What a prompt says."""

    kind: Kind
    zh: str
    en: str
    pinyin: str
    """For the synthesiser, tones as spoken; empty: nothing is spoken."""


def _read(sections: dict[str, Any]) -> dict[str, Words]:
    return {
        name: Words(kind, row["zh"], row["en"], row.get("pinyin", ""))
        for kind in Kind
        for name, row in sections[kind].items()
    }


WORDS: Final = _read(tomllib.loads((_FOLDER / "words.toml").read_text(encoding="utf-8")))
"""Every prompt of a pack by name, in the order of the file."""


def source(name: str) -> Path:
    """Return the audio file of a shipped prompt; raises KeyError for others."""
    if name not in WORDS:
        raise KeyError(name)
    return _FOLDER / f"{name}.flac"
