"""A sentence about what was just done, shown on the next page: it travels in a signed cookie."""

from __future__ import annotations

import base64
import hmac
from typing import Final

import msgspec
from pyramid.request import Request
from pyramid.response import Response

from webui.security.identity import sign

COOKIE: Final = "box400-said"


class Said(msgspec.Struct, frozen=True):
    """One sentence."""

    text: str
    kind: str = "good"
    """``good``, ``warn`` or ``bad``."""


def say(request: Request, response: Response, text: str, kind: str = "good") -> Response:
    """Let the next page say something."""
    packed = base64.urlsafe_b64encode(msgspec.json.encode(Said(text[:800], kind))).decode()
    value = f"{sign(request, 'said', packed)}.{packed}"
    response.set_cookie(COOKIE, value, httponly=True, samesite="Lax", secure=request.scheme == "https")
    return response


def said(request: Request) -> Said | None:
    """Return what shall be said now, once."""
    signature, _, packed = request.cookies.get(COOKIE, "").partition(".")
    if not packed:
        return None
    request.add_response_callback(lambda _, response: response.delete_cookie(COOKIE))
    if not hmac.compare_digest(signature.encode(), sign(request, "said", packed).encode()):
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(packed), type=Said)
    except (msgspec.MsgspecError, ValueError):
        return None
