"""Long SMS as several, each with the header that lets the phone join them (GSM 03.40 concatenation). Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from b2bua.notices.arrived import Arrived

ONE: Final = 140
"""Octets of UCS-2 in one SMS."""
OF_MANY: Final = 134
UCS2: Final = 8
GB: Final = 15
MOST_PARTS: Final = 30


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


def arrived(sender: str, to: str, content: bytes, coding: int, *, has_header: bool) -> Arrived:
    """Return an SMS that came, or a part of one; ``coding``: the data coding scheme (GSM 03.38)."""
    reference, total, number = 0, 1, 1
    if has_header and content and len(content) > content[0]:
        head, content = content[1 : content[0] + 1], content[content[0] + 1 :]
        if len(head) == 5 and head[0] == 0:
            reference, total, number = head[2:]
        elif len(head) == 6 and head[0] == 8:
            reference, total, number = int.from_bytes(head[2:4], "big"), head[4], head[5]
    if not 1 <= number <= total <= MOST_PARTS:
        reference, total, number = 0, 1, 1
    return Arrived(sender, to, _decoded(content, coding), reference, total, number)


def _decoded(content: bytes, coding: int) -> str:
    if coding & 0x0F == UCS2:
        return content.decode("utf-16-be", errors="replace")
    if coding & 0x0F == GB:
        return content.decode("gb18030", errors="replace")
    return content.decode("latin-1")


def _pieces(octets: bytes) -> list[bytes]:
    pieces = []
    while octets:
        end = min(OF_MANY, len(octets))
        if end < len(octets) and 0xD8 <= octets[end - 2] <= 0xDB:  # no character is cut in two
            end -= 2
        pieces.append(octets[:end])
        octets = octets[end:]
    return pieces
