"""The user's guide and its pictures belong together."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = DOCS / "user-guide.zh-CN.md"
MOST = 120 * 1024


def pictures() -> list[Path]:
    """Return the pictures that are there."""
    return sorted((DOCS / "screens").iterdir())


def test_every_picture_is_shown_once_and_there() -> None:
    """The guide names no picture that is missing, and none lies there unseen."""
    named = re.findall(r"!\[[^\]]+\]\((screens/[^)]+)\)", GUIDE.read_text(encoding="utf-8"))
    assert sorted(named) == [f"screens/{each.name}" for each in pictures()]


def test_pictures_are_small() -> None:
    """Each is a PNG of 120 KB at most, so that the guide opens on a telephone."""
    wrong = [
        each.name
        for each in pictures()
        if each.stat().st_size > MOST or each.read_bytes()[:8] != b"\x89PNG\r\n\x1a\n"
    ]
    assert wrong == []


def test_the_contents_lead_to_headings() -> None:
    """Each entry of the table of contents has its heading."""
    text = GUIDE.read_text(encoding="utf-8")
    headings = {
        re.sub(r"[、，]", "", line.lstrip("# ")) for line in text.splitlines() if line.startswith("#")
    }
    wanted = re.findall(r"\]\(#([^)]+)\)", text)
    assert wanted
    assert [each for each in wanted if each not in headings] == []
