"""Pages for what went wrong."""

from __future__ import annotations

from typing import Any

from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from storage.connection import StoreDown
from webui.views.declare import exception_view, forbidden_view, notfound_view


@notfound_view(renderer="error.html")
def not_found(request: Request) -> dict[str, Any]:
    """Say that there is nothing here; the same whether it exists for somebody else or not."""
    request.response.status = 404
    _ = request.texts
    return {"title": _("Page not found"), "text": _("There is nothing at this address."), "code": 404}


@forbidden_view(renderer="error.html")
def forbidden(request: Request) -> Response | dict[str, Any]:
    """Let who is not signed in sign in; tell others that their role does not reach."""
    if request.identity is None:
        if request.headers.get("HX-Request"):
            response = Response(status=401)
            response.headers["HX-Redirect"] = "/login"
            return response
        return HTTPSeeOther("/login")
    request.response.status = 403
    _ = request.texts
    return {"title": _("Not allowed"), "text": _("Your role does not include this."), "code": 403}


@exception_view(BadCSRFToken, renderer="error.html")
@exception_view(BadCSRFOrigin, renderer="error.html")
def stale(request: Request) -> dict[str, Any]:
    """Refuse a form without its token."""
    request.response.status = 400
    _ = request.texts
    return {
        "title": _("This page was too old"),
        "text": _("Nothing was changed. Go back, reload the page and try again."),
        "code": 400,
    }


@exception_view(StoreDown, renderer="error.html")
def store_down(request: Request) -> dict[str, Any]:
    """Say that calls go on while pages cannot be shown."""
    request.response.status = 503
    _ = request.texts
    return {
        "title": _("The database is not available"),
        "text": _("Calls go on and are recorded. Try again in a moment."),
        "code": 503,
    }
