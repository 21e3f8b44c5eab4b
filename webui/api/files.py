"""Files that programs fetch: always octets to be stored, whatever they are."""

from __future__ import annotations

from pyramid.response import Response

from domain.refusal import NotPossible
from storage.numbers.documents import Documents
from webui.api.problems import ApiProblem


def sent(files: Documents, name: str) -> Response:
    """Return a file; raises 404 for one that is not kept any more."""
    try:
        content = files.read(name)
    except NotPossible as error:
        raise ApiProblem(404) from error
    return Response(content, content_type="application/octet-stream")
