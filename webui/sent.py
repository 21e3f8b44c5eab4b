"""Close what a request sent when it is answered.

webob spools long bodies and files into temporary ones and leaves them to the garbage collector: a disk would
hold them for as long as that takes.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from pyramid.events import NewRequest
from pyramid.request import Request


def close_when_answered(event: NewRequest) -> None:
    """Let the request close its spooled body and its files after its response is made."""
    request: Request = event.request
    request.add_finished_callback(partial(_close, request.body_file_raw))


def _close(came: Any, request: Request) -> None:
    parsed, _ = request.environ.get("webob._parsed_post_vars", ({}, None))
    for sent in parsed.values():
        file = getattr(sent, "file", None)
        if file is not None:
            file.close()
    if request.body_file_raw is not came:
        request.body_file_raw.close()
