"""Checks of the fields of a reseller's own look."""

from __future__ import annotations

from typing import Any

from domain.brand import is_colour, kind_of
from storage.provisioning.checks import INVALID, Reading, scalar_text
from storage.provisioning.tree import Node


def colour(node: Node, path: str, reading: Reading) -> Any:
    """A colour, ``#RRGGBB``, that white words can be read on."""
    value = scalar_text(node, path, reading)
    if value is INVALID:
        return value
    value = value.lower()
    return value if is_colour(value) else reading.wrong(node, path, "brand-colour", value=value)


def logo(node: Node, path: str, reading: Reading) -> Any:
    """A small PNG or JPEG in base64."""
    value = scalar_text(node, path, reading)
    if value is INVALID:
        return value
    return value if kind_of(value) is not None else reading.wrong(node, path, "brand-logo")
