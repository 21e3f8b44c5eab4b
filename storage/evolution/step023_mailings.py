"""Let reports be sent by e-mail."""

from __future__ import annotations

from typing import Any

from storage.models.mailings import Mailings
from storage.models.root import ROOT_KEY


def run(mapping: Any) -> None:
    """Add what is not there."""
    root = mapping[ROOT_KEY]
    if "mailings" not in root.__dict__:
        root.mailings = Mailings()
