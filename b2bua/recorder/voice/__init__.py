"""The announcements and music that ship with the box, as source audio; ``prompts.ingest`` prepares them."""

from __future__ import annotations

from pathlib import Path

LANGUAGE = "zh_CN"
ANNOUNCEMENTS = (
    "welcome",
    "recording-notice",
    "busy",
    "no-answer",
    "number-unknown",
    "suspended",
    "trunk-down",
    "goodbye",
)
"""Spoken; the names that ``domain.outcomes`` and ``BoxSnapshot.system_prompts`` use."""
MUSIC = ("ringback", "hold-music")
"""Made to be repeated without a seam."""


def source(name: str, language: str = LANGUAGE) -> Path:
    """Return the audio file of a shipped announcement or piece of music; raises KeyError for others."""
    if name not in ANNOUNCEMENTS + MUSIC:
        raise KeyError(name)
    return Path(__file__).parent / language / f"{name}.flac"
