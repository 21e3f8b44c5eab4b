"""What an INVITE that comes in says about dialogs: the one it makes, the one it replaces."""

from __future__ import annotations

from b2bua.sip.core_admission import Admitted
from b2bua.sip.core_endpoint import Endpoint
from b2bua.sip.dialog import Dialog, contact_of, route_set
from b2bua.sip.errors import SipError
from b2bua.sip.message import Request
from b2bua.sip.replaces import Replaces
from b2bua.sip.session import Session
from b2bua.sip.session_user import Stage


def replaced_session(endpoint: Endpoint, request: Request, admitted: Admitted) -> Session | None:
    """Find what a Replaces header names; only a phone may take the place of one of our dialogs.

    A trunk's header that names none of ours is about others and not ours to judge, unless it requires us to.
    Raises SipError: 400, 403 for a trunk, 481 for no such dialog, 486 for an answered one wanted early.
    """
    is_phone = admitted.extension is not None
    if not request.has("Replaces"):
        return None
    try:
        replaces = request.parse_header("Replaces", Replaces.parse)
    except SipError:
        if is_phone:
            raise
        return None
    if replaces is None:
        return None
    session = endpoint.dialogs.get((replaces.call_id, replaces.to_tag, replaces.from_tag))
    if not is_phone:
        if session is not None:
            raise SipError(403, "Forbidden")
        if "replaces" in request.tokens("Require"):
            raise SipError(481, "Call/Transaction Does Not Exist")
        return None
    if session is None or session.stage is Stage.OVER:
        raise SipError(481, "Call/Transaction Does Not Exist")
    if session.stage is Stage.EARLY and not session.is_caller:
        raise SipError(481, "Call/Transaction Does Not Exist")
    if session.stage is Stage.CONFIRMED and replaces.early_only:
        raise SipError(486, "Busy Here")
    return session


def callee_dialog(endpoint: Endpoint, request: Request, admitted: Admitted) -> Dialog:
    """Make the callee's early dialog (RFC 3261 12.1.1); raises SipError(400)."""
    tag = endpoint.fresh_token()
    target = contact_of(request)
    if target is None:
        raise SipError(400, "Missing Contact")
    flow = request.source
    assert flow is not None
    uri = request.request_uri
    cseq = request.cseq.number
    dialog = Dialog(
        call_id=request.call_id,
        local=f"{request.get('To')};tag={tag}",
        remote=request.get("From") or "",
        local_tag=tag,
        remote_tag=request.from_.tag or "",
        local_cseq=int(endpoint.random() * 10000),
        remote_cseq=cseq,
        target=target,
        routes=route_set(request, reverse=False),
        contact=endpoint.contact(flow, (uri.user or "") if uri.is_sip else "", secure=uri.scheme == "sips"),
        flow=flow,
        follow_contact=admitted.extension is None,
        invite_cseq=cseq,
    )
    dialog.find_flow(endpoint.paths.route)
    return dialog
