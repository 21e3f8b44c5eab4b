"""A session: one dialog that an INVITE made, early or confirmed, in either role (RFC 3261 12-15).

The initial INVITE itself is in ``uas.py`` and ``uac.py``; later offers are in ``session_reoffers.py``
(theirs) and ``session_exchange.py`` (ours).
"""

from __future__ import annotations

from collections.abc import Callable

from b2bua.sip.acceptance import Acceptance
from b2bua.sip.core_endpoint import SDP, Endpoint, Rows
from b2bua.sip.cseq import parse_rseq
from b2bua.sip.dialog import Dialog, DialogState, Phase
from b2bua.sip.effects import Timer
from b2bua.sip.errors import SipError
from b2bua.sip.message import Message, Request, Response
from b2bua.sip.offer_answer import OfferAnswer, Open, sdp_of
from b2bua.sip.reliable import ReliableReceiver
from b2bua.sip.session_exchange import Done, Exchange
from b2bua.sip.session_incoming import take_request
from b2bua.sip.session_requests import Credentials, DialogRequest, Finished
from b2bua.sip.session_timer import Interval
from b2bua.sip.session_user import EarlyInvite, Server, SessionUser, Stage
from b2bua.sip.transaction import InviteServer


class Session:
    """What both roles do in a dialog."""

    __slots__ = (
        "_bye_reason",
        "_timer",
        "acceptance",
        "credentials",
        "dialog",
        "early_sdp",
        "endpoint",
        "exchange",
        "exchanges",
        "interval",
        "invite",
        "is_caller",
        "offers",
        "peer_allow",
        "receiver",
        "stage",
        "user",
        "waiting",
    )

    def __init__(
        self, endpoint: Endpoint, dialog: Dialog, user: SessionUser | None, *, is_caller: bool
    ) -> None:
        self.endpoint = endpoint
        self.dialog = dialog
        self.user = user
        self.is_caller = is_caller
        """We sent the INVITE and own the Call-ID."""
        self.stage = Stage.EARLY
        self.offers = OfferAnswer()
        self.invite: EarlyInvite | None = None
        self.acceptance: Acceptance | None = None
        self.exchange: Exchange | None = None
        """Our offer or refresh that waits for its answer."""
        self.exchanges: list[Exchange] = []
        """Those that wait for their turn."""
        self.waiting: list[Exchange] = []
        """Those that met the peer's own and will try again."""
        self.receiver = ReliableReceiver()
        self.interval: Interval | None = None
        self.peer_allow: str | None = None
        self.early_sdp = b""
        self.credentials: Credentials | None = None
        self._timer: Timer | None = None
        self._bye_reason: str | None = None
        endpoint.dialogs[dialog.key] = self

    # what the peer asks for

    def on_request(self, request: Request, transaction: Server) -> None:
        """Take a request in the dialog, other than ACK and CANCEL, that was not seen before."""
        number = request.cseq.number
        dialog = self.dialog
        if number <= dialog.remote_cseq:
            self.endpoint.answer(transaction, request, 500, reason="CSeq Out of Order")
            return
        dialog.remote_cseq = number
        if not dialog.follow_contact and request.source is not None:
            dialog.flow = request.source
        if request.method == "BYE":
            self._on_bye(request, transaction)
        else:
            take_request(self, request, transaction)

    def _on_bye(self, request: Request, transaction: Server) -> None:
        if self.stage is Stage.EARLY and self.is_caller:  # a callee may not (RFC 3261 15)
            self.endpoint.answer(transaction, request, 481)
            return
        self.endpoint.answer(transaction, request, 200)
        if self.stage is Stage.OVER:  # both ended it at once; our own BYE goes on
            self._bye_reason = None
            if self.acceptance is not None:
                self.acceptance.close()
                self.acceptance = None
                self._leave()
            return
        status = 487 if self.stage is Stage.EARLY else 0
        invite = self.invite
        if invite is not None:
            invite.on_early_bye()
        self.finish(by_peer=True, status=status, reason=request.get("Reason") or "")

    def accept(
        self,
        request: Request,
        transaction: InviteServer,
        rows: Rows,
        body: bytes,
        on_ack: Callable[[Request | None], None],
    ) -> None:
        """Send a 2xx to an INVITE and wait for its ACK."""
        data = self.endpoint.accepting(request, self.dialog.local_tag, rows, body)
        transaction.respond(200, data)
        self.acceptance = Acceptance(
            self.endpoint.effects,
            data,
            transaction.flow,
            transaction.call_id,
            request.cseq.number,
            on_ack,
        )

    def on_ack(self, request: Request) -> bool:
        """Take an ACK to a 2xx; False when nothing waited for it."""
        return self.acceptance is not None and self.acceptance.acknowledge(request)

    def on_unacknowledged(self) -> None:
        """End a session whose 2xx was never acknowledged (RFC 3261 13.3.1.4)."""
        self.acceptance = None
        if self.send_delayed_bye():
            return
        self._send_bye('SIP;cause=408;text="No ACK"')
        self.finish(by_peer=True, status=408, reason="No ACK", stay=True)

    # what we ask for

    def request(
        self, method: str, rows: Rows = (), body: bytes = b"", finished: Finished | None = None
    ) -> DialogRequest:
        """Send a request other than INVITE and ACK in the dialog."""
        return DialogRequest(self, method, rows, body, finished)

    def notify_referral(self, cseq: int, status: int, reason: str, *, last: bool) -> None:
        """Report how a referral goes (RFC 3515 2.4.4); ``cseq`` is the REFER's."""
        if self.stage is Stage.OVER:
            return
        state = "terminated;reason=noresource" if last else "active;expires=60"
        rows = [
            ("Event", f"refer;id={cseq}"),
            ("Subscription-State", state),
            ("Contact", self.dialog.contact),
            self.endpoint.user_agent_row,
            ("Content-Type", "message/sipfrag;version=2.0"),
        ]
        self.request("NOTIFY", rows, f"SIP/2.0 {status} {reason}\r\n".encode())

    def offer(self, sdp: bytes, done: Done) -> None:
        """Send a new offer: re-INVITE, or UPDATE in an early dialog; waits for its turn where one is open."""
        method = "INVITE" if self.stage is Stage.CONFIRMED else "UPDATE"
        self.exchanges.append(Exchange(self, method, sdp, done))
        self.next_exchange()

    def next_exchange(self) -> None:
        """Start what waits, if the dialog is free for it."""
        if (
            self.exchanges
            and self.exchange is None
            and self.stage is not Stage.OVER
            and self.offers.open is Open.NONE
            and (self.acceptance is None or not self.acceptance.waiting)
        ):
            self.exchange = self.exchanges.pop(0)
            self.exchange.start()

    def on_provisional(self, response: Response, request: Request) -> bytes | None:
        """Take a provisional answer to an INVITE of ours, and acknowledge it where it is reliable (RFC
        3262 4).

        Returns its SDP; None for one that is out of order or came before.
        """
        sdp = sdp_of(response)
        if "100rel" not in response.tokens("Require"):
            return sdp
        try:
            rseq = response.parse_header("RSeq", parse_rseq)
        except SipError:
            return None
        if rseq is None or not self.receiver.take(rseq):
            return None
        body: bytes | None = b""
        if sdp:
            if self.offers.open is Open.OURS:
                self.offers.they_answer()
            elif not self.offers.settled and self.user is not None:  # our INVITE asked for their offer
                self.offers.they_offer()
                body = self.user.answer_offer(sdp)
                if body is None:
                    return None
                self.offers.we_answer(body)
        rows = [("RAck", f"{rseq} {request.cseq}"), self.endpoint.user_agent_row]
        if body:
            rows.append(("Content-Type", SDP))
        self.request("PRACK", rows, body or b"")
        return sdp

    def end(self, reason: str = "", status: int = 0) -> None:
        """Hang up a confirmed session: BYE now, or at the ACK that we still wait for (RFC 3261 15).

        ``status`` tells the user what was wrong with the peer, 0: nothing.
        """
        if self.stage is Stage.OVER:
            return
        if self.acceptance is not None and self.acceptance.waiting:
            self._bye_reason = reason
        else:
            self._send_bye(reason)
        self.finish(by_peer=False, status=status, reason=reason, stay=True)

    def send_delayed_bye(self) -> bool:
        """Send the BYE that waited for an ACK; True when the session is over anyway."""
        if self._bye_reason is None:
            return self.stage is Stage.OVER
        self._send_bye(self._bye_reason)
        return True

    def _send_bye(self, reason: str) -> None:
        self._bye_reason = None
        rows = [self.endpoint.user_agent_row]
        if reason:
            rows.append(("Reason", reason))
        self.request("BYE", rows, finished=self._bye_answered)

    def _bye_answered(self, response: Response | None, status: int) -> None:
        self._leave()

    def lost(self, status: int) -> None:
        """End a session whose peer does not know it or is silent (408, 481; RFC 3261 12.2.1.2)."""
        if self.stage is Stage.CONFIRMED:
            self._send_bye(f"SIP;cause={status}")
            self.finish(by_peer=True, status=status, reason="", stay=True)

    def finish(self, *, by_peer: bool, status: int, reason: str, stay: bool = False) -> None:
        """Note the end and tell the user; ``stay``: the dialog must still hear requests (a BYE is
        under way)."""
        if self.stage is Stage.OVER:
            return
        self.stage = Stage.OVER
        self.invite = None
        self._clear_timer()
        pending = [self.exchange, *self.exchanges, *self.waiting]
        self.exchange = None
        self.exchanges = []
        self.waiting = []
        for exchange in pending:
            if exchange is not None:
                exchange.abandon()
        if not stay:
            if self.acceptance is not None:
                self.acceptance.close()
                self.acceptance = None
            self._leave()
        user = self.user
        self.user = None
        if user is not None:
            user.session_over(by_peer, status, reason)

    def _leave(self) -> None:
        if self.endpoint.dialogs.get(self.dialog.key) is self:
            del self.endpoint.dialogs[self.dialog.key]

    # the dialog's state

    def retarget(self, message: Message) -> None:
        """Take the peer's Contact as new target."""
        if self.dialog.retarget(message, self.endpoint.paths.route, self.changed):
            self.changed()

    def changed(self) -> None:
        """Tell the user that the dialog has changed."""
        if self.user is not None:
            self.user.dialog_changed(self.state)

    def state(self) -> DialogState:
        """Picture the dialog for the journal, when it is confirmed."""
        return self.dialog.state(Phase.CONFIRMED)

    def peer_allows(self, method: str) -> bool:
        """Tell whether the peer said that it takes a method."""
        allow = self.peer_allow
        return allow is not None and method in [part.strip(" \t") for part in allow.split(",")]

    # session timer

    def agree(self, interval: Interval | None) -> None:
        """Start the session timer anew (RFC 4028 7.2, 9)."""
        self.interval = interval
        self._clear_timer()
        if interval is not None:
            self._timer = self.endpoint.effects.set_timer(self, "session", interval.delay)

    def on_timer(self, key: str) -> None:
        """Refresh the session, or give the peer up."""
        interval = self.interval
        assert interval is not None
        if key == "session" and interval.we_refresh:
            self._timer = self.endpoint.effects.set_timer(
                self, "expired", interval.seconds / 2 - min(32.0, interval.seconds / 3)
            )
            self._refresh(interval)
            return
        self.end('SIP;cause=408;text="Session expired"')

    def _refresh(self, interval: Interval) -> None:
        if self.peer_allows("UPDATE"):
            exchange = Exchange(self, "UPDATE", b"", None)
        else:
            exchange = Exchange(self, "INVITE", self.offers.local, None)
        self.exchanges.append(exchange)
        self.next_exchange()

    def _clear_timer(self) -> None:
        if self._timer is not None:
            self._timer.owner = None
            self._timer = None
