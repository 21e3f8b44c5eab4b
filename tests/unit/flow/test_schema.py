"""The published JSON Schema is the one of the structs."""

from __future__ import annotations

from pathlib import Path

from domain.flow.schema import document_schema

PUBLISHED = Path(__file__).parents[3] / "docs" / "flow-schema.json"


def test_the_published_schema_is_that_of_the_code() -> None:
    """``python -m domain.flow.schema > docs/flow-schema.json`` writes it."""
    assert PUBLISHED.read_text(encoding="utf-8") == document_schema()
