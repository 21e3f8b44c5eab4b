"""What must hold before a transaction is created for a request (RFC 3261 8.2, 16.3; RFC 4475)."""

from __future__ import annotations

import re

from b2bua.sip.errors import SipError
from b2bua.sip.message import KNOWN_METHODS, Request, Response
from b2bua.sip.via import MAGIC_COOKIE

MAX_VIAS = 70

_SINGLE = (
    ("from", "From"),
    ("to", "To"),
    ("call-id", "Call-ID"),
    ("cseq", "CSeq"),
    ("max-forwards", "Max-Forwards"),
    ("content-type", "Content-Type"),
    ("expires", "Expires"),
    ("session-expires", "Session-Expires"),
    ("min-se", "Min-SE"),
    ("rack", "RAck"),
    ("refer-to", "Refer-To"),
    ("replaces", "Replaces"),
)
_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{1,2} "
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} "
    r"[0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
)
_ENDINGS = frozenset({"ACK", "BYE", "CANCEL", "PRACK"})
"""A call must come to its end even if the peer writes a bad Date or Contact."""
_SCHEMES = frozenset({"sip", "sips", "tel"})


def check_request(request: Request) -> None:
    """Check a parsed request; raises SipError whose ``message`` is the request (None for ACK).

    Decided here: 400 (missing, repeated or malformed headers, CSeq of another method), 416, 501 (for an
    unknown method with a CSeq of another one), 505. Left to the user agent: 405, 406, 415, 420, 481, 483,
    501.
    """
    try:
        _check(request)
    except SipError as error:
        raise error.about(request) from error.__cause__


def _check(request: Request) -> None:
    if request.version.upper() != "SIP/2.0":
        raise SipError(505, "Version Not Supported")
    index = request.index
    if len(request.headers) >= len(index):  # only then can one of them be there twice
        for key, title in _SINGLE:
            rows = index.get(key)
            if rows is not None and len(rows) > 1:
                raise SipError(400, f"Several {title} Headers")
    _check_vias(request)
    request.call_id  # noqa: B018 - reading raises where it is missing or malformed
    from_, to = request.from_, request.to
    if from_.is_star or to.is_star:
        raise SipError(400, "Malformed From or To")
    if request.cseq.method != request.method:
        if request.method not in KNOWN_METHODS:
            raise SipError(501, "Not Implemented")
        raise SipError(400, "CSeq Method Mismatch")
    request.max_forwards  # noqa: B018
    uri = request.request_uri
    if uri.scheme not in _SCHEMES:
        raise SipError(416, "Unsupported URI Scheme")
    if uri.headers:
        raise SipError(400, "Headers in Request-URI")
    if request.method not in _ENDINGS:
        _check_optional(request)
    if request.method == "REGISTER" and not (to.uri.is_sip or to.uri.scheme == "tel"):
        raise SipError(400, "Malformed To")


def _check_optional(request: Request) -> None:
    index = request.index
    if "contact" in index:
        request.contacts  # noqa: B018
    if "record-route" in index:
        request.record_routes  # noqa: B018
    if "route" in index:
        request.routes  # noqa: B018
    if "date" in index and not _DATE.fullmatch(index["date"][0]):
        raise SipError(400, "Malformed Date")


def _check_vias(request: Request) -> None:
    via = request.via
    if via.branch == MAGIC_COOKIE:
        raise SipError(400, "Missing Transaction Identifier")
    rows = request.index["via"]
    if len(rows) + sum([row.count(",") for row in rows]) > MAX_VIAS:
        raise SipError(400, "Too Many Vias")


def check_response(response: Response) -> None:
    """Check that a response can be matched to a transaction; raises SipError: drop it, there is no answer."""
    for key in ("via", "from", "to", "call-id", "cseq"):
        rows = response.index.get(key)
        if rows is not None and key != "via" and len(rows) > 1:
            raise SipError(400, "Several Headers of a Kind")
    response.via, response.from_, response.to, response.call_id, response.cseq  # noqa: B018
