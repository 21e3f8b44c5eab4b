"""The initial INVITE of a call that comes in (RFC 3261 13.3, RFC 3262 3)."""

from __future__ import annotations

from typing import Protocol

import msgspec

from b2bua.sip.core_admission import Admitted
from b2bua.sip.core_endpoint import ALLOW, SDP, SUPPORTED, Endpoint, Rows
from b2bua.sip.cseq import RAck
from b2bua.sip.dialog import DialogState, Phase
from b2bua.sip.effects import Timer
from b2bua.sip.message import Request
from b2bua.sip.offer_answer import Open, sdp_of
from b2bua.sip.reliable import ReliableSender
from b2bua.sip.respond import response_to
from b2bua.sip.session import Session
from b2bua.sip.session_timer import answer_request
from b2bua.sip.session_user import Server, SessionUser, Stage
from b2bua.sip.text import read_number
from b2bua.sip.transaction import InviteServer
from b2bua.sip.uas_dialog import callee_dialog, replaced_session

ALIVE_SECONDS = 60.0
"""How often the last unreliable provisional is repeated, so that no proxy gives the call up (RFC 3261
13.3.1.1)."""


ANSWERED = Request("INVITE", "sip:answered.invalid", [])
"""Stands for the INVITE of a call that is up, to spare its memory."""


class IncomingUser(SessionUser, Protocol):
    """The leg above an INVITE that came in."""

    def acknowledged(self, answer: bytes) -> None:
        """Learn that the 200 was acknowledged; ``answer`` is the SDP in the ACK, where the offer was ours."""


class IncomingInvite:
    """An INVITE that waits for our answer; 100 follows when nobody answers it at once.

    Set ``user`` before anything else happens.
    """

    __slots__ = (
        "_alive",
        "_expires",
        "_final",
        "_queue",
        "_reliable",
        "_requires_100rel",
        "_supports_100rel",
        "_timer_rows",
        "_transaction",
        "admitted",
        "endpoint",
        "interval",
        "offer",
        "replaces",
        "request",
        "session",
        "user",
    )

    def __init__(
        self, endpoint: Endpoint, request: Request, transaction: InviteServer, admitted: Admitted
    ) -> None:
        """Make the early dialog; raises SipError (400, 422) where that is not possible."""
        settings = endpoint.settings
        seconds = settings.session_seconds if admitted.session_seconds is None else admitted.session_seconds
        self.interval, self._timer_rows = answer_request(request, seconds, settings.min_session_seconds)
        self.endpoint = endpoint
        self.request = request
        self.admitted = admitted
        self.replaces = replaced_session(endpoint, request, admitted)
        """The session that a phone's INVITE shall take the place of (RFC 3891)."""
        self.offer = sdp_of(request)
        """SDP; b"": the caller wants our offer."""
        self.user: IncomingUser | None = None
        self._transaction = transaction
        self._final = False
        self._queue: list[tuple[int, bytes, Rows]] = []
        self._reliable: ReliableSender | None = None
        self._requires_100rel = "100rel" in request.tokens("Require")
        self._supports_100rel = self._requires_100rel or "100rel" in request.tokens("Supported")
        self.session = Session(endpoint, callee_dialog(endpoint, request, admitted), None, is_caller=False)
        session = self.session
        session.invite = self
        if self.offer:
            session.offers.they_offer()
        session.peer_allow = ",".join(request.get_all("Allow"))
        transaction.user = self
        self._expires: Timer | None = None
        self._alive: Timer | None = None
        expires = read_number((request.get("Expires") or "").strip(" \t"), 2**31 - 1)
        if expires is not None:
            self._expires = endpoint.effects.set_timer(self, "expires", expires)

    def take(self, user: IncomingUser) -> None:
        """Make ``user`` hear what happens."""
        self.user = user
        self.session.user = user

    def release(self) -> None:
        """Let the user go: the call is over, its transaction may live on for a while."""
        self.user = None
        self._transaction.user = None

    def state(self) -> DialogState:
        """Picture the dialog for the journal, before and after the final answer."""
        if self._final:
            return self.session.state()
        state = self.session.dialog.state(Phase.CALLED, tuple(self.request.get_all("Via")))
        return msgspec.structs.replace(state, flow=self._transaction.flow)

    # answering

    def provisional(
        self, status: int, sdp: bytes = b"", rows: Rows = (), *, prefer_reliable: bool = False
    ) -> None:
        """Send 180 or 183, reliably where the caller requires that, or supports it and we prefer it.

        With an offer in the INVITE ``sdp`` is the answer. Without one it is our offer, which only a reliable
        answer can carry: otherwise it is left out.
        """
        if self._final:
            return
        reliable = self._requires_100rel or (prefer_reliable and self._supports_100rel)
        if reliable:
            self._queue.append((status, sdp, rows))
            self._next_reliable()
            return
        if not self.offer:
            sdp = b""
        self._respond(status, [("Contact", self.session.dialog.contact), ALLOW, *rows], sdp)
        self._stay_alive()

    def _stay_alive(self) -> None:
        if self._alive is not None:
            self._alive.owner = None
        self._alive = self.endpoint.effects.set_timer(self, "alive", ALIVE_SECONDS)

    def _next_reliable(self) -> None:
        sender = self._reliable
        if not self._queue or (sender is not None and sender.waiting):
            return
        status, sdp, rows = self._queue.pop(0)
        if status == 200:
            self._accept(sdp, rows)
            return
        endpoint, transaction = self.endpoint, self._transaction
        if sender is None:
            sender = self._reliable = ReliableSender(
                endpoint.effects,
                transaction.flow,
                transaction.call_id,
                self.request.cseq.number,
                1 + int(endpoint.random() * 2**30),
                self._on_no_prack,
            )
        offers = self.session.offers
        if sdp:
            if offers.open is Open.THEIRS:
                offers.we_answer(sdp)
            elif not offers.settled and offers.open is Open.NONE:
                offers.we_offer(sdp)
            else:
                sdp = b""
        rows = [
            ("Contact", self.session.dialog.contact),
            ALLOW,
            ("Require", "100rel"),
            ("RSeq", str(sender.rseq)),
            *rows,
        ]
        sender.sent(self._respond(status, rows, sdp), sdp=bool(sdp))

    def _respond(self, status: int, rows: Rows, sdp: bytes, reason: str | None = None) -> bytes:
        endpoint = self.endpoint
        data = response_to(
            self.request,
            status,
            reason,
            to_tag=self.session.dialog.local_tag,
            headers=(*rows, endpoint.server_row),
            body=sdp,
            content_type=SDP if sdp else None,
        ).encode()
        self._transaction.respond(status, data)
        return data

    def accept(self, sdp: bytes, rows: Rows = ()) -> None:
        """Send 200 (once a reliable provisional with SDP has its PRACK) and wait for the ACK."""
        if self._final:
            return
        sender = self._reliable
        if sender is not None and sender.waiting and sender.carries_sdp:
            self._queue = [(200, sdp, rows)]
        else:
            self._accept(sdp, rows)

    def _accept(self, sdp: bytes, rows: Rows) -> None:
        self._close()
        session = self.session
        offers = session.offers
        if offers.open is Open.THEIRS:
            offers.we_answer(sdp)
        elif not offers.settled and offers.open is Open.NONE:
            offers.we_offer(sdp)
        else:  # agreed in reliable provisionals already (RFC 6337 3.1.1)
            sdp = b""
        session.stage = Stage.CONFIRMED
        session.agree(self.interval)
        session.changed()
        rows = [("Contact", session.dialog.contact), ALLOW, SUPPORTED, *self._timer_rows, *rows]
        session.accept(self.request, self._transaction, rows, sdp, self._on_acked)

    def refuse(self, status: int, reason: str | None = None, rows: Rows = ()) -> None:
        """Send a final refusal; the session is over."""
        if self._final:
            return
        self._close()
        self._respond(status, rows, b"", reason)
        self.session.finish(by_peer=False, status=status, reason=reason or "")

    def hang_up(self, reason: str = "") -> None:
        """End the call as its state asks: 480 before the answer, BYE after it."""
        if self._final:
            self.session.end(reason)
        else:
            self.refuse(480)

    def _close(self) -> None:
        self._final = True
        self._queue.clear()
        self.session.invite = self if self._reliable is not None and self._reliable.waiting else None
        if self._reliable is not None:
            self._reliable.close()
        if self._expires is not None:
            self._expires.owner = None
            self._expires = None
        if self._alive is not None:
            self._alive.owner = None
            self._alive = None

    # what comes from the caller

    def on_cancel(self, request: Request) -> None:
        """Take a CANCEL (the core has answered it)."""
        if self._final:
            return
        self._end_by_peer(request.get("Reason") or "")

    def on_early_bye(self) -> None:
        """Take a BYE in the early dialog: the INVITE gets its 487 (RFC 3261 15.1.2)."""
        if not self._final:
            self._close()
            self._respond(487, (), b"")

    def on_prack(self, request: Request, rack: RAck, transaction: Server) -> None:
        """Take a PRACK; it may answer our offer, or bring a new one."""
        sender = self._reliable
        if sender is None or not sender.acknowledge(rack):
            self.endpoint.answer(transaction, request, 481)
            return
        sdp = sdp_of(request)
        session = self.session
        body = b""
        if sdp and session.offers.open is Open.OURS:
            session.offers.they_answer()
            if self.user is not None:
                self.user.take_answer(sdp)
        elif sdp and session.offers.open is Open.NONE and self.user is not None:
            session.offers.they_offer()
            answer = self.user.answer_offer(sdp)
            if answer is None:
                session.offers.withdrawn()
                self.endpoint.answer(transaction, request, 488)
                self._next_reliable()
                return
            session.offers.we_answer(answer)
            body = answer
        self.endpoint.answer(transaction, request, 200, (), body)
        self._next_reliable()

    def on_ack(self, request: Request) -> None:
        """Take an ACK to the 200 that came under the INVITE's branch."""
        self.session.on_ack(request)

    def on_no_ack(self) -> None:
        """A refusal was never acknowledged: nothing is left to do."""

    def on_timer(self, key: str) -> None:
        """Say again that the call lives, or act on the INVITE's Expires (RFC 3261 13.3.1)."""
        if key == "alive":
            self._transaction.repeat()
            self._stay_alive()
        else:
            self._end_by_peer("")

    def _end_by_peer(self, reason: str) -> None:
        self._close()
        self._respond(487, (), b"")
        self.session.finish(by_peer=True, status=487, reason=reason)

    def _on_no_prack(self) -> None:
        self._close()
        self._respond(504, (), b"")
        self.session.finish(by_peer=True, status=504, reason="No PRACK")

    def _on_acked(self, ack: Request | None) -> None:
        session = self.session
        user = self.user
        if ack is None:
            session.on_unacknowledged()
            return
        session.acceptance = None
        self.request = ANSWERED  # for hours nobody looks at it any more
        if session.send_delayed_bye():
            return
        answer = b""
        if session.offers.open is Open.OURS:
            answer = sdp_of(ack)
            if not answer:
                session.end('SIP;cause=488;text="No answer in ACK"', 488)
                return
            session.offers.they_answer()
        if user is not None:
            user.acknowledged(answer)
        session.next_exchange()
