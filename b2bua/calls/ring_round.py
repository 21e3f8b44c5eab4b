"""Targets rung together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from b2bua.calls.acceptance import Acceptance
from b2bua.calls.authorise import Authorised
from b2bua.calls.call import Call
from b2bua.calls.callee import Callee
from b2bua.calls.negotiation import Negotiation, SdpError, codecs_of_leg
from b2bua.calls.party import Party
from b2bua.calls.ports import CallPorts, DialFailed, MediaEndpoint, MediaUnavailable, OutboundLeg
from b2bua.sdp import SessionDescription
from domain.outcomes import Outcome

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
"""Reason (RFC 3326) for legs given up because another one answered: phones then show no missed call."""


class Round:
    """Targets rung together until one answers, all have failed, or the time is up."""

    def __init__(
        self,
        call: Call,
        waiting: Party | None,
        targets: Sequence[Authorised],
        ports: CallPorts,
        *,
        record: bool,
        ringback: str | None,
        leg: str | None = None,
        open_to_all: bool = False,
    ) -> None:
        """``waiting``: who hears that it rings, None for nobody; legs are offered his codec first.

        ``leg`` names the leg of a round of one target; None: the next free names. ``open_to_all``: another
        phone of the tenant may pick up what rings here.
        """
        self.failures: list[Outcome] = []
        """Why each target failed, once it has."""
        self._call = call
        self._waiting = waiting
        self._targets = targets
        self._ports = ports
        self._record = record
        self._leg = leg
        self._open_to_all = open_to_all
        self._legs: list[OutboundLeg] = []
        self._ringback = ringback
        self._ringing: list[Callee] = []
        self._opening: list[Deferred[MediaEndpoint]] = []
        self._done: Deferred[Callee | None] = Deferred()
        self._closed = False
        self._asked: dict[Callee, Acceptance] = {}
        """Those who picked up and are asked to press 1."""
        self._heard: Callee | None = None
        """Whose early media is heard."""
        self._timer: Deferred[None] | None = None

    async def run(self, seconds: float) -> Callee | None:
        """Ring for so long; return who answered or None."""
        winner: Callee | None = None
        try:
            winner = await self._call.wait(self.start(seconds))
            return winner
        finally:
            self.stop(winner)

    def start(self, seconds: float) -> Deferred[Callee | None]:
        """Ring for so long; fires with who answered or None. To be followed by ``stop``."""
        self._timer = self._ports.clock.after(seconds)
        self._timer.addCallbacks(self._time_up, _given_up)
        for target in self._targets:
            if not self._closed:
                self._try(target, 0)
        return self._done

    def hand_over(self, waiting: Party) -> None:
        """Let somebody else wait for an answer: who asked has hung up while it rang."""
        before, self._waiting = self._waiting, waiting
        if self._heard is not None and before is not None:
            before.unbridge()
            waiting.bridge(self._heard)

    def stop(self, winner: Callee | None) -> None:
        """Give up everybody who rings, but for the winner."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for opening in list(self._opening):
            opening.cancel()
        for acceptance in self._asked.values():
            acceptance.stop()
        for leg in self._legs:
            leg.on_progress = None
        self._legs.clear()  # they know this round: without the circle a call's memory is free when it ends
        for callee in self._ringing:
            callee.on_picked_up = None
            if callee is not winner:
                self._drop(callee, ELSEWHERE if winner is not None else "")

    # -- one target --------------------------------------------------------------------------------

    def _try(self, target: Authorised, index: int) -> None:
        """Ring a target by its route of this index, then by the next ones."""
        if index >= len(target.routes):
            self._failed_target(Outcome.REFUSED_BY_TARGET if target.is_extension else Outcome.TRUNK_DOWN)
            return
        route = target.routes[index]
        leg_id = self._leg or self._call.next_leg()
        opening = self._ports.media.open(
            self._call.id, leg_id, route.listener, record=self._record, srtp=route.srtp
        )
        self._opening.append(opening)

        def opened(endpoint: MediaEndpoint) -> None:
            self._opening.remove(opening)
            self._call.keep(endpoint, leg_id)
            self._dial(target, index, leg_id, endpoint)

        def unavailable(failure: Failure) -> None:
            self._opening.remove(opening)
            failure.trap(MediaUnavailable, CancelledError)
            if not self._closed:
                self._failed_target(Outcome.OVER_BOX_LIMIT)

        opening.addCallbacks(opened, unavailable)
        opening.addErrback(self._fault)

    def _dial(self, target: Authorised, index: int, leg_id: str, endpoint: MediaEndpoint) -> None:
        route = target.routes[index]
        call = self._call
        codecs = codecs_of_leg(call, route.codecs, self._ports.directory)
        negotiation = Negotiation(endpoint, codecs, srtp=route.srtp, randomness=self._ports.randomness)
        callee = Callee(call, leg_id, endpoint, negotiation, target.target.number, route)
        try:
            offer = callee.offer("PCMA" if self._waiting is None else self._waiting.negotiation.codec)
        except SdpError:
            self._failed_target(Outcome.NO_COMMON_CODEC)
            return
        call.callees.append(callee)
        self._ringing.append(callee)

        def dialled(trunk: str | None, listener: str, state: bytes) -> None:
            if not callee.dialled and target.line:
                callee.hold = self._ports.live.hold(target.line, call.mono())
            callee.dialled = True
            call.leg_dialled(leg_id, callee.target, target.is_extension, trunk, listener)
            call.dialog(leg_id, state)

        leg = target.dial(
            route,
            call.id,
            leg_id,
            call.invitation.caller,
            call.invitation.anonymous,
            lambda listener: offer,
            dialled,
            call.invitation.max_forwards - 1,
        )
        callee.leg = leg
        self._legs.append(leg)
        if self._open_to_all:
            callee.on_picked_up = self._settle
        callee.attend(leg)
        leg.on_progress = call.guard(partial(self._progressed, callee))
        leg.answered.addCallbacks(
            lambda answer: self._answered(target, index, callee, answer),
            lambda failure: self._refused(target, index, callee, failure),
        )
        leg.answered.addErrback(self._fault)

    # -- what the targets do -----------------------------------------------------------------------

    def _progressed(self, callee: Callee, status: int, description: SessionDescription | None) -> None:
        if self._closed or callee.over:
            return
        if status not in callee.statuses:
            callee.statuses.add(status)
            self._call.leg_progressed(callee.leg_id, status)
        single = len(self._targets) == 1
        if description is not None and single and callee.route.plays_early_media:
            self._hear(callee, description)
        if status >= 180 and self._waiting is not None:
            self._waiting.ring()

    def _hear(self, callee: Callee, description: SessionDescription) -> None:
        """Let who waits hear the only leg's own early media instead of ringback."""
        try:
            callee.accept(description)
        except SdpError:
            return
        if self._heard is None and self._waiting is not None and self._waiting.open_early_media():
            self._heard = callee
            self._waiting.hush()
            self._waiting.bridge(callee)
            self._call.step("early-media", callee.leg_id)

    def _answered(self, target: Authorised, index: int, callee: Callee, answer: SessionDescription) -> None:
        assert callee.leg is not None
        if self._closed:
            callee.leg.hang_up()
            return
        callee.picked_up()
        try:
            callee.accept(answer)
        except SdpError:
            self._drop(callee, "")
            self._failed_target(Outcome.NO_COMMON_CODEC)
            return
        self._call.leg_answered(callee.leg_id)
        callee.leg.ended.addCallback(callee.ended_by_peer).addErrback(self._call.fault)
        if target.target.confirm_seconds:
            self._ask(callee, target.target.confirm_seconds)
        else:
            self._settle(callee)

    def _ask(self, callee: Callee, seconds: float) -> None:
        """Let who picked up press 1, so that no voicemail of a mobile takes the call; the others ring on."""
        self._unhear(callee)

        def accepted() -> None:
            self._settle(callee)

        def not_accepted() -> None:
            del self._asked[callee]
            self._drop(callee, "")
            self._failed_target(Outcome.NO_ANSWER)

        self._asked[callee] = acceptance = Acceptance(callee, self._ports, accepted, not_accepted)
        acceptance.ask(seconds)

    def _refused(self, target: Authorised, index: int, callee: Callee, failure: Failure) -> None:
        if self._closed or callee.over:
            failure.trap(DialFailed, CancelledError)
            return
        failure.trap(DialFailed)
        refusal = failure.value
        assert isinstance(refusal, DialFailed)
        callee.finished()
        if callee.dialled:
            self._call.leg_ended(callee.leg_id, refusal.status, refusal.reason, by_peer=True)
        else:
            self._call.step("no-way-out", f"{callee.leg_id} {callee.target}")
        self._unhear(callee)
        if refusal.outcome is Outcome.TRUNK_DOWN and index + 1 < len(target.routes):
            if self._leg is not None:  # the next leg has its name
                callee.endpoint.close()
            self._try(target, index + 1)
        else:
            self._failed_target(refusal.outcome)

    def _failed_target(self, outcome: Outcome) -> None:
        self.failures.append(outcome)
        if len(self.failures) == len(self._targets):
            self._settle(None)

    def _drop(self, callee: Callee, reason: str) -> None:
        self._unhear(callee)
        callee.leave(reason)

    def _unhear(self, callee: Callee) -> None:
        """Go back to the box's ringback after a leg whose early media the caller heard has failed."""
        if self._heard is callee and self._waiting is not None:
            self._heard = None
            self._waiting.unbridge()
            if not self._closed:
                self._waiting.hear_ringback(self._ringback)

    # -- the end of the round ----------------------------------------------------------------------

    def _time_up(self, _: None) -> None:
        """End the round; those who are just asked to press 1 keep their time for it."""
        if self._asked:
            for opening in list(self._opening):
                opening.cancel()
            for callee in self._ringing:
                if callee not in self._asked:
                    self._drop(callee, "")
        unheard = len(self._targets) - len(self.failures) - len(self._asked)
        self.failures += [Outcome.NO_ANSWER] * unheard
        if not self._asked:
            self._settle(None)

    def _settle(self, winner: Callee | None) -> None:
        if not self._closed:
            self._closed = True
            self._done.callback(winner)

    def _fault(self, failure: Failure) -> None:
        """Bring our own mistake in a callback to the call's flow, which ends with it."""
        if self._closed:
            self._call.fault(failure)
        else:
            self._closed = True
            self._done.errback(failure)


def _given_up(failure: Failure) -> None:
    failure.trap(CancelledError)
