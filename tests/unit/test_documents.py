"""What the documents point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_paths_exist(document: Path) -> None:
    """No link leads nowhere, no named test or module is gone."""
    text = document.read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    missing = [link for link in links if link and not (document.parent / link).exists()]
    top = "tests|bench|box400|b2bua|storage|domain|docs"
    paths = re.findall(rf"`(?:\./test )?((?:{top})/[\w./-]+\.\w+)`", text)
    missing += [path for path in paths if not (ROOT / path).exists()]
    assert missing == []
