"""A 2xx to an INVITE, sent again until its ACK (RFC 3261 13.3.1.4)."""

from __future__ import annotations

from collections.abc import Callable

from b2bua.sip.effects import Effects, Timer
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.sip.transaction.timings import GIVE_UP, T1, T2


class Acceptance:
    """Waits for the ACK of one 2xx, on all transports (the next hop says nothing about the last one).

    ``on_ack`` gets the ACK (or what proves as much), or None when none came for 64 T1.
    """

    __slots__ = ("_data", "_effects", "_flow", "_interval", "_long", "_on_ack", "_short", "call_id", "cseq")

    def __init__(
        self,
        effects: Effects,
        data: bytes,
        flow: Flow,
        call_id: str,
        cseq: int,
        on_ack: Callable[[Request | None], None],
    ) -> None:
        self._effects = effects
        self._data = data
        self._flow = flow
        self._interval = T1
        self._on_ack: Callable[[Request | None], None] | None = on_ack
        self.call_id = call_id
        self.cseq = cseq
        self._short: Timer | None = effects.set_timer(self, "again", T1)
        self._long: Timer | None = effects.set_timer(self, "silence", GIVE_UP)

    @property
    def waiting(self) -> bool:
        """Whether the ACK is still to come."""
        return self._on_ack is not None

    def acknowledge(self, ack: Request) -> bool:
        """Take an ACK; False when it is another's or comes again."""
        if self._on_ack is None or ack.cseq.number != self.cseq:
            return False
        on_ack = self._on_ack
        self.close()
        on_ack(ack)
        return True

    def presume(self, request: Request) -> None:
        """Take another request as proof that the 2xx arrived."""
        on_ack = self._on_ack
        self.close()
        if on_ack is not None:
            on_ack(request)

    def on_timer(self, key: str) -> None:
        """Send again, or give up."""
        if key == "again":
            self._effects.send(self._data, self._flow, self.call_id)
            self._interval = min(2 * self._interval, T2)
            self._short = self._effects.set_timer(self, "again", self._interval)
            return
        on_ack = self._on_ack
        self.close()
        if on_ack is not None:
            on_ack(None)

    def close(self) -> None:
        """Stop sending."""
        self._data = b""
        self._on_ack = None
        if self._short is not None:
            self._short.owner = None
            self._short = None
        if self._long is not None:
            self._long.owner = None
            self._long = None
