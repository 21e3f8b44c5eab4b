"""What a request sent leaves no temporary files behind."""

from __future__ import annotations

from pyramid.events import NewRequest
from pyramid.request import Request

from webui.sent import close_when_answered


def test_files_and_a_long_body_are_closed_when_the_request_is_answered() -> None:
    """Both are spooled: the form of 30 KB and the file in it."""
    request = Request.blank("/", POST={"name": "x", "file": ("calls.csv", "1234567890" * 3000)})
    came = request.body_file_raw
    request.is_body_seekable = False  # as a server's socket is
    close_when_answered(NewRequest(request))
    sent, spooled = request.POST["file"].file, request.body_file_raw
    assert sent.read(10) == b"1234567890"
    assert spooled is not came
    request._process_finished_callbacks()
    assert (sent.closed, spooled.closed, came.closed) == (True, True, False)


def test_a_request_without_a_form_is_left_alone() -> None:
    """Its body is the server's."""
    request = Request.blank("/")
    close_when_answered(NewRequest(request))
    request._process_finished_callbacks()
    assert not request.body_file_raw.closed
