"""Give the box knowledge bases."""

from __future__ import annotations

from typing import Any

from storage.models.knowledge import KnowledgeBook
from storage.models.root import ROOT_KEY


def run(mapping: Any) -> None:
    """Add what is not there."""
    root = mapping[ROOT_KEY]
    if "knowledge" not in root.__dict__:
        root.knowledge = KnowledgeBook()
