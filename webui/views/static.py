"""Static files."""

from __future__ import annotations

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response

from webui.presenters.files import StaticFiles
from webui.security.permissions import PUBLIC
from webui.views.declare import view


@view(route_name="static", permission=PUBLIC, request_method="GET")
def static(request: Request) -> Response:
    """Send a file."""
    files: StaticFiles = request.registry["static"]
    found = files.find("/".join(request.matchdict["path"]))
    if found is None or request.matchdict["sum"] != files.sum:
        raise HTTPNotFound()
    small = "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(found.compressed if small else found.content)
    response.content_type = found.type.partition(";")[0]
    if "charset" in found.type:
        response.charset = "utf-8"
    if small:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
