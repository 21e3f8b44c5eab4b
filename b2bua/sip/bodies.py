"""Media types: what a body is, which part of a multipart one is wanted, what the peer accepts."""

from __future__ import annotations

import re

from b2bua.sip.errors import SipError
from b2bua.sip.message import Message
from b2bua.sip.params import find_param, parse_params
from b2bua.sip.text import BLANK, unquote

MAX_PARTS = 16

_ZERO = re.compile(r"0(?:\.0{0,3})?")


def body_of(message: Message, media_type: str) -> bytes | None:
    """Return the body of this type (lower case), also out of a multipart body (RFC 5621); None without one.

    Carriers put ISUP or location parts beside the SDP. Raises SipError(400) for a malformed multipart body.
    """
    if not message.body:
        return None
    found = message.content_type
    if found == media_type:
        return message.body
    if found is None or not found.startswith("multipart/"):
        return None
    raw = message.get("Content-Type") or ""
    boundary = unquote(find_param(parse_params(raw[len(raw.partition(";")[0]) :]), "boundary") or "")
    if not 0 < len(boundary) <= 70:
        raise SipError(400, "Malformed Content-Type")
    for part in _parts(message.body, boundary.encode("utf-8", "surrogateescape")):
        head, empty, body = part.partition(b"\r\n\r\n")
        if empty and _type_of_part(head) == media_type:
            return body
    return None


def _parts(body: bytes, boundary: bytes) -> list[bytes]:
    """Cut at the delimiter lines; what precedes the first one and follows the last one is left out."""
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary, MAX_PARTS + 1)[1:]
    parts: list[bytes] = []
    for piece in pieces[:MAX_PARTS]:
        if piece.startswith(b"--"):
            return parts
        line, end, rest = piece.partition(b"\r\n")
        if end and not line.strip(b" \t"):
            parts.append(rest if rest[:2] != b"\r\n" else b"\r\n" + rest)
    raise SipError(400, "Malformed Multipart Body")


def _type_of_part(head: bytes) -> str | None:
    for row in head.split(b"\r\n"):
        name, _, value = row.partition(b":")
        if name.strip(b" \t").lower() == b"content-type":
            return value.partition(b";")[0].strip(b" \t").decode("ascii", "replace").lower()
    return None


def accepts(message: Message, media_type: str) -> bool:
    """Tell whether the sender takes this media type (lower case) in our answer (RFC 3261 20.1).

    Without an Accept header it is application/sdp; an empty one accepts nothing.
    """
    if "accept" not in message.index:
        return media_type == "application/sdp"
    wanted = {media_type, media_type.partition("/")[0] + "/*", "*/*"}
    for value in message.values("Accept"):
        found, semicolon, params = value.partition(";")
        if found.strip(BLANK).lower() in wanted:
            try:
                quality = find_param(parse_params(semicolon + params), "q")
            except SipError:
                quality = None
            if quality is None or not _ZERO.fullmatch(quality):
                return True
    return False
