"""Give tenants a place for what they own by name: groups, and what later editions add."""

from __future__ import annotations

from typing import Any

from BTrees.OOBTree import OOBTree

from storage.models.root import ROOT_KEY


def run(mapping: Any) -> None:
    """Add the tree to the tenants that have none."""
    for tenant in mapping[ROOT_KEY].tenants.values():
        if "parts" not in tenant.__dict__:
            tenant.parts = OOBTree()
