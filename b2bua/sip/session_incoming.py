"""What the peer asks for in a dialog, other than its end: each method to who answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from b2bua.sip.core_endpoint import ACCEPT, ALLOW, SUPPORTED
from b2bua.sip.cseq import RAck
from b2bua.sip.errors import SipError
from b2bua.sip.message import KNOWN_METHODS, Request
from b2bua.sip.session_reoffers import take_reinvite, take_update
from b2bua.sip.session_user import Server, Stage
from b2bua.sip.transaction import InviteServer

if TYPE_CHECKING:
    from b2bua.sip.session import Session


def take_request(session: Session, request: Request, transaction: Server) -> None:
    """Answer a request in order, or pass it on; 481 when the session is over."""
    method = request.method
    answer = session.endpoint.answer
    user = session.user
    if session.stage is Stage.OVER:
        answer(transaction, request, 481)
    elif method == "INVITE":
        assert isinstance(transaction, InviteServer)
        take_reinvite(session, request, transaction)
    elif method == "UPDATE":
        take_update(session, request, transaction)
    elif method == "PRACK":
        _take_prack(session, request, transaction)
    elif method == "INFO":
        answer(transaction, request, user.take_info(request) if user is not None else 481)
    elif method == "OPTIONS":
        answer(transaction, request, 200, [ALLOW, SUPPORTED, ACCEPT])
    elif method == "REFER":
        _take_refer(session, request, transaction)
    elif method == "NOTIFY":
        answer(transaction, request, 481)
    elif method in KNOWN_METHODS:
        answer(transaction, request, 405, [ALLOW])
    else:
        answer(transaction, request, 501, [ALLOW])


def _take_refer(session: Session, request: Request, transaction: Server) -> None:
    answer = session.endpoint.answer
    status = session.user.take_refer(request) if session.user is not None else 481
    if status == 202:  # it asks for a new request in the dialog, hence names our Contact
        answer(transaction, request, 202, [("Contact", session.dialog.contact)])
        session.notify_referral(request.cseq.number, 100, "Trying", last=False)  # at once (RFC 3515 2.4.4)
        if session.user is not None:
            session.user.referred(request)
    else:
        answer(transaction, request, status, [ALLOW] if status == 405 else ())


def _take_prack(session: Session, request: Request, transaction: Server) -> None:
    answer = session.endpoint.answer
    try:
        rack = request.parse_header("RAck", RAck.parse)
    except SipError as error:
        answer(transaction, request, error.status, reason=error.reason)
        return
    if rack is None:
        answer(transaction, request, 400, reason="Missing RAck")
    elif session.invite is None:
        answer(transaction, request, 481)
    else:
        session.invite.on_prack(request, rack, transaction)
