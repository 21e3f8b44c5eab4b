"""Responses made from their request (RFC 3261 8.2.6)."""

from __future__ import annotations

from collections.abc import Sequence

from b2bua.sip.errors import SipError
from b2bua.sip.message import Request, Response
from b2bua.sip.text import refuse_controls

REASONS = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    182: "Queued",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    421: "Extension Required",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    433: "Anonymity Disallowed",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    484: "Address Incomplete",
    485: "Ambiguous",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    493: "Undecipherable",
    500: "Server Internal Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    513: "Message Too Large",
    580: "Precondition Failure",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
}
"""Reason phrases of the statuses we send."""

_DIALOG_METHODS = frozenset({"INVITE", "SUBSCRIBE", "REFER", "NOTIFY"})


def response_to(
    request: Request,
    status: int,
    reason: str | None = None,
    *,
    to_tag: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    content_type: str | None = None,
) -> Response:
    """Make the response: Via, From, To, Call-ID and CSeq are copied as received, as far as they are there.

    ``to_tag`` is added where the request's To has no tag and can be read. Record-Route is copied into
    101..299 to requests that make dialogs, Timestamp into 100. Raises ValueError for CR, LF or NUL in
    what we add.
    """
    if not 100 <= status <= 699:
        raise ValueError(f"no SIP status: {status}")
    index = request.index
    rows = [("Via", via) for via in index.get("via", ())]
    for key, name in _COPIED:
        values = index.get(key)
        if values:
            rows.append((name, values[0]))
    if to_tag is not None:
        _tag_to(request, rows, to_tag)
    if status == 100:
        rows += [("Timestamp", value) for value in index.get("timestamp", ())]
    elif status < 300 and "record-route" in index and request.method in _DIALOG_METHODS:
        rows += [("Record-Route", value) for value in index["record-route"]]
    phrase = REASONS.get(status, "") if reason is None else reason
    if content_type is not None:
        headers = (*headers, ("Content-Type", content_type))
    refuse_controls("".join([phrase, to_tag or "", *[part for row in headers for part in row]]))
    rows += headers
    response = Response(status, phrase, rows, body)
    response.source = request.source
    return response


_COPIED = (("from", "From"), ("to", "To"), ("call-id", "Call-ID"), ("cseq", "CSeq"))


def _tag_to(request: Request, rows: list[tuple[str, str]], tag: str) -> None:
    try:
        if request.to.tag is not None:
            return
    except SipError:
        return
    for position, (name, value) in enumerate(rows):
        if name == "To":
            rows[position] = ("To", f"{value};tag={tag}")


def response_address(request: Request) -> tuple[str, int]:
    """Return host (no brackets) and port where answers to a UDP request go (RFC 3261 18.2.2, RFC 3581 4).

    The host is always the packet's source, never what a Via says; the port is the source's under rport
    (or when the Via cannot be read), else sent-by's or 5060. ``request.source`` must be known.
    """
    if request.source is None:
        raise ValueError("the request has no source")
    host, port = request.source.remote
    try:
        via = request.via
    except SipError:
        return host, port
    if via.rport is not None:
        return host, port
    return host, via.port or 5060
