"""Give tenants a place for their own prompts, and the box one for prompt packs."""

from __future__ import annotations

from typing import Any

from BTrees.OOBTree import OOBTree

from storage.models.root import ROOT_KEY


def run(mapping: Any) -> None:
    """Add the trees where there are none."""
    root = mapping[ROOT_KEY]
    if "prompt_packs" not in root.__dict__:
        root.prompt_packs = OOBTree()
    for tenant in root.tenants.values():
        if "prompts" not in tenant.__dict__:
            tenant.prompts = OOBTree()
