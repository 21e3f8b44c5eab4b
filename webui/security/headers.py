"""Security headers of every answer."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

from pyramid.request import Request
from pyramid.response import Response

CONTENT_SECURITY: Final = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
        "font-src 'self'", "connect-src 'self'", "media-src 'self' blob:", "form-action 'self'",
        "base-uri 'none'", "frame-ancestors 'none'",
    )
)  # fmt: skip
"""``data:`` pictures are those of Tabler's style sheet; nothing runs but our own files."""
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


def style_nonce(request: Request) -> str:
    """Return the word by which this page alone may bring a style of its own: what draws waveforms does."""
    return secrets.token_urlsafe(16)


def headers_tween(handler: Callable[[Request], Response], registry: Any) -> Callable[[Request], Response]:
    """Add those that a view did not set; pages are never kept by a cache, static files say so themselves."""

    def tween(request: Request) -> Response:
        response = handler(request)
        if "style_nonce" in request.__dict__:  # a template asked for it
            response.headers["Content-Security-Policy"] = CONTENT_SECURITY.replace(
                "style-src 'self'", f"style-src 'self' 'nonce-{request.style_nonce}'"
            )
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        if request.scheme == "https":
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response

    return tween
