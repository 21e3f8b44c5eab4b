"""Give the box conversations in writing."""

from __future__ import annotations

from typing import Any

from storage.models.conversations import ConversationBook
from storage.models.root import ROOT_KEY


def run(mapping: Any) -> None:
    """Add what is not there."""
    root = mapping[ROOT_KEY]
    if not hasattr(root, "conversations"):
        root.conversations = ConversationBook()
