"""Cross-site request forgery: each unsafe request carries a token that belongs to its browser's cookie.

The token is a keyed digest of the session's token, or before signing in of a random cookie of the browser;
nothing is stored for it.
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Final

from pyramid.request import Request

from webui.security.identity import BROWSER_COOKIE, sign, token_of

_BROWSER: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


def browser_of(request: Request) -> str:
    """Return the random name of a browser; one that has none is given one with the answer."""
    given: str = request.cookies.get(BROWSER_COOKIE, "")
    if _BROWSER.fullmatch(given):
        return given
    made: str | None = request.environ.get("box400.browser")
    if made is None:
        made = request.environ["box400.browser"] = secrets.token_hex(16)
        secure = request.scheme == "https"

        def give(_: Request, response: object) -> None:
            response.set_cookie(  # type: ignore[attr-defined]
                BROWSER_COOKIE, made, httponly=True, samesite="Lax", secure=secure, path="/"
            )

        request.add_response_callback(give)
    return made


class CsrfOfBrowser:
    """Pyramid's storage policy for tokens."""

    def new_csrf_token(self, request: Request) -> str:
        """Return the token; a session that is opened has another one by itself."""
        return self.get_csrf_token(request)

    def get_csrf_token(self, request: Request) -> str:
        """Return the token of this browser."""
        return sign(request, "csrf", token_of(request) or browser_of(request))

    def check_csrf_token(self, request: Request, supplied: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.get_csrf_token(request).encode(), supplied.encode())
