"""Pages for what went wrong."""

from __future__ import annotations

from typing import Any

from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken
from pyramid.httpexceptions import HTTPSeeOther, HTTPTooManyRequests
from pyramid.request import Request
from pyramid.response import Response

from storage.connection import StoreDown
from webui.security.editions import SwitchedOff
from webui.views.declare import exception_view, forbidden_view, notfound_view


@notfound_view(renderer="error.html")
def not_found(request: Request) -> dict[str, Any]:
    """Say that there is nothing here; the same whether it exists for somebody else or not."""
    _ = request.texts
    return _error(request, 404, _("Page not found"), _("There is nothing at this address."))


@forbidden_view(renderer="error.html")
def forbidden(request: Request) -> Response | dict[str, Any]:
    """Let who is not signed in sign in; tell others that their role does not reach."""
    if request.identity is None:
        if request.headers.get("HX-Request"):
            response = Response(status=401)
            response.headers["HX-Redirect"] = "/login"
            return response
        return HTTPSeeOther("/login")
    _ = request.texts
    if isinstance(request.exception, SwitchedOff):
        text = _("This is not part of your edition. Your operator can switch it on.")
        return _error(request, 403, request.exception.told(_), text)
    if request.identity.looks_only and request.method != "GET":
        text = _("The tenant allows you to look only. Ask for assistance again to change something.")
        return _error(request, 403, _("Not allowed"), text)
    return _error(request, 403, _("Not allowed"), _("Your role does not include this."))


@exception_view(BadCSRFToken, renderer="error.html")
@exception_view(BadCSRFOrigin, renderer="error.html")
def stale(request: Request) -> dict[str, Any]:
    """Refuse a form without its token."""
    _ = request.texts
    return _error(
        request,
        400,
        _("This page was too old"),
        _("Nothing was changed. Go back, reload the page and try again."),
    )


@exception_view(HTTPTooManyRequests, renderer="error.html")
def too_many(request: Request) -> dict[str, Any]:
    """Ask a stranger to wait."""
    _ = request.texts
    return _error(request, 429, _("Too many requests"), _("Wait a moment and try again."))


@exception_view(StoreDown, renderer="error.html")
def store_down(request: Request) -> dict[str, Any]:
    """Say that calls go on while pages cannot be shown."""
    _ = request.texts
    return _error(
        request,
        503,
        _("The database is not available"),
        _("Calls go on and are recorded. Try again in a moment."),
    )


def _error(request: Request, status: int, title: str, text: str) -> dict[str, Any]:
    request.response.status = status
    return {"title": title, "text": text, "code": status}
