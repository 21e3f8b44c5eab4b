"""SIP legs in memory: what the box sends is written into a log, what the peer does is a method."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred

from b2bua.calls.ports import DialFailed, Invitation, LegEnd, Referral, Renegotiate
from b2bua.sdp import SessionDescription
from domain.outcomes import outcome_of_status


class MemoryLeg:
    """What both kinds of legs share."""

    def __init__(self, leg: str, log: list[str] | None = None) -> None:
        self.id = leg
        self.ended: Deferred[LegEnd] = Deferred()
        self.on_reoffer: Renegotiate | None = None
        self.on_offer_wanted: Callable[[], SessionDescription] | None = None
        self.on_answer: Callable[[SessionDescription], None] | None = None
        self.on_key: Callable[[str], None] | None = None
        self.on_refer: Callable[[Referral], int] | None = None
        self.on_referred: Callable[[Referral], None] | None = None
        self.on_dialog: Callable[[bytes], None] | None = None
        self.is_phone = False
        """Whether a registered phone is at the other end."""
        self.over = False
        self.up = False
        self.reasons: list[str] = []
        """Reason values the box gave when it ended the leg."""
        self.offers: list[SessionDescription] = []
        """Offers the box made inside the dialog."""
        self.reports: list[tuple[int, bool]] = []
        """What the peer was told of its transfer: status, and whether it was the last word."""
        self.reoffer_answer: SessionDescription | None = None
        self._log = [] if log is None else log
        self._changes = 0

    def hang_up(self, reason: str = "") -> None:
        """End the dialog as its state asks."""
        if self.over:
            return
        self.reasons.append(reason)
        self._hang_up()

    def _hang_up(self) -> None:
        raise NotImplementedError

    def reoffer(self, offer: SessionDescription) -> Deferred[SessionDescription]:
        """Send a new offer; answered at once with ``reoffer_answer``."""
        self.offers.append(offer)
        self._say("re-INVITE")
        fired: Deferred[SessionDescription] = Deferred()
        if self.reoffer_answer is None:
            fired.errback(DialFailed(488, "Not Acceptable Here", outcome_of_status(488)))
        else:
            fired.callback(self.reoffer_answer)
        return fired

    def peer_hangs_up(self, reason: str = "") -> None:
        """Let the peer send BYE."""
        self._end(LegEnd(by_peer=True, status=0, reason=reason))

    def peer_reoffers(self, offer: SessionDescription) -> SessionDescription | None:
        """Let the peer send a re-INVITE; returns the box's answer, None for 488."""
        assert self.on_reoffer is not None
        return self.on_reoffer(offer)

    def peer_keys(self, digits: str) -> None:
        """Let the peer press keys that arrive by SIP INFO."""
        assert self.on_key is not None
        for digit in digits:
            self.on_key(digit)

    def peer_refers(self, target: str, *, attended: bool = False, replaces: MemoryLeg | None = None) -> int:
        """Let the peer send REFER; returns the box's answer."""
        referral = Referral(
            target, attended or replaces is not None, replaces, lambda *said: self.reports.append(said)
        )
        if not self.is_phone:
            return 403
        status = self.on_refer(referral) if self.on_refer is not None else 603
        if status == 202 and self.on_referred is not None:
            self.reports.append((100, False))
            self.on_referred(referral)
        return status

    def _say(self, text: str) -> None:
        self._log.append(f"{self.id} {text}")

    def _dialog(self, state: str) -> None:
        self._changes += 1
        if self.on_dialog is not None:
            self.on_dialog(b'{"leg":"%s","state":"%s"}' % (self.id.encode(), state.encode()))

    def _end(self, end: LegEnd) -> None:
        if not self.over:
            self.over = True
            self.up = False
            self.ended.callback(end)


class MemoryInboundLeg(MemoryLeg):
    """The caller's leg."""

    def __init__(self, invitation: Invitation, log: list[str] | None = None) -> None:
        super().__init__("a", log)
        self.invitation = invitation
        self.is_phone = invitation.extension is not None
        self.replaces: MemoryLeg | None = None
        """The leg that the peer's INVITE asks to take the place of."""
        self.late_answer: SessionDescription | None = None
        self.acknowledges = True
        """False: the ACK never comes by itself; see :meth:`peer_acknowledges`."""
        self.descriptions: list[SessionDescription] = []
        """SDP the box sent in 183 and 200."""
        self.final: tuple[int, str] | None = None
        self._rung = False
        self._ack: Deferred[SessionDescription | None] | None = None

    def ring(self) -> None:
        """Send 180 once."""
        if not self._rung:
            self._rung = True
            self._dialog("early")
            self._say("180")

    def progress(self, answer: SessionDescription) -> None:
        """Send 183 with SDP."""
        assert not self.over
        assert not self.up
        self.descriptions.append(answer)
        self._dialog("early")
        self._say("183")

    def answer(self, description: SessionDescription) -> Deferred[SessionDescription | None]:
        """Send 200."""
        assert not self.over
        assert not self.up
        self.descriptions.append(description)
        self.up = True
        self._dialog("confirmed")
        self._say("200")
        self._ack = Deferred()
        ack = self._ack
        if self.acknowledges:
            self.peer_acknowledges()
        return ack

    def refuse(self, status: int, reason: str) -> None:
        """Send a final refusal."""
        assert not self.over
        assert not self.up
        self.final = (status, reason)
        self._say(str(status))
        self._end(LegEnd(by_peer=False, status=status, reason=reason))

    def _hang_up(self) -> None:
        if self.up:
            self._say("BYE")
            self._end(LegEnd(by_peer=False, status=0, reason=""))
        else:
            self.refuse(480, "Temporarily Unavailable")

    def peer_acknowledges(self) -> None:
        """Let the caller's ACK arrive, with his answer when the offer was ours."""
        assert self._ack is not None
        ack, self._ack = self._ack, None
        ack.callback(self.late_answer)

    def peer_cancels(self) -> None:
        """Let the caller give up before the answer (CANCEL; the stack answers 487)."""
        assert not self.up
        self._end(LegEnd(by_peer=True, status=487, reason=""))


class MemoryOutboundLeg(MemoryLeg):
    """A leg the box dialled."""

    def __init__(
        self, leg: str, trunk: str | None, offer: SessionDescription | None, log: list[str] | None
    ) -> None:
        super().__init__(leg, log)
        self.trunk = trunk
        self.is_phone = trunk is None
        self._offer = offer
        self.answered: Deferred[SessionDescription] = Deferred(lambda _: self._cancel())
        self.on_progress: Callable[[int, SessionDescription | None], None] | None = None

    @property
    def offer(self) -> SessionDescription:
        """Our SDP in the INVITE."""
        assert self._offer is not None
        return self._offer

    def _cancel(self) -> None:
        self._say("CANCEL")
        self._end(LegEnd(by_peer=False, status=487, reason=""))

    def _hang_up(self) -> None:
        if self.up:
            self._say("BYE")
            self._end(LegEnd(by_peer=False, status=0, reason=""))
        else:
            self.answered.cancel()

    def peer_progresses(self, status: int, description: SessionDescription | None = None) -> None:
        """Let the peer send a provisional answer."""
        self._dialog("early")
        if self.on_progress is not None:
            self.on_progress(status, description)

    def peer_answers(self, description: SessionDescription) -> None:
        """Let the peer send 200 (the stack sends ACK)."""
        self.up = True
        self._dialog("confirmed")
        self._say("ACK")
        self.answered.callback(description)

    def peer_refuses(self, status: int, reason: str = "") -> None:
        """Let the peer send a final refusal."""
        self._fail(DialFailed(status, reason, outcome_of_status(status)))

    def _fail(self, failed: DialFailed) -> None:
        self._end(LegEnd(by_peer=True, status=failed.status, reason=failed.reason))
        self.answered.errback(failed)
