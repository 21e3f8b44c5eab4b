"""Give the box gateways, templates, and the book of notices."""

from __future__ import annotations

from typing import Any

from BTrees.OOBTree import OOBTree

from storage.models.notices import NoticeBook
from storage.models.root import ROOT_KEY


def run(mapping: Any) -> None:
    """Add what is not there."""
    root = mapping[ROOT_KEY]
    for name in ("gateways", "templates"):
        if name not in root.__dict__:
            setattr(root, name, OOBTree())
    if "notices" not in root.__dict__:
        root.notices = NoticeBook()
