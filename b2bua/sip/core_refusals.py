"""What a user agent server refuses before it asks anybody (RFC 3261 8.2), and where its answers go."""

from __future__ import annotations

from b2bua.sip.bodies import accepts, body_of
from b2bua.sip.check import check_request
from b2bua.sip.core_endpoint import ACCEPT, SDP, SUPPORTED_OPTIONS
from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.sip.respond import response_address


def reply_flow(request: Request, flow: Flow) -> Flow:
    """Give the flow that answers to a request take (RFC 3261 18.2.2, RFC 3581)."""
    if flow.transport != "udp":
        return flow
    try:
        if request.via.param("rport") is not None:
            return flow
    except SipError:
        return flow
    host, port = response_address(request)
    return flow if port == flow.remote[1] else Flow("udp", flow.local, (host, port), flow.listener)


def judged(request: Request, error: SipError) -> SipError:
    """Say what is wrong with a request, also where it has no key to find a transaction by: then the check
    names the worst of it (505 before a Via that another version wrote)."""
    if error.message is not None:
        return error
    try:
        check_request(request)
    except SipError as found:
        return found
    return error.about(request)


def unsupported(request: Request) -> SipError | None:
    """Refuse options that we do not know (RFC 3261 8.2.2.3)."""
    if not request.has("Require"):
        return None
    unknown = [option for option in request.tokens("Require") if option not in SUPPORTED_OPTIONS]
    if not unknown:
        return None
    return SipError(420, "Bad Extension", [("Unsupported", ", ".join(unknown))])


def unacceptable(request: Request) -> SipError | None:
    """Refuse an INVITE whose body we cannot read, or whose sender cannot read ours (RFC 3261 8.2.3,
    21.4.7)."""
    if request.body:
        kind = request.content_type
        if kind is not None and kind.startswith("multipart/"):
            try:
                body_of(request, SDP)
            except SipError as error:
                return error
        elif kind is not None and kind != SDP and _must_be_read(request):
            return SipError(415, "Unsupported Media Type", [ACCEPT])
        if request.has("Content-Encoding") and request.tokens("Content-Encoding") != ("identity",):
            return SipError(415, "Unsupported Media Type", [("Accept-Encoding", "identity")])
    if not accepts(request, SDP):
        return SipError(406, "Not Acceptable")
    return None


def _must_be_read(request: Request) -> bool:
    disposition = (request.get("Content-Disposition") or "").lower()
    return "handling=optional" not in disposition.replace(" ", "")
