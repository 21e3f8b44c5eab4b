"""The peer's new offers in a dialog: re-INVITE and UPDATE (RFC 3261 14.2, RFC 3311 5.2, RFC 3264)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from b2bua.sip.core_endpoint import ALLOW, SUPPORTED
from b2bua.sip.errors import SipError
from b2bua.sip.message import Request
from b2bua.sip.offer_answer import Open, sdp_of
from b2bua.sip.session_timer import answer_request
from b2bua.sip.session_user import Server, SessionUser, Stage
from b2bua.sip.transaction import InviteServer

if TYPE_CHECKING:
    from b2bua.sip.session import Session


def take_reinvite(session: Session, request: Request, transaction: InviteServer) -> None:
    """Answer a re-INVITE at once: 200, 488, or what glare asks for."""
    offers = session.offers
    if session.acceptance is not None and offers.open is Open.NONE:
        # Who sends a new INVITE has our 200: its ACK was lost or overtaken (RFC 5407 3.1.4).
        session.acceptance.presume(request)
    if session.stage is Stage.EARLY:
        _retry_later(session, request, transaction)
    elif session.exchange is not None or offers.open is Open.OURS:
        session.endpoint.answer(transaction, request, 491)
    elif offers.open is Open.THEIRS:
        _retry_later(session, request, transaction)
    else:
        _renegotiate(session, request, transaction)


def take_update(session: Session, request: Request, transaction: Server) -> None:
    """Answer an UPDATE: a new offer, or only a refresh."""
    offers = session.offers
    if sdp_of(request):
        if offers.open is Open.OURS:
            session.endpoint.answer(transaction, request, 491)
            return
        if offers.open is Open.THEIRS:
            _retry_later(session, request, transaction)
            return
    _renegotiate(session, request, transaction)


def _retry_later(session: Session, request: Request, transaction: Server) -> None:
    """Refuse what comes while the same peer's last offer is still open."""
    seconds = int(session.endpoint.random() * 10) + 1
    session.endpoint.answer(transaction, request, 500, [("Retry-After", str(seconds))])


def _renegotiate(session: Session, request: Request, transaction: Server) -> None:
    endpoint = session.endpoint
    try:
        interval, timer_rows = answer_request(
            request,
            session.interval.seconds if session.interval else 0,
            endpoint.settings.min_session_seconds,
        )
    except SipError as error:
        endpoint.answer(transaction, request, error.status, error.headers, reason=error.reason)
        return
    user = session.user
    body = None if user is None else _describe(session, user, request)
    if session.stage is Stage.OVER:  # its owner ended it instead
        endpoint.answer(transaction, request, 487 if request.method == "INVITE" else 481)
        return
    if body is None:
        endpoint.answer(transaction, request, 488)
        return
    if request.has("Allow"):
        session.peer_allow = ",".join(request.get_all("Allow"))
    session.retarget(request)
    session.agree(interval)
    rows = [("Contact", session.dialog.contact), ALLOW, SUPPORTED, *timer_rows]
    if isinstance(transaction, InviteServer):
        session.accept(request, transaction, rows, body, lambda ack: _acknowledged(session, ack))
    else:
        endpoint.answer(transaction, request, 200, rows, body)


def _describe(session: Session, user: SessionUser, request: Request) -> bytes | None:
    """Let the user answer the offer, or make one for an INVITE without; None: refused."""
    offers = session.offers
    offer = sdp_of(request)
    if offer:
        offers.they_offer()
        answer: bytes | None = None
        try:
            answer = user.answer_offer(offer)
        finally:
            if answer is None:
                offers.withdrawn()
            else:
                offers.we_answer(answer)
        return answer
    if request.method != "INVITE":
        return b""
    ours = user.make_offer()
    if ours is not None:
        offers.we_offer(ours)
    return ours


def _acknowledged(session: Session, ack: Request | None) -> None:
    if ack is None:
        session.on_unacknowledged()
        return
    session.acceptance = None
    if session.send_delayed_bye():
        return
    if session.offers.open is Open.OURS:
        answer = sdp_of(ack)
        if not answer:
            session.end('SIP;cause=488;text="No answer in ACK"', 488)
            return
        session.offers.they_answer()
        if session.user is not None:
            session.user.take_answer(answer)
    session.next_exchange()
