"""Give the box tickets."""

from __future__ import annotations

from typing import Any

from storage.models.root import ROOT_KEY
from storage.models.tickets import TicketBook


def run(mapping: Any) -> None:
    """Add what is not there."""
    root = mapping[ROOT_KEY]
    if "tickets" not in root.__dict__:
        root.tickets = TicketBook()
