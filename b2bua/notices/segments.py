"""Long SMS as several, each with the header that lets the phone join them (GSM 03.40 concatenation). Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

ONE: Final = 140
"""Octets of UCS-2 in one SMS."""
OF_MANY: Final = 134


class Segment(NamedTuple):
    """One SMS of a text."""

    number: int
    """1 for the first."""
    total: int
    content: bytes
    """UCS-2 (UTF-16BE), after the header where there are several."""


def segments_of(text: str, reference: int) -> list[Segment]:
    """Return a text as SMS; ``reference`` (0 to 255) tells the parts of one text from another's."""
    octets = text.encode("utf-16-be")
    if len(octets) <= ONE:
        return [Segment(1, 1, octets)]
    pieces = _pieces(octets)
    return [
        Segment(number, len(pieces), bytes((5, 0, 3, reference, len(pieces), number)) + piece)
        for number, piece in enumerate(pieces, 1)
    ]


def _pieces(octets: bytes) -> list[bytes]:
    pieces = []
    while octets:
        end = min(OF_MANY, len(octets))
        if end < len(octets) and 0xD8 <= octets[end - 2] <= 0xDB:  # no character is cut in two
            end -= 2
        pieces.append(octets[:end])
        octets = octets[end:]
    return pieces
