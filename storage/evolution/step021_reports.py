"""Give the book of notices the SMS whose carriers have not reported yet."""

from __future__ import annotations

from typing import Any

from BTrees.OOBTree import OOBTree

from storage.models.root import ROOT_KEY


def run(mapping: Any) -> None:
    """Add what is not there."""
    book = mapping[ROOT_KEY].notices
    book._p_activate()
    if "unreported" not in book.__dict__:
        book.unreported = OOBTree()
