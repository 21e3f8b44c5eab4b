"""Give the box accounts of the web pages, their sessions and the audit log."""

from __future__ import annotations

from typing import Any

from storage.models.root import ROOT_KEY
from storage.models.web import WebBook


def run(mapping: Any) -> None:
    """Add what is not there."""
    root = mapping[ROOT_KEY]
    if "web" not in root.__dict__:
        root.web = WebBook()
