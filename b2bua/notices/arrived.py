"""An SMS that came in, by whatever protocol."""

from __future__ import annotations

from typing import NamedTuple


class Arrived(NamedTuple):
    """An SMS that came in."""

    sender: str
    to: str
    text: str
    reference: int = 0
    """Of the parts of a long one."""
    total: int = 1
    number: int = 1
