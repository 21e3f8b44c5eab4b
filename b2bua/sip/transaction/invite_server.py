"""The INVITE server transaction (RFC 3261 17.2.1, RFC 6026 7.1).

=============  ===========================  ==============================================================
state          input                        effect, next state
=============  ===========================  ==============================================================
PROCEEDING     INVITE again                 last provisional again
PROCEEDING     respond 1xx                  send
PROCEEDING     respond 2xx                  send, L = 64 T1, ACCEPTED (the session repeats it)
PROCEEDING     respond 3xx-6xx              send, G = T1 if unreliable, H = 64 T1, COMPLETED
ACCEPTED       INVITE again                 (absorbed)
ACCEPTED       ACK                          to the user
ACCEPTED       L                            TERMINATED
COMPLETED      INVITE again, G              last response again; G doubles up to T2
COMPLETED      ACK                          I = T4 (0 if reliable), CONFIRMED
COMPLETED      H                            the user learns that no ACK came, TERMINATED
CONFIRMED      INVITE again, ACK            (absorbed)
CONFIRMED      I                            TERMINATED
=============  ===========================  ==============================================================
"""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

from b2bua.sip.effects import Effects, Timer
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.sip.transaction.table import MergeKey, ServerKey, Transactions
from b2bua.sip.transaction.timings import GIVE_UP, T1, T2, T4


class State(IntEnum):
    """States of the machine."""

    PROCEEDING = 0
    ACCEPTED = 1
    COMPLETED = 2
    CONFIRMED = 3
    TERMINATED = 4


PROCEEDING, ACCEPTED, COMPLETED, CONFIRMED, TERMINATED = State


class InviteServerUser(Protocol):
    """What the layer above learns."""

    def on_ack(self, request: Request) -> None:
        """Take an ACK to a 2xx that came under the INVITE's own branch."""

    def on_no_ack(self) -> None:
        """Learn that a final refusal was never acknowledged."""


class InviteServer:
    """One INVITE that we answer."""

    __slots__ = (
        "_effects",
        "_home",
        "_interval",
        "_last",
        "_long",
        "_short",
        "call_id",
        "flow",
        "key",
        "merge_key",
        "reliable",
        "state",
        "user",
    )

    def __init__(
        self,
        effects: Effects,
        home: Transactions,
        key: ServerKey,
        merge_key: MergeKey | None,
        call_id: str,
        flow: Flow,
        reliable: bool,
    ) -> None:
        self._effects = effects
        self._home = home
        self._last = b""
        self._interval = T1
        self._short: Timer | None = None
        self._long: Timer | None = None
        self.key = key
        self.merge_key = merge_key
        self.call_id = call_id
        self.flow = flow
        self.reliable = reliable
        self.state = PROCEEDING
        self.user: InviteServerUser | None = None
        home.servers[key] = self
        if merge_key is not None:
            home.merged[merge_key] = key

    @property
    def unanswered(self) -> bool:
        """Whether nothing was sent yet."""
        return self.state is PROCEEDING and not self._last

    def respond(self, status: int, data: bytes) -> None:
        """Send a response of the user; only one final is allowed."""
        if self.state is not PROCEEDING:
            raise AssertionError(f"{status} after a final response")
        self._send(data)
        if status < 200:
            self._last = data
        elif status < 300:
            self._last = b""
            self.state = ACCEPTED
            self._long = self._effects.set_timer(self, "L", GIVE_UP)
        else:
            self._last = data
            self.state = COMPLETED
            self._long = self._effects.set_timer(self, "H", GIVE_UP)
            if not self.reliable:
                self._short = self._effects.set_timer(self, "G", T1)

    def repeat(self) -> None:
        """Send the last provisional again, on the user's wish."""
        if self.state is PROCEEDING and self._last:
            self._send(self._last)

    def is_answered(self) -> bool:
        """Whether a final response was sent."""
        return self.state is not PROCEEDING

    def on_request(self, request: Request) -> None:
        """Take the INVITE again, or an ACK that matches it."""
        if request.method == "ACK":
            self._on_ack(request)
        elif self._last and self.state in (PROCEEDING, COMPLETED):
            self._send(self._last)

    def _on_ack(self, request: Request) -> None:
        if self.state is COMPLETED:
            self._clear_timers()
            self._last = b""
            if self.reliable:
                self._terminate()
            else:
                self.state = CONFIRMED
                self._long = self._effects.set_timer(self, "I", T4)
        elif self.state is ACCEPTED and self.user is not None:
            self.user.on_ack(request)

    def on_timer(self, key: str) -> None:
        """Act on G, H, I or L."""
        if key == "G":
            self._send(self._last)
            self._interval = min(2 * self._interval, T2)
            self._short = self._effects.set_timer(self, "G", self._interval)
            return
        user = self.user
        self._terminate()
        if key == "H" and user is not None:
            user.on_no_ack()

    def abandon(self) -> None:
        """End without a word (the flow is dead)."""
        if self.state is not TERMINATED:
            self._terminate()

    def _send(self, data: bytes) -> None:
        self._effects.send(data, self.flow, self.call_id)

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
        self.user = None
        self._home.forget_server(self.key, self.merge_key)
