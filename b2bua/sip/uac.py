"""The initial INVITE of a call that goes out: forks, challenges, CANCEL (RFC 3261 13.2, 9.1)."""

from __future__ import annotations

from typing import Protocol

from b2bua.sip.core_endpoint import SDP, Endpoint
from b2bua.sip.dialog import Dialog, DialogState, Phase, contact_of, route_set
from b2bua.sip.effects import Timer
from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.message import Response
from b2bua.sip.offer_answer import Open, sdp_of
from b2bua.sip.reason import ELSEWHERE
from b2bua.sip.session import Session
from b2bua.sip.session_requests import Challenged
from b2bua.sip.session_timer import MIN_SE, read_agreement, read_min_se, request_headers
from b2bua.sip.session_user import SessionUser, Stage
from b2bua.sip.transaction import InviteClient
from b2bua.sip.transaction.timings import GIVE_UP
from b2bua.sip.uac_request import Invite, write_cancel, write_invite
from b2bua.sip.uri import Uri


class OutgoingUser(Protocol):
    """Who waits for the answer to an INVITE that goes out."""

    dialogs: SessionUser
    """The leg above the dialogs that come of it."""

    def call_progressed(self, status: int, sdp: bytes, response: Response) -> None:
        """Take a provisional answer (also 100), with its early SDP."""

    def call_answered(self, sdp: bytes, session: Session) -> None:
        """Take the 200's answer (or the one that was agreed before); the ACK is sent."""

    def call_refused(self, status: int, response: Response | None) -> None:
        """Take the final refusal; without a response 408 is silence and 503 a dead flow."""


class OutgoingInvite:
    """One INVITE until its final answers, on whatever forks."""

    __slots__ = (
        "_acks",
        "_branch",
        "_cancel_reason",
        "_challenged",
        "_cseq",
        "_heard",
        "_min_se",
        "_request",
        "_seconds",
        "_session",
        "_tag",
        "_timer",
        "_transaction",
        "call_id",
        "contact",
        "endpoint",
        "forks",
        "invite",
        "user",
    )

    def __init__(self, endpoint: Endpoint, invite: Invite, user: OutgoingUser) -> None:
        self.endpoint = endpoint
        self.invite = invite
        self.user: OutgoingUser | None = user
        """None when it was cancelled or is answered."""
        self.call_id = endpoint.fresh_token()
        self.contact = endpoint.contact(
            invite.flow, invite.contact_user, secure=invite.uri[:5].lower() == "sips:"
        )
        self.forks: dict[str, Session] = {}
        self._tag = endpoint.fresh_token()
        self._cseq = int(endpoint.random() * 10000)
        self._seconds = invite.session_seconds
        self._min_se = max(invite.min_session_seconds, MIN_SE)
        self._challenged = Challenged()
        self._heard = False
        self._session: Session | None = None
        self._acks: dict[str, tuple[bytes, Flow]] = {}
        self._cancel_reason: str | None = None
        self._timer: Timer | None = None
        self._prepare()

    # sending

    def _prepare(self) -> None:
        endpoint, invite = self.endpoint, self.invite
        self._cseq += 1
        self._branch = endpoint.branch()
        self._request = write_invite(
            endpoint,
            invite,
            branch=self._branch,
            tag=self._tag,
            call_id=self.call_id,
            cseq=self._cseq,
            contact=self.contact,
            timer_rows=request_headers(self._seconds, self._min_se),
            credentials=self._challenged.rows,
        )

    def start(self) -> None:
        """Send the INVITE."""
        self._heard = False
        self._transaction: InviteClient = self.endpoint.send_invite(
            self._request, self._branch, self.invite.flow, self
        )

    def _again(self) -> None:
        self._end_forks()
        self._prepare()
        if self.user is not None:
            self.user.dialogs.dialog_changed(self.state)
        self.start()

    def state(self) -> DialogState:
        """Picture the call for the journal, before the final answer."""
        invite = self.invite
        return DialogState(
            phase=Phase.CALLING,
            call_id=self.call_id,
            local=self._request.get("From") or "",
            remote=invite.to,
            local_tag=self._tag,
            local_cseq=self._cseq,
            target=invite.uri,
            routes=invite.routes,
            flow=invite.flow,
            vias=(self._request.get("Via") or "",),
            invite_cseq=self._cseq,
        )

    def cancel(self, reason: str = "") -> None:
        """Take the call back: CANCEL as soon as the callee was heard; a 200 that crosses it is ended
        by BYE."""
        if self._cancel_reason is not None or self.user is None:
            return
        self._cancel_reason = reason
        self.user = None
        for session in self.forks.values():
            session.user = None
        if self._heard:
            self._send_cancel()
        else:
            self._transaction.hush()

    def _send_cancel(self) -> None:
        cancel = write_cancel(self._request, self._cancel_reason or "")
        self.endpoint.send_request(cancel, self._branch, self.invite.flow, None)
        self._timer = self.endpoint.effects.set_timer(self, "cancelled", GIVE_UP)

    def on_timer(self, key: str) -> None:
        """Stop waiting for the answer to a cancelled INVITE."""
        self._transaction.abandon()
        self._end_forks()

    # answers

    def on_response(self, response: Response) -> None:
        """Take a response of any fork."""
        status = response.status
        if status < 200:
            self._on_provisional(status, response)
        elif status < 300:
            self._on_accepted(response)
        else:
            self._on_refused(status, response)

    def _on_provisional(self, status: int, response: Response) -> None:
        first = not self._heard
        self._heard = True
        if self._cancel_reason is not None:
            if first:
                self._send_cancel()
            return
        user = self.user
        if user is None:
            return
        sdp: bytes | None = b""
        tag = response.to.tag
        if status > 100 and tag is not None:
            session = self.forks.get(tag)
            if session is None:
                session = self._fork(response, tag)
            sdp = session.on_provisional(response, self._request)
            if sdp is None:
                return
            session.early_sdp = sdp or session.early_sdp
        user.call_progressed(status, sdp or b"", response)

    def _fork(self, response: Response, tag: str) -> Session:
        invite, endpoint = self.invite, self.endpoint
        try:
            routes = route_set(response, reverse=True)
        except SipError:
            routes = ()
        dialog = Dialog(
            call_id=self.call_id,
            local=self._request.get("From") or "",
            remote=response.get("To") or "",
            local_tag=self._tag,
            remote_tag=tag,
            local_cseq=self._cseq,
            remote_cseq=-1,
            target=contact_of(response) or Uri.parse(invite.uri),
            routes=routes,
            contact=self.contact,
            flow=invite.flow,
            follow_contact=invite.follow_contact,
            invite_cseq=self._cseq,
        )
        user = None if self.user is None else self.user.dialogs
        session = Session(endpoint, dialog, user, is_caller=True)
        dialog.find_flow(endpoint.paths.route, session.changed)
        session.credentials = invite.credentials
        if invite.sdp:
            session.offers.we_offer(invite.sdp)
        self.forks[tag] = session
        return session

    def _on_accepted(self, response: Response) -> None:
        tag = response.to.tag or ""
        ack = self._acks.get(tag)
        if ack is not None:  # our ACK was lost
            self.endpoint.effects.send(*ack, self.call_id)
            return
        session = self.forks.pop(tag, None)
        if session is None:
            session = self._fork(response, tag)
            del self.forks[tag]
        else:
            self._confirm_route(session, response)
        if self._session is None and self.user is not None:
            self._win(session, response, self.user)
        else:
            session.user = None
            session.stage = Stage.CONFIRMED
            self._send_ack(session, b"")
            session.end(self._cancel_reason or ELSEWHERE)

    def _confirm_route(self, session: Session, response: Response) -> None:
        """Fix route set and target by the 2xx (RFC 3261 13.2.2.4)."""
        dialog = session.dialog
        try:
            routes = route_set(response, reverse=True)
        except SipError:
            routes = dialog.routes
        moved = routes != dialog.routes
        if moved:
            dialog.set_routes(routes)
        if not dialog.retarget(response, self.endpoint.paths.route, session.changed) and moved:
            dialog.find_flow(self.endpoint.paths.route, session.changed)

    def _win(self, session: Session, response: Response, user: OutgoingUser) -> None:
        self._session = session
        self.user = None
        session.stage = Stage.CONFIRMED
        session.peer_allow = ",".join(response.get_all("Allow"))
        session.changed()
        sdp = sdp_of(response)
        offers = session.offers
        answer: bytes | None = b""
        if offers.open is Open.OURS:
            sdp = sdp or session.early_sdp
            offers.they_answer()
        elif offers.settled:
            sdp = session.early_sdp
        elif sdp:
            offers.they_offer()
            answer = user.dialogs.answer_offer(sdp)
            if answer is not None:
                offers.we_answer(answer)
        self._send_ack(session, answer or b"")
        self._end_forks()
        if not sdp or answer is None:
            session.user = None
            session.end('SIP;cause=488;text="Not Acceptable Here"')
            user.call_refused(488, response)
            return
        session.agree(read_agreement(response))
        user.call_answered(sdp, session)

    def _send_ack(self, session: Session, body: bytes) -> None:
        endpoint, dialog = self.endpoint, session.dialog
        rows = list(self._challenged.rows)
        if body:
            rows.append(("Content-Type", SDP))
        ack = dialog.request("ACK", self._cseq, endpoint.via(dialog.flow, endpoint.branch()), rows, body)
        data = ack.encode()
        self._acks[dialog.remote_tag] = (data, dialog.flow)
        endpoint.effects.send(data, dialog.flow, self.call_id)

    def _on_refused(self, status: int, response: Response) -> None:
        if self._cancel_reason is None and self._answer(status, response):
            self._again()
        else:
            self._refuse(status, response)

    def _answer(self, status: int, response: Response) -> bool:
        """Prepare another try where the refusal asks for one."""
        if status in (401, 407):
            return self._challenged.answer(self.invite.credentials, response, self._request)
        if status == 422 and self._seconds:
            try:
                wanted = read_min_se(response)
            except SipError:
                return False
            if wanted > self._seconds:
                self._seconds = self._min_se = wanted
                return True
        return False

    def on_no_response(self, status: int) -> None:
        """Take silence or a dead flow."""
        self._refuse(status, None)

    def _refuse(self, status: int, response: Response | None) -> None:
        if self._timer is not None:
            self._timer.owner = None
            self._timer = None
        user = self.user
        self.user = None
        self._end_forks()
        if user is not None:
            user.call_refused(status, response)

    def on_all_forks_heard(self) -> None:
        """Forget what other forks could still have needed."""
        self._acks.clear()
        if self._timer is not None:
            self._timer.owner = None
            self._timer = None

    def _end_forks(self) -> None:
        forks, self.forks = self.forks, {}
        for session in forks.values():
            session.user = None
            session.finish(by_peer=True, status=0, reason="")
