"""A dialler in memory: legs come to life as :class:`tests.twins.legs.MemoryOutboundLeg`."""

from __future__ import annotations

from collections.abc import Callable

from b2bua.calls.ports import DialFailed, Dialling, OnDialled
from b2bua.sdp import SessionDescription
from domain.outcomes import Outcome
from tests.twins.legs import MemoryOutboundLeg


class MemoryDialler:
    """Twin of ``b2bua.stack.dialler.Dialler``."""

    def __init__(self, listeners: dict[str | None, str], log: list[str] | None = None) -> None:
        """``listeners``: the listener of each trunk's name, and of extensions under None."""
        self.dialled: list[Dialling] = []
        self.legs: list[MemoryOutboundLeg] = []
        self.down: set[str] = set()
        """Trunks that take no call."""
        self._listeners = listeners
        self._log = [] if log is None else log

    def dial(
        self, dialling: Dialling, offer: Callable[[str], SessionDescription], on_dialled: OnDialled
    ) -> MemoryOutboundLeg:
        """Ring one target by its first trunk that is up."""
        self.dialled.append(dialling)
        usable = [None] if dialling.is_extension else [t for t in dialling.trunks if t not in self.down]
        if not usable:
            leg = MemoryOutboundLeg(dialling.leg, None, None, self._log)
            leg.over = True
            leg.answered.errback(DialFailed(503, "No trunk", Outcome.TRUNK_DOWN))
            return leg
        trunk = usable[0]
        listener = self._listeners[trunk]
        description = offer(listener)
        on_dialled(trunk, listener, b'{"leg":"%s","state":"calling"}' % dialling.leg.encode())
        leg = MemoryOutboundLeg(dialling.leg, trunk, description, self._log)
        self._log.append(f"{leg.id} INVITE {dialling.target}")
        self.legs.append(leg)
        return leg
