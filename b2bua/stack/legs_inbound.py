"""The caller's leg over an INVITE that came in (:class:`b2bua.calls.ports.InboundLeg`)."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from b2bua.calls.ports import Invitation, LegEnd
from b2bua.sdp import SessionDescription
from b2bua.sip.uas import IncomingInvite
from b2bua.stack.legs import SessionLeg, dial_failed, read_sdp, reason_value

_EARLY_MEDIA = ("P-Early-Media", "sendrecv")


class SipInboundLeg(SessionLeg):
    """box400 is the UAS."""

    def __init__(self, invite: IncomingInvite, invitation: Invitation, *, prefer_reliable: bool) -> None:
        """``prefer_reliable``: 183 with SDP goes reliably to whoever supports 100rel."""
        super().__init__("a")
        self.invitation = invitation
        self.session = invite.session
        self.is_phone = invitation.extension is not None
        replaced = invite.replaces.user if invite.replaces is not None else None
        self.replaces = replaced if isinstance(replaced, SessionLeg) else None
        """The leg that a phone asks to take the place of (INVITE with Replaces)."""
        self._invite = invite
        self._prefer_reliable = prefer_reliable
        self._rung = False
        self._sent = b""
        """Our description, one and the same from 183 to 200."""
        self._acked: Deferred[SessionDescription | None] | None = None
        self._untold = invite.state
        invite.take(self)

    def ring(self) -> None:
        """Send 180 without SDP, once."""
        if not self._rung and not self.is_over:
            self._rung = True
            self._invite.provisional(180)

    def progress(self, answer: SessionDescription) -> None:
        """Send 183 with SDP."""
        if self.is_over:
            return
        self._sent = self._sent or answer.encode()
        rows = (_EARLY_MEDIA,) if self._invite.request.has("P-Early-Media") else ()
        self._invite.provisional(183, self._sent, rows, prefer_reliable=self._prefer_reliable)

    def answer(self, description: SessionDescription) -> Deferred[SessionDescription | None]:
        """Send 200; fires at the ACK."""
        acked: Deferred[SessionDescription | None] = Deferred()
        if self.is_over:
            acked.errback(dial_failed(487, ""))
            return acked
        self._acked = acked
        self._sent = self._sent or description.encode()
        self._invite.accept(self._sent)
        return acked

    def refuse(self, status: int, reason: str) -> None:
        """Send a final refusal."""
        self._invite.refuse(status, reason)

    def hang_up(self, reason: str = "") -> None:
        """Send BYE, or 480 before the answer."""
        self._invite.hang_up(reason_value(reason))

    def acknowledged(self, answer: bytes) -> None:
        """Tell the owner that the ACK came."""
        acked = self._acked
        description = read_sdp(answer)
        if answer and description is None:
            self.hang_up('SIP;cause=488;text="Unreadable answer"')
        elif acked is not None and not acked.called:
            acked.callback(description)

    def _end(self, end: LegEnd) -> None:
        super()._end(end)
        self._invite.release()
        acked = self._acked
        if acked is not None and not acked.called:
            acked.errback(dial_failed(end.status or 487, end.reason))
