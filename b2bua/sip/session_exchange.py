"""An offer or a refresh of ours in a dialog, by re-INVITE or UPDATE (RFC 3261 14.1, RFC 3311, RFC
4028 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from b2bua.sip.core_endpoint import ALLOW, SUPPORTED
from b2bua.sip.effects import Timer
from b2bua.sip.errors import SipError
from b2bua.sip.message import Response
from b2bua.sip.offer_answer import sdp_of
from b2bua.sip.reliable import ReliableReceiver
from b2bua.sip.session_requests import Challenged
from b2bua.sip.session_timer import read_agreement, read_min_se, request_headers

if TYPE_CHECKING:
    from b2bua.sip.session import Session

Done = Callable[[bytes, int, str], None]
"""Takes the answer's SDP (b"" when refused), the final status and its reason."""

GLARE_TRIES = 5


class Exchange:
    """One re-INVITE or UPDATE, through challenges, 422 and 491, to its end."""

    __slots__ = (
        "_ack",
        "_branch",
        "_challenged",
        "_done",
        "_early",
        "_glares",
        "_request",
        "_seconds",
        "_session",
        "_timer",
        "method",
        "offer",
    )

    def __init__(self, session: Session, method: str, offer: bytes, done: Done | None) -> None:
        self._session = session
        self.method = method
        self.offer = offer
        """SDP, or b"" for an UPDATE that only refreshes the session."""
        self._done = done
        self._ack = b""
        self._branch = ""
        self._early = b""
        self._challenged = Challenged()
        self._glares = 0
        self._seconds = 0
        self._timer: Timer | None = None

    def start(self) -> None:
        """Send it; the session is free for it."""
        if self.offer:
            self._session.offers.we_offer(self.offer)
        self._send()

    def _send(self) -> None:
        session = self._session
        dialog, endpoint = session.dialog, session.endpoint
        dialog.local_cseq += 1
        self._branch = endpoint.branch()
        rows = [("Contact", dialog.contact), ALLOW, SUPPORTED, endpoint.user_agent_row]
        interval = session.interval
        if interval is not None:
            seconds = max(interval.seconds, self._seconds)
            refresher = "uac" if interval.we_refresh else "uas"
            rows += request_headers(seconds, endpoint.settings.min_session_seconds, refresher)
        if self.offer:
            rows.append(("Content-Type", "application/sdp"))
        self._request = dialog.request(
            self.method,
            dialog.local_cseq,
            endpoint.via(dialog.flow, self._branch),
            [*rows, *self._challenged.rows],
            self.offer,
        )
        session.changed()
        if self.method == "INVITE":
            session.receiver = ReliableReceiver()  # RSeq counts anew for each INVITE
            endpoint.send_invite(self._request, self._branch, dialog.flow, self)
        else:
            endpoint.send_request(self._request, self._branch, dialog.flow, self)

    def on_response(self, response: Response) -> None:
        """Take a response."""
        status = response.status
        if self._ack:  # a 2xx again
            self._resend_ack(response)
        elif status < 200:
            if self.method == "INVITE":
                self._early = self._session.on_provisional(response, self._request) or self._early
        elif status < 300:
            self._accepted(response)
        else:
            self._refused(response, status)

    def on_no_response(self, status: int) -> None:
        """Take silence or a dead flow."""
        self._failed(408, "")

    def on_all_forks_heard(self) -> None:
        """No 2xx can come again."""

    def _accepted(self, response: Response) -> None:
        session = self._session
        session.retarget(response)
        if self.method == "INVITE":
            dialog, endpoint = session.dialog, session.endpoint
            ack = dialog.request(
                "ACK", self._request.cseq.number, endpoint.via(dialog.flow, endpoint.branch()), ()
            )
            self._ack = ack.encode()
            endpoint.effects.send(self._ack, dialog.flow, dialog.call_id)
        if session.exchange is not self:  # over meanwhile
            return
        session.agree(read_agreement(response))
        answer = sdp_of(response) or self._early
        if self.offer:
            session.offers.they_answer()
        self._finish(answer, response.status, response.reason)

    def _resend_ack(self, response: Response) -> None:
        if 200 <= response.status < 300:
            session = self._session
            session.endpoint.effects.send(self._ack, session.dialog.flow, session.dialog.call_id)

    def _refused(self, response: Response, status: int) -> None:
        session = self._session
        if session.exchange is not self:
            return
        if self._challenged.answer(session.credentials, response, self._request):
            self._send()
            return
        if status == 422 and not self._seconds and session.interval is not None:
            try:
                self._seconds = read_min_se(response)
            except SipError:
                self._seconds = 0
            if self._seconds > session.interval.seconds:
                self._send()
                return
        if status == 491 and self._glares < GLARE_TRIES:
            self._wait()
            return
        self._failed(status, response.reason)

    def _wait(self) -> None:
        """Leave the dialog to the peer and try again (RFC 3261 14.1): the Call-ID's owner waits longer."""
        session = self._session
        self._glares += 1
        if self.offer:
            session.offers.withdrawn()
        steps = session.endpoint.random()
        delay = 2.1 + round(steps * 190) / 100 if session.is_caller else round(steps * 200) / 100
        session.exchange = None
        session.waiting.append(self)
        self._timer = session.endpoint.effects.set_timer(self, "glare", delay)

    def on_timer(self, key: str) -> None:
        """Try again after glare."""
        session = self._session
        session.waiting.remove(self)
        session.exchanges.insert(0, self)
        session.next_exchange()

    def _failed(self, status: int, reason: str) -> None:
        session = self._session
        if session.exchange is not self:
            return
        if self.offer:
            session.offers.withdrawn()
        self._finish(b"", status, reason)
        if status in (408, 481):
            session.lost(status)

    def _finish(self, answer: bytes, status: int, reason: str) -> None:
        session = self._session
        session.exchange = None
        done = self._done
        self._done = None
        if done is not None:
            done(answer, status, reason)
        elif answer and session.user is not None:
            session.user.take_answer(answer)
        session.next_exchange()

    def abandon(self) -> None:
        """End with the session."""
        if self._timer is not None:
            self._timer.owner = None
            self._timer = None
        done = self._done
        self._done = None
        if done is not None:
            done(b"", 481, "")
