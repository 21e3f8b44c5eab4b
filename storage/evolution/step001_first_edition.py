"""Make the root of an empty database."""

from __future__ import annotations

from typing import Any

from storage.models.root import ROOT_KEY, Root


def run(mapping: Any) -> None:
    """Make the root unless there is one."""
    if ROOT_KEY not in mapping:
        mapping[ROOT_KEY] = Root()
