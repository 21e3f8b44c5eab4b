"""Count the conversations and tickets that are there for reports."""

from __future__ import annotations

from typing import Any

from storage.models.root import ROOT_KEY
from storage.models.service import ServiceBook
from storage.reports.service_counts import counted_anew


def run(mapping: Any) -> None:
    """Add what is not there."""
    root = mapping[ROOT_KEY]
    if "service" in root.__dict__:
        return
    root.service = ServiceBook()
    for desk, at, service, what in counted_anew(root):
        root.service.count(desk, at, service, what)
