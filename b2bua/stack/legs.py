"""What both kinds of legs share over a SIP session (:class:`b2bua.calls.ports.Leg`)."""

from __future__ import annotations

import re
from collections.abc import Callable

from twisted.internet.defer import Deferred

from b2bua.calls.ports import DialFailed, LegEnd, Referral, Renegotiate
from b2bua.sdp import SdpError, SessionDescription
from b2bua.sip.dialog import DialogState
from b2bua.sip.errors import SipError
from b2bua.sip.message import Request
from b2bua.sip.refer import read_referral
from b2bua.sip.respond import REASONS
from b2bua.sip.session import Session
from domain.outcomes import outcome_of_status

_SIGNAL = re.compile(rb"(?:^|\n)[ \t]*Signal[ \t]*=[ \t]*([0-9A-D*#])[ \t]*(?:\r?\n|$)", re.IGNORECASE)
_BARE_KEY = re.compile(rb"[ \t\r\n]*([0-9A-Da-d*#])[ \t\r\n]*")
_REASON = re.compile(r"[A-Za-z0-9.\-]+ *;[^\r\n\0]*")

AnswerTaken = Callable[[SessionDescription], None]


class SessionLeg:
    """What happens inside a dialog, for a caller as for a callee: the user of a :class:`Session`."""

    def __init__(self, leg: str) -> None:
        self.id = leg
        self.ended: Deferred[LegEnd] = Deferred()
        self.on_reoffer: Renegotiate | None = None
        self.on_offer_wanted: Callable[[], SessionDescription] | None = None
        self.on_answer: AnswerTaken | None = None
        self.on_key: Callable[[str], None] | None = None
        self.on_refer: Callable[[Referral], int] | None = None
        self.on_referred: Callable[[Referral], None] | None = None
        self.is_phone = False
        """Whether an extension is at the other end."""
        self.session: Session | None = None
        self._on_dialog: Callable[[bytes], None] | None = None
        self._untold: Callable[[], DialogState] | None = None

    @property
    def on_dialog(self) -> Callable[[bytes], None] | None:
        """See the port. Whoever sets it hears at once what it missed."""
        return self._on_dialog

    @on_dialog.setter
    def on_dialog(self, told: Callable[[bytes], None] | None) -> None:
        self._on_dialog = told
        if told is not None and self._untold is not None:
            state, self._untold = self._untold, None
            told(state().to_json())

    @property
    def is_over(self) -> bool:
        """Whether ``ended`` has fired."""
        return self.ended.called

    def reoffer(self, offer: SessionDescription) -> Deferred[SessionDescription]:
        """Send a new offer in the dialog; fires with the answer, errbacks DialFailed when refused."""
        fired: Deferred[SessionDescription] = Deferred()

        def done(answer: bytes, status: int, reason: str) -> None:
            if fired.called:
                return
            description = read_sdp(answer)
            if description is not None:
                fired.callback(description)
            else:
                status = status if status >= 300 else 488
                fired.errback(dial_failed(status, reason))

        if self.session is None or self.is_over:
            fired.errback(dial_failed(481, ""))
        else:
            self.session.offer(offer.encode(), done)
        return fired

    # SessionUser

    def answer_offer(self, sdp: bytes) -> bytes | None:
        """Let the owner answer the peer's new offer."""
        offer = read_sdp(sdp)
        if offer is None or self.on_reoffer is None:
            return None
        answer = self.on_reoffer(offer)
        return None if answer is None else answer.encode()

    def make_offer(self) -> bytes | None:
        """Let the owner make an offer for a re-INVITE that has none."""
        return None if self.on_offer_wanted is None else self.on_offer_wanted().encode()

    def take_answer(self, sdp: bytes) -> None:
        """Give the owner the answer to that offer."""
        answer = read_sdp(sdp)
        if answer is None:
            self.hang_up('SIP;cause=488;text="Unreadable answer"')
        elif self.on_answer is not None:
            self.on_answer(answer)

    def take_info(self, request: Request) -> int:
        """Take a DTMF key (``application/dtmf-relay``, ``application/dtmf``)."""
        body = request.body
        kind = request.content_type
        if not body:
            return 200
        if request.has("Info-Package"):
            return 469
        if kind == "application/dtmf-relay":
            match = _SIGNAL.search(body)
        elif kind == "application/dtmf":
            match = _BARE_KEY.fullmatch(body) or _SIGNAL.search(body)
        else:
            return 415
        if match is None:
            return 400
        if self.on_key is not None:
            self.on_key(match[1].decode("ascii").upper())
        return 200

    def take_refer(self, request: Request) -> int:
        """Let the owner judge a phone's referral; trunks may never transfer."""
        if not self.is_phone:
            return 403
        if self.on_refer is None:
            return 603
        try:
            referral = self._read(request)
        except SipError as error:
            return error.status
        return self.on_refer(referral)

    def referred(self, request: Request) -> None:
        """Let the owner carry it out."""
        if self.on_referred is not None:
            self.on_referred(self._read(request))

    def _read(self, request: Request) -> Referral:
        asked = read_referral(request)
        replaces, session = asked.replaces, self.session
        replaced: SessionLeg | None = None
        if replaces is not None and session is not None:
            key = (replaces.call_id, replaces.to_tag, replaces.from_tag)
            found = session.endpoint.dialogs.get(key)
            if found is not None and isinstance(found.user, SessionLeg):
                replaced = found.user
        target = asked.target.number or asked.target.user_unescaped

        def report(status: int, last: bool) -> None:
            if session is not None:
                session.notify_referral(asked.cseq, status, REASONS.get(status, ""), last=last)

        return Referral(target, replaces is not None, replaced, report)

    def dialog_changed(self, state: Callable[[], DialogState]) -> None:
        """Journal the dialog."""
        if self._on_dialog is not None:
            self._on_dialog(state().to_json())
        else:
            self._untold = state

    def session_over(self, by_peer: bool, status: int, reason: str) -> None:
        """End the leg."""
        self._end(LegEnd(by_peer=by_peer, status=status, reason=reason))

    def hang_up(self, reason: str = "") -> None:
        """End the dialog as its state asks."""
        raise NotImplementedError

    def _end(self, end: LegEnd) -> None:
        if not self.ended.called:
            self._untold = None
            self.ended.callback(end)


def read_sdp(sdp: bytes) -> SessionDescription | None:
    """Read a description; None when it is empty or malformed."""
    if not sdp:
        return None
    try:
        return SessionDescription.parse(sdp)
    except SdpError:
        return None


def reason_value(reason: str) -> str:
    """Make a Reason header value of what the owner of a leg gives (RFC 3326), "" for none."""
    if not reason:
        return ""
    if _REASON.fullmatch(reason):
        return reason
    text = "".join([mark for mark in reason if mark not in '"\\\r\n\0'])
    return f'SIP;cause=200;text="{text}"'


def dial_failed(status: int, reason: str) -> DialFailed:
    """Make the failure for a final status."""
    return DialFailed(status, reason or REASONS.get(status, ""), outcome_of_status(status))
