"""What holds for every regular expression that meets hostile text."""

from __future__ import annotations

import re
from pathlib import Path

import b2bua

POSSESSIVE_GROUP = re.compile(r"\)(?:[?*+]|\{[0-9,]*\})\+")


def test_no_pattern_has_a_possessive_group() -> None:
    """Python before 3.11.5, thus Debian 12's, leaves the position of a failed ``(...)?+`` where it failed
    (cpython#106052). Possessive single characters (``[a-z]++``) are right, and enough for linear time."""
    found = [
        f"{path.name}: {line.strip()}"
        for path in sorted(Path(b2bua.__file__).parent.rglob("*.py"))
        for line in path.read_text(encoding="utf-8").split("\n")
        if POSSESSIVE_GROUP.search(line)
    ]
    assert found == []
