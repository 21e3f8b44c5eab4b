"""Give the web book the filters that people save."""

from __future__ import annotations

from typing import Any

from BTrees.OOBTree import OOBTree

from storage.models.root import ROOT_KEY


def run(mapping: Any) -> None:
    """Add what is not there."""
    book = mapping[ROOT_KEY].web
    if "filters" not in book.__dict__:
        book.filters = OOBTree()
