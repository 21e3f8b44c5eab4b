"""A leg to a target over INVITEs that go out (:class:`b2bua.calls.ports.OutboundLeg`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred

from b2bua.calls.ports import DialFailed, Dialling, LegEnd, OnDialled
from b2bua.sdp import SessionDescription
from b2bua.sip.effects import Timer
from b2bua.sip.message import Response
from b2bua.sip.session import Session
from b2bua.sip.uac import OutgoingInvite
from b2bua.sip.uac_request import Invite
from b2bua.stack.driver import Driver
from b2bua.stack.legs import SessionLeg, dial_failed, read_sdp, reason_value
from b2bua.stack.next_hop import NextHop, NextHops
from domain.outcomes import Outcome

_SECONDS = re.compile("[0-9]{1,6}")

LAST_HOP_SECONDS = 16.0
"""How long the last hop may be silent. Giving it up after ``failover_seconds`` would lose calls to mere
packet loss (three INVITEs of 2.5 s all get lost once in a thousand calls at 5 %), and nothing else is left
to try."""

NEXT_TRUNK = frozenset({503})
"""Refusals after which another trunk may do better."""
NEXT_BINDING = frozenset({408, 410, 430, 480, 503})
"""Refusals after which another phone of the same extension may."""


class SipOutboundLeg(SessionLeg):
    """box400 is the UAC. One leg may make several attempts, by one next hop after the other."""

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
        self._driver = driver
        self._hops = hops
        self._make_offer = offer
        self._max_forwards = dialling.max_forwards
        self._offers: dict[str, bytes] = {}
        self._on_dialled = on_dialled
        self._left: list[NextHop] = []
        self._hop: NextHop | None = None
        self._told_hop = False
        self._suspected = False
        self._invite: OutgoingInvite | None = None
        self._silence: Timer | None = None
        self._reason = ""
        self._failure = (
            DialFailed(480, "Not registered", Outcome.REFUSED_BY_TARGET)
            if dialling.is_extension
            else DialFailed(503, "No trunk", Outcome.TRUNK_DOWN)
        )

    def dial(self, hops: Sequence[NextHop]) -> None:
        """Start; to be called once."""
        self._left = list(hops) if self._max_forwards > 0 else []
        if self._max_forwards <= 0:
            self._failure = dial_failed(483, "")
        if not self.is_over:
            self._next()

    # attempts

    def _next(self) -> None:
        while self._left:
            hop = self._left.pop(0)
            if self._hops.begin(hop):
                self._try(hop)
                return
        self._fail(self._failure)

    def _try(self, hop: NextHop) -> None:
        listener = hop.flow.listener
        sdp = self._offers.get(listener)
        if sdp is None:
            sdp = self._offers[listener] = self._make_offer(listener).encode()
        self._hop = hop
        self._told_hop = self._suspected = False
        self.trunk = hop.trunk
        self.is_phone = hop.trunk is None
        invite = self._driver.core.invite(
            Invite(
                uri=hop.uri,
                flow=hop.flow,
                from_=hop.from_,
                to=hop.to,
                sdp=sdp,
                contact_user=hop.contact_user,
                routes=hop.routes,
                rows=hop.headers,
                credentials=hop.credentials,
                session_seconds=hop.session_seconds,
                min_session_seconds=hop.min_session_seconds,
                reliable_provisional=hop.reliable_provisional,
                follow_contact=hop.follow_contact,
                max_forwards=self._max_forwards,
            ),
            self,
        )
        self._invite = invite
        self._silence = self._driver.set_timer(self, "silence", hop.failover_seconds)
        self._on_dialled(hop.trunk, listener, invite.state().to_json())
        invite.start()

    def on_timer(self, key: str) -> None:
        """Give up a hop that has not said a word; the last one gets more time."""
        invite, hop = self._invite, self._hop
        assert invite is not None
        assert hop is not None
        if key == "silence" and not self._left and hop.failover_seconds < LAST_HOP_SECONDS:
            self._tell_hop(408)
            self._told_hop, self._suspected = False, True
            self._silence = self._driver.set_timer(self, "last", LAST_HOP_SECONDS - hop.failover_seconds)
            self._suspected = True
            return
        invite.cancel()
        self._attempt_failed(408, None)

    def call_refused(self, status: int, response: Response | None) -> None:
        """Take an attempt's final refusal, or its silence, or its dead flow."""
        self._attempt_failed(status, response)

    def _attempt_failed(self, status: int, response: Response | None) -> None:
        hop = self._hop
        assert hop is not None
        self._hush()
        self._tell_hop(status if response is not None or status == 408 else 0, _retry_after(response))
        self._release_hop()
        if response is None:
            self._failure = DialFailed(status, "No answer from the trunk", Outcome.TRUNK_DOWN)
        else:
            self._failure = dial_failed(status, response.get("Reason") or response.reason)
        if status == 403 and hop.fallback is not None:
            self._left.insert(0, hop.fallback)
            self._next()
        elif response is None or status in (NEXT_TRUNK if hop.trunk is not None else NEXT_BINDING):
            self._next()
        else:
            self._fail(self._failure)

    def _hush(self) -> None:
        if self._silence is not None:
            self._silence.owner = None
            self._silence = None

    def _tell_hop(self, status: int, retry_after: float = 0.0) -> None:
        silent_still = self._suspected and status in (0, 408)
        if self._hop is not None and not self._told_hop and not silent_still:
            self._told_hop = True
            if retry_after:
                self._hops.tried(self._hop, status, retry_after)
            else:
                self._hops.tried(self._hop, status)

    def _release_hop(self) -> None:
        hop, self._hop = self._hop, None
        if hop is not None:
            self._hops.end(hop)

    def _fail(self, failure: DialFailed) -> None:
        self._end(LegEnd(by_peer=True, status=failure.status, reason=failure.reason))
        if not self.answered.called:
            self.answered.errback(failure)

    # OutgoingUser

    def call_progressed(self, status: int, sdp: bytes, response: Response) -> None:
        """Take a provisional answer."""
        self._hush()
        if status == 100:
            return
        self._tell_hop(status)
        if self.on_progress is not None:
            self.on_progress(status, read_sdp(sdp))

    def call_answered(self, sdp: bytes, session: Session) -> None:
        """Take the 200."""
        self._hush()
        self._tell_hop(200)
        self.session = session
        self._invite = None
        description = read_sdp(sdp)
        if description is None:
            session.user = None
            session.end('SIP;cause=488;text="Unreadable answer"')
            self._release_hop()
            self._fail(dial_failed(488, ""))
        elif not self.answered.called:
            self.answered.callback(description)

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
        self._hush()
        self._left.clear()
        invite, self._invite = self._invite, None
        if invite is not None:
            invite.cancel(self._reason)
            self._tell_hop(487)
        self._end(LegEnd(by_peer=False, status=487, reason=self._reason))

    def _end(self, end: LegEnd) -> None:
        self._release_hop()
        super()._end(end)


def _retry_after(response: Response | None) -> float:
    """Read the seconds of Retry-After in a 503; 0 without."""
    if response is None or response.status != 503:
        return 0.0
    match = _SECONDS.match(response.get("Retry-After") or "")
    return float(match[0]) if match else 0.0
