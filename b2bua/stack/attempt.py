"""One INVITE of an outbound leg, by one next hop (:class:`b2bua.sip.uac.OutgoingUser`)."""

from __future__ import annotations

import re
from typing import Protocol

from b2bua.sip.effects import Timer
from b2bua.sip.message import Response
from b2bua.sip.session import Session
from b2bua.sip.session_user import SessionUser
from b2bua.sip.uac import OutgoingInvite
from b2bua.sip.uac_request import Invite
from b2bua.stack.driver import Driver
from b2bua.stack.next_hop import NextHop, NextHops

_SECONDS = re.compile("[0-9]{1,6}")

LAST_HOP_SECONDS = 16.0
"""How long a hop may be silent when no other is left. Giving it up after ``failover_seconds`` would lose
calls to mere packet loss (three INVITEs of 2.5 s all get lost once in a thousand calls at 5 %), and nothing
else is left to try."""


class Attempting(SessionUser, Protocol):
    """The leg that an attempt is made for; it is also the user of the dialogs that come of it."""

    def has_more(self) -> bool:
        """Tell whether another hop waits for this one to fail."""

    def progressed(self, attempt: Attempt, status: int, sdp: bytes) -> None:
        """Take a provisional answer above 100."""

    def won(self, attempt: Attempt, sdp: bytes, session: Session) -> None:
        """Take the 200; the attempt keeps its channel until :meth:`Attempt.release`."""

    def failed(self, attempt: Attempt, status: int, response: Response | None) -> None:
        """Take the final refusal; without a response 408 is silence and 503 a dead flow."""


class Attempt:
    """An INVITE until its final answer, and the channel it takes until it is released."""

    __slots__ = (
        "_begun",
        "_driver",
        "_hops",
        "_invite",
        "_leg",
        "_silence",
        "_suspected",
        "_told",
        "dialogs",
        "hop",
    )

    def __init__(self, leg: Attempting, hop: NextHop, hops: NextHops, driver: Driver) -> None:
        """``hops.begin(hop)`` has said yes."""
        self.hop = hop
        self.dialogs: SessionUser = leg
        self._begun = True
        self._leg = leg
        self._hops = hops
        self._driver = driver
        self._invite: OutgoingInvite | None = None
        self._silence: Timer | None = None
        self._told = False
        self._suspected = False

    def prepare(self, sdp: bytes, max_forwards: int) -> OutgoingInvite:
        """Write the INVITE; ``start()`` of what is returned sends it."""
        hop = self.hop
        self._invite = self._driver.core.invite(
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
                max_forwards=max_forwards,
            ),
            self,
        )
        self._silence = self._driver.set_timer(self, "silence", hop.failover_seconds)
        return self._invite

    def withdraw(self, reason: str = "") -> None:
        """Take the INVITE back (CANCEL) and release the channel; ``reason``: value of a Reason header."""
        self._hush()
        invite, self._invite = self._invite, None
        if invite is not None:
            invite.cancel(reason)
            self._tell(487)
        self.release()

    def release(self) -> None:
        """Give the channel back, once."""
        if self._begun:
            self._begun = False
            self._hops.end(self.hop)

    def on_timer(self, key: str) -> None:
        """Give up a hop that has not said a word; the last one gets more time."""
        hop, invite = self.hop, self._invite
        assert invite is not None
        if key == "silence" and not self._leg.has_more() and hop.failover_seconds < LAST_HOP_SECONDS:
            self._tell(408)
            self._told, self._suspected = False, True
            self._silence = self._driver.set_timer(self, "last", LAST_HOP_SECONDS - hop.failover_seconds)
            return
        invite.cancel()
        self.call_refused(408, None)

    # OutgoingUser

    def call_progressed(self, status: int, sdp: bytes, response: Response) -> None:
        """Take a provisional answer."""
        self._hush()
        if status == 100:
            return
        self._tell(status)
        self._leg.progressed(self, status, sdp)

    def call_answered(self, sdp: bytes, session: Session) -> None:
        """Take the 200."""
        self._hush()
        self._tell(200)
        self._invite = None
        self._leg.won(self, sdp, session)

    def call_refused(self, status: int, response: Response | None) -> None:
        """Take the final refusal, silence (408) or a dead flow."""
        self._hush()
        self._invite = None
        self._tell(status if response is not None or status == 408 else 0, _retry_after(response))
        self.release()
        self._leg.failed(self, status, response)

    def _hush(self) -> None:
        if self._silence is not None:
            self._silence.owner = None
            self._silence = None

    def _tell(self, status: int, retry_after: float = 0.0) -> None:
        """Tell trunks and registrar what the attempt came to, once; a suspicion is told before."""
        silent_still = self._suspected and status in (0, 408)
        if self._begun and not self._told and not silent_still:
            self._told = True
            if retry_after:
                self._hops.tried(self.hop, status, retry_after)
            else:
                self._hops.tried(self.hop, status)


def _retry_after(response: Response | None) -> float:
    """Read the seconds of Retry-After in a 503; 0 without."""
    if response is None or response.status != 503:
        return 0.0
    match = _SECONDS.match(response.get("Retry-After") or "")
    return float(match[0]) if match else 0.0
