"""A leg to a target over INVITEs that go out (:class:`b2bua.calls.ports.OutboundLeg`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred

from b2bua.calls.ports import DialFailed, Dialling, LegEnd, OnDialled
from b2bua.sdp import SessionDescription
from b2bua.sip.message import Response
from b2bua.sip.reason import ELSEWHERE
from b2bua.sip.session import Session
from b2bua.stack.attempt import Attempt
from b2bua.stack.driver import Driver
from b2bua.stack.legs import SessionLeg, dial_failed, read_sdp, reason_value
from b2bua.stack.next_hop import NextHop, NextHops
from domain.outcomes import Outcome, outcome_of_all

NEXT_TRUNK = frozenset({503})
"""Refusals after which another trunk may do better."""


class SipOutboundLeg(SessionLeg):
    """box400 is the UAC. One leg may make several attempts: by one trunk after the other, or to all phones
    of an extension at once (RFC 3261 16.6, 16.7), of which the first to answer wins."""

    def __init__(
        self,
        driver: Driver,
        hops: NextHops,
        dialling: Dialling,
        offer: Callable[[str], SessionDescription],
        on_dialled: OnDialled,
    ) -> None:
        super().__init__(dialling.leg)
        self.trunk: str | None = None
        self.answered: Deferred[SessionDescription] = Deferred(self._withdrawn)
        self.on_progress: Callable[[int, SessionDescription | None], None] | None = None
        self._is_extension = self.is_phone = dialling.is_extension
        self._driver = driver
        self._hops = hops
        self._make_offer = offer
        self._max_forwards = dialling.max_forwards
        self._offers: dict[str, bytes] = {}
        self._on_dialled = on_dialled
        self._left: list[NextHop] = []
        self._running: list[Attempt] = []
        self._winner: Attempt | None = None
        self._forks = False
        self._failures: list[DialFailed] = []
        self._reason = ""

    def dial(self, hops: Sequence[NextHop]) -> None:
        """Start; to be called once."""
        if self._max_forwards > 0:
            self._left = list(hops)
        else:
            self._failures.append(dial_failed(483, ""))
        self._forks = self._is_extension and len(self._left) > 1
        if not self.is_over:
            self._next()

    # attempts

    def has_more(self) -> bool:
        """Tell whether another hop waits for the one that is tried."""
        return bool(self._left)

    def _next(self) -> None:
        """Try the next hop, or all of them where the leg forks; without any the leg has failed."""
        while self._left and (self._forks or not self._running):
            hop = self._left.pop(0)
            if self._hops.begin(hop):
                self._try(hop)
        if not self._running and self._winner is None and not self.is_over:
            self._fail(self._verdict())

    def _try(self, hop: NextHop) -> None:
        listener = hop.flow.listener
        sdp = self._offers.get(listener)
        if sdp is None:
            sdp = self._offers[listener] = self._make_offer(listener).encode()
        self.trunk = hop.trunk
        self.is_phone = hop.trunk is None
        attempt = Attempt(self, hop, self._hops, self._driver)
        self._running.append(attempt)
        invite = attempt.prepare(sdp, self._max_forwards)
        self._on_dialled(hop.trunk, listener, invite.state().to_json())
        invite.start()

    def progressed(self, attempt: Attempt, status: int, sdp: bytes) -> None:
        """Pass a provisional answer on; what one of several phones lets hear is nobody's to hear."""
        if self.on_progress is not None:
            self.on_progress(status, None if self._forks else read_sdp(sdp))

    def won(self, attempt: Attempt, sdp: bytes, session: Session) -> None:
        """Take the answer; everybody else who rings is given up."""
        description = read_sdp(sdp)
        if description is None:
            session.user = None
            session.end('SIP;cause=488;text="Unreadable answer"')
            attempt.release()
            self._running.remove(attempt)
            self._failures.append(dial_failed(488, ""))
            self._next()
            return
        self._running.remove(attempt)
        self._withdraw(ELSEWHERE)
        self._winner = attempt
        self.session = session
        # Nobody is tried any more: what leads to the round that rang need not live as long as the call.
        del self._offers, self._make_offer, self._on_dialled
        if not self.answered.called:
            self.answered.callback(description)

    def failed(self, attempt: Attempt, status: int, response: Response | None) -> None:
        """Go on with what is left, or fail: a 6xx is the word of the target, wherever it was rung."""
        self._running.remove(attempt)
        failure = _failure(attempt.hop, status, response)
        self._failures.append(failure)
        if status == 403 and attempt.hop.fallback is not None:
            self._left.insert(0, attempt.hop.fallback)
        elif status >= 600:
            self._withdraw(f'SIP;cause={status};text="{dial_failed(status, "").reason}"')
            self._failures = [failure]
        elif not self._forks and response is not None and status not in NEXT_TRUNK:
            self._left.clear()
        self._next()

    def _verdict(self) -> DialFailed:
        """Say how a leg ends that nobody has answered: as its last trunk said, or the best of its phones."""
        if not self._failures:
            if self._is_extension:
                return DialFailed(480, "Not registered", Outcome.REFUSED_BY_TARGET)
            return DialFailed(503, "No trunk", Outcome.TRUNK_DOWN)
        if not self._forks:
            return self._failures[-1]
        best = outcome_of_all([failure.outcome for failure in self._failures])
        return next(failure for failure in self._failures if failure.outcome is best)

    def _withdraw(self, reason: str) -> None:
        """Give up everybody who is still rung."""
        self._left.clear()
        running, self._running = self._running, []
        for attempt in running:
            attempt.withdraw(reason)

    def _fail(self, failure: DialFailed) -> None:
        self._end(LegEnd(by_peer=True, status=failure.status, reason=failure.reason))
        if not self.answered.called:
            self.answered.errback(failure)

    # the owner

    def hang_up(self, reason: str = "") -> None:
        """Send BYE, or CANCEL before the answer."""
        if self.is_over:
            return
        if self.session is not None:
            self.session.end(reason_value(reason))
        else:
            self._reason = reason_value(reason)
            self.answered.cancel()

    def _withdrawn(self, _: Deferred[SessionDescription]) -> None:
        """Take the wish for an answer back."""
        self._withdraw(self._reason)
        self._end(LegEnd(by_peer=False, status=487, reason=self._reason))

    def session_over(self, by_peer: bool, status: int, reason: str) -> None:
        """End the leg; an early dialog that ends decides nothing, the INVITE's final answer does."""
        if self.session is not None:
            super().session_over(by_peer, status, reason)

    def _end(self, end: LegEnd) -> None:
        winner, self._winner = self._winner, None
        if winner is not None:
            winner.release()
        super()._end(end)


def _failure(hop: NextHop, status: int, response: Response | None) -> DialFailed:
    """Say what an attempt came to; a phone that is silent or out of order is no trunk's fault."""
    if response is not None:
        failure = dial_failed(status, response.get("Reason") or response.reason)
        if hop.trunk is not None or failure.outcome is not Outcome.TRUNK_DOWN:
            return failure
        return DialFailed(failure.status, failure.reason, Outcome.REFUSED_BY_TARGET)
    if hop.trunk is not None:
        return DialFailed(status, "No answer from the trunk", Outcome.TRUNK_DOWN)
    return DialFailed(status, "No answer from the phone", Outcome.REFUSED_BY_TARGET)
