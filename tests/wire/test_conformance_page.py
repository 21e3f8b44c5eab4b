"""docs/sip-conformance.md names the tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "sip-conformance.md"


def test_the_page_names_every_test_and_no_other() -> None:
    """Whoever adds, renames or drops a wire test edits the page."""
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", PAGE.read_text(encoding="utf-8")))
    there = {
        name
        for file in HERE.glob("test_*.py")
        if file != Path(__file__)
        for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert (named - there, there - named) == (set(), set())
