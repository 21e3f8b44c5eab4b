"""Print tables whose columns stand under each other, also with Chinese in them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in text)


def printable(text: str) -> str:
    """Return a text without what a terminal would act on; much of what we print came from the network."""
    return "".join(mark if mark.isprintable() else "?" for mark in text)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Return a table; ``right`` names the columns (from 0) that are aligned to the right."""
    lines = [[printable(cell) for cell in row] for row in (head, *rows)]
    widths = [max(width(row[column]) for row in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            " " * (widths[column] - width(cell)) + cell
            if column in right
            else cell + " " * (widths[column] - width(cell))
            for column, cell in enumerate(row)
        ).rstrip()
        for row in lines
    )


def duration(seconds: float) -> str:
    """Return ``12 s``, ``3:05`` or ``2:03:05``."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
