"""The INVITE client transaction (RFC 3261 17.1.1, RFC 6026 7.2).

=============  ===================  ==========================================================================
state          input                effect, next state
=============  ===================  ==========================================================================
(start)                             send, A = T1 if unreliable, B = 64 T1, TRYING
TRYING         A                    send again, A doubles
TRYING         1xx                  to the user, PROCEEDING
TRYING         B                    the user learns that no answer came, TERMINATED
TRYING, PROC.  2xx                  to the user, M = 64 T1, ACCEPTED
TRYING, PROC.  3xx-6xx              send ACK, to the user, D = 32 s (0 if reliable), COMPLETED
TRYING, PROC.  flow failed          the user learns it, TERMINATED
PROCEEDING     1xx                  to the user
ACCEPTED       2xx                  to the user (which sends the ACK again; it may be another fork's)
ACCEPTED       M                    the user may forget the call's forks, TERMINATED
COMPLETED      3xx-6xx              send ACK
COMPLETED      D                    TERMINATED
=============  ===================  ==========================================================================
"""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

from b2bua.sip.effects import Effects, Timer
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request, Response
from b2bua.sip.transaction.table import ClientKey, Transactions
from b2bua.sip.transaction.timings import GIVE_UP, T1


class State(IntEnum):
    """States of both client machines (RFC 3261 calls TRYING of an INVITE "Calling")."""

    TRYING = 0
    PROCEEDING = 1
    ACCEPTED = 2
    COMPLETED = 3
    TERMINATED = 4


TRYING, PROCEEDING, ACCEPTED, COMPLETED, TERMINATED = State


class InviteClientUser(Protocol):
    """What the layer above learns."""

    def on_response(self, response: Response) -> None:
        """Take a response: each provisional and each 2xx as often as it comes, a refusal once."""

    def on_no_response(self, status: int) -> None:
        """Learn that none will come: 408 for silence, 503 for a dead flow (RFC 3261 8.1.3.1)."""

    def on_all_forks_heard(self) -> None:
        """Learn that no further 2xx can come."""


class InviteClient:
    """One INVITE that we sent."""

    __slots__ = (
        "_ack",
        "_data",
        "_effects",
        "_home",
        "_interval",
        "_long",
        "_short",
        "_user",
        "flow",
        "key",
        "reliable",
        "request",
        "state",
    )

    def __init__(
        self,
        effects: Effects,
        home: Transactions,
        key: ClientKey,
        request: Request,
        flow: Flow,
        reliable: bool,
        user: InviteClientUser,
    ) -> None:
        self._effects = effects
        self._home = home
        self._data = request.encode()
        self._ack = b""
        self._user: InviteClientUser | None = user
        self._interval = T1
        self.key = key
        self.request = request
        self.flow = flow
        self.reliable = reliable
        self.state = TRYING
        home.clients[key] = self
        self._long: Timer | None = effects.set_timer(self, "B", GIVE_UP)
        self._short: Timer | None = None if reliable else effects.set_timer(self, "A", T1)
        effects.send(self._data, flow, request.call_id)

    def on_response(self, response: Response) -> None:
        """Take a response that matches."""
        status = response.status
        state = self.state
        user = self._user
        if state is TRYING or state is PROCEEDING:
            if status < 200:
                if state is TRYING:
                    self._clear_timers()
                    self.state = PROCEEDING
            elif status < 300:
                self._clear_timers()
                self.state = ACCEPTED
                self._data = b""
                self._long = self._effects.set_timer(self, "M", GIVE_UP)
            else:
                self._refused(response)
            if user is not None:
                user.on_response(response)
        elif state is ACCEPTED:
            if 200 <= status < 300 and user is not None:
                user.on_response(response)
        elif status >= 300:
            self._effects.send(self._ack, self.flow, self.request.call_id)

    def _refused(self, response: Response) -> None:
        self._clear_timers()
        self._data = b""
        self._user = None
        self._ack = ack_to_refusal(self.request, response).encode()
        self._effects.send(self._ack, self.flow, self.request.call_id)
        if self.reliable:
            self._terminate()
        else:
            self.state = COMPLETED
            self._long = self._effects.set_timer(self, "D", GIVE_UP)

    def on_timer(self, key: str) -> None:
        """Act on A, B, D or M."""
        if key == "A":
            self._effects.send(self._data, self.flow, self.request.call_id)
            self._interval *= 2
            self._short = self._effects.set_timer(self, "A", self._interval)
            return
        user = self._user
        self._terminate()
        if user is not None:
            if key == "B":
                user.on_no_response(408)
            elif key == "M":
                user.on_all_forks_heard()

    def is_waiting(self) -> bool:
        """Whether the final answer is still to come."""
        return self.state is TRYING or self.state is PROCEEDING

    def on_flow_failed(self) -> None:
        """Act on a transport error."""
        if self.state is TRYING or self.state is PROCEEDING:
            user = self._user
            self._terminate()
            if user is not None:
                user.on_no_response(503)

    def hush(self) -> None:
        """Send the INVITE no more, but hear what may still come of it (given up before the first answer)."""
        if self.state is TRYING and self._short is not None:
            self._short.owner = None
            self._short = None

    def abandon(self) -> None:
        """Stop waiting: a cancelled INVITE whose final answer never came (RFC 3261 9.1)."""
        if self.state is not TERMINATED:
            self._terminate()

    def _clear_timers(self) -> None:
        if self._short is not None:
            self._short.owner = None
            self._short = None
        if self._long is not None:
            self._long.owner = None
            self._long = None

    def _terminate(self) -> None:
        self._clear_timers()
        self.state = TERMINATED
        self._user = None
        del self._home.clients[self.key]


def ack_to_refusal(invite: Request, response: Response) -> Request:
    """Build the ACK to a final refusal: the INVITE's own branch, route and number (RFC 3261 17.1.1.3)."""
    headers = [("Via", invite.get_all("Via")[0])]
    headers += [("Route", value) for value in invite.get_all("Route")]
    headers += [
        ("Max-Forwards", "70"),
        ("From", invite.get("From") or ""),
        ("To", response.get("To") or ""),
        ("Call-ID", invite.call_id),
        ("CSeq", f"{invite.cseq.number} ACK"),
    ]
    return Request("ACK", invite.uri, headers, b"")
