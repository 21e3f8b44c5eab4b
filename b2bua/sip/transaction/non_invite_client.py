"""The non-INVITE client transaction (RFC 3261 17.1.2).

=============  ===================  ==================================================================
state          input                effect, next state
=============  ===================  ==================================================================
(start)                             send, E = T1 if unreliable, F = 64 T1, TRYING
TRYING         E                    send again, E doubles up to T2
TRYING         1xx                  to the user, PROCEEDING
PROCEEDING     E                    send again, E = T2
TRYING, PROC.  2xx-6xx              to the user, K = T4 (0 if reliable), COMPLETED
TRYING, PROC.  F, flow failed       the user learns that no answer came, TERMINATED
COMPLETED      response again       (absorbed)
COMPLETED      K                    TERMINATED
=============  ===================  ==================================================================
"""

from __future__ import annotations

from typing import Protocol

from b2bua.sip.effects import Effects, Timer
from b2bua.sip.flow import Flow
from b2bua.sip.message import Response
from b2bua.sip.transaction.invite_client import COMPLETED, PROCEEDING, TERMINATED, TRYING
from b2bua.sip.transaction.table import ClientKey, Transactions
from b2bua.sip.transaction.timings import GIVE_UP, T1, T2, T4


class NonInviteClientUser(Protocol):
    """What the layer above learns."""

    def on_response(self, response: Response) -> None:
        """Take a provisional or final response, each once."""

    def on_no_response(self, status: int) -> None:
        """Learn that none will come: 408 for silence, 503 for a dead flow (RFC 3261 8.1.3.1)."""


class NonInviteClient:
    """One request other than INVITE and ACK that we sent."""

    __slots__ = (
        "_data",
        "_effects",
        "_home",
        "_interval",
        "_long",
        "_short",
        "_user",
        "call_id",
        "flow",
        "key",
        "reliable",
        "state",
    )

    def __init__(
        self,
        effects: Effects,
        home: Transactions,
        key: ClientKey,
        data: bytes,
        call_id: str,
        flow: Flow,
        reliable: bool,
        user: NonInviteClientUser | None,
    ) -> None:
        self._effects = effects
        self._home = home
        self._data = data
        self._user = user
        self._interval = T1
        self.key = key
        self.call_id = call_id
        self.flow = flow
        self.reliable = reliable
        self.state = TRYING
        home.clients[key] = self
        self._long: Timer | None = effects.set_timer(self, "F", GIVE_UP)
        self._short: Timer | None = None if reliable else effects.set_timer(self, "E", T1)
        effects.send(data, flow, call_id)

    def on_response(self, response: Response) -> None:
        """Take a response that matches."""
        if self.state is COMPLETED:
            return
        user = self._user
        if response.status < 200:
            self.state = PROCEEDING
        elif self.reliable:
            self._terminate()
        else:
            self._clear_timers()
            self.state = COMPLETED
            self._data = b""
            self._user = None
            self._long = self._effects.set_timer(self, "K", T4)
        if user is not None:
            user.on_response(response)

    def on_timer(self, key: str) -> None:
        """Act on E, F or K."""
        if key == "E":
            self._effects.send(self._data, self.flow, self.call_id)
            self._interval = T2 if self.state is PROCEEDING else min(2 * self._interval, T2)
            self._short = self._effects.set_timer(self, "E", self._interval)
        elif key == "F":
            self._fail(408)
        else:
            self._terminate()

    def is_waiting(self) -> bool:
        """Whether the final answer is still to come."""
        return self.state is TRYING or self.state is PROCEEDING

    def on_flow_failed(self) -> None:
        """Act on a transport error."""
        if self.state is TRYING or self.state is PROCEEDING:
            self._fail(503)

    def _fail(self, status: int) -> None:
        user = self._user
        self._terminate()
        if user is not None:
            user.on_no_response(status)

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
