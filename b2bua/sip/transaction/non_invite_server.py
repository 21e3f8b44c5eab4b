"""The non-INVITE server transaction (RFC 3261 17.2.2).

=============  ===================  =======================================================
state          input                effect, next state
=============  ===================  =======================================================
TRYING         request again        (absorbed)
TRYING         respond 2xx-6xx      send, J = 64 T1 (0 if reliable), COMPLETED
COMPLETED      request again        last response again
COMPLETED      J                    TERMINATED
=============  ===================  =======================================================

We send no provisional answers here (RFC 4320), so the PROCEEDING state does not exist.
"""

from __future__ import annotations

from b2bua.sip.effects import Effects, Timer
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.sip.transaction.table import MergeKey, ServerKey, Transactions
from b2bua.sip.transaction.timings import GIVE_UP


class NonInviteServer:
    """One request other than INVITE and ACK that we answer."""

    __slots__ = (
        "_effects",
        "_home",
        "_last",
        "_timer",
        "call_id",
        "flow",
        "key",
        "merge_key",
        "reliable",
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
        self._timer: Timer | None = None
        self.key = key
        self.merge_key = merge_key
        self.call_id = call_id
        self.flow = flow
        self.reliable = reliable
        home.servers[key] = self
        if merge_key is not None:
            home.merged[merge_key] = key

    def respond(self, status: int, data: bytes) -> None:
        """Send the final response; ``status`` is only looked at by the INVITE machine."""
        assert not self._last, "answered twice"
        self._last = data
        self._effects.send(data, self.flow, self.call_id)
        if self.reliable:
            self._terminate()
        else:
            self._timer = self._effects.set_timer(self, "J", GIVE_UP)

    def is_answered(self) -> bool:
        """Whether the final response was sent."""
        return bool(self._last)

    def on_request(self, request: Request) -> None:
        """Take the request again."""
        if self._last:
            self._effects.send(self._last, self.flow, self.call_id)

    def on_timer(self, key: str) -> None:
        """Act on J."""
        self._terminate()

    def abandon(self) -> None:
        """End without a word (the flow is dead)."""
        if self._home.servers.get(self.key) is self:
            self._terminate()

    def _terminate(self) -> None:
        if self._timer is not None:
            self._timer.owner = None
            self._timer = None
        self._home.forget_server(self.key, self.merge_key)
