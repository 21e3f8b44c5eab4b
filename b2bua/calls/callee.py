"""A target being rung, then talking."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred

from b2bua.calls.authorise import Route
from b2bua.calls.call import Call
from b2bua.calls.live import LineHold
from b2bua.calls.negotiation import Negotiation
from b2bua.calls.party import Party
from b2bua.calls.ports import Leg, LegEnd, MediaEndpoint


class Callee(Party):
    """A target being rung, then talking."""

    def __init__(
        self,
        call: Call,
        leg_id: str,
        endpoint: MediaEndpoint,
        negotiation: Negotiation,
        target: str,
        route: Route,
    ) -> None:
        super().__init__(call, leg_id, endpoint, negotiation)
        self.target = target
        self.route = route
        self.leg: Leg | None = None
        self.on_picked_up: Callable[[Callee], None] | None = None
        """Lets another phone take the call that rings here; None: nobody may."""
        self.hold: LineHold | None = None
        """Its use of the phone, once it was dialled; None for who is no target of a tenant."""
        self.dialled = False
        self.up = False
        self.over = False
        self.statuses: set[int] = set()
        self.hung_up: Deferred[LegEnd] = Deferred()
        """Fires when an answered callee's dialog is over."""
        self.on_dead: Callable[[], None] | None = None
        """Called instead of ending the whole call when no audio comes from here any more."""
        endpoint.on_dead = call.guard(self._dead)

    @property
    def is_extension(self) -> bool:
        """Whether it is a registered phone."""
        return self.leg is not None and not self.route.trunks

    @property
    def is_up(self) -> bool:
        """Whether this target has answered and is still there."""
        return self.up and not self.over

    def _dead(self) -> None:
        if not self.is_up or self.is_holding:  # phones on hold need not send anything
            return
        if self.on_dead is not None:
            self.on_dead()
        else:
            self.call.audio_lost(self.leg_id)

    def picked_up(self) -> None:
        """Note that the leg was answered."""
        self.up = True
        if self.hold is not None:
            self.hold.talk()

    def finished(self) -> None:
        """Note that the leg is over; the phone is free for others."""
        self.over = True
        if self.hold is not None:
            self.hold.release(self.call.mono())

    def leave(self, reason: str = "") -> None:
        """End the leg as its state asks, and note it; does nothing when it is over."""
        if self.over or self.leg is None:
            return
        self.finished()
        self.call.leg_ended(self.leg_id, 0 if self.up else 487, "", by_peer=False)
        self.leg.hang_up(reason)

    def release(self) -> None:
        """See Party."""
        super().release()
        self.on_dead = self.on_picked_up = None
        self.hung_up = Deferred()  # whoever watched it refers to us
        self.leg = None

    def ended_by_peer(self, end: LegEnd) -> None:
        """Note that the answered leg is over."""
        if self.over:
            return
        self.finished()
        self.call.leg_ended(self.leg_id, end.status, end.reason, by_peer=end.by_peer)
        self.hung_up.callback(end)
