"""The caller's side of a call: ringing, early media, the answer, what he hears."""

from __future__ import annotations

from typing import cast

from twisted.internet.defer import CancelledError

from b2bua.calls.call import Call
from b2bua.calls.callee import Callee
from b2bua.calls.negotiation import Negotiation, codecs_of_extension, codecs_of_leg, wants_srtp
from b2bua.calls.party import Party, expected_to_end
from b2bua.calls.ports import CallPorts, InboundLeg, MediaEndpoint
from b2bua.sdp import SessionDescription


async def receive_caller(
    call: Call, leg: InboundLeg, ports: CallPorts, *, record: bool, home: tuple[str, str] | None = None
) -> Caller:
    """Open the caller's media and settle the one SDP answer of his dialog.

    ``home``: another call, and the name of a leg there, in whose midst his audio is. Raises MediaUnavailable.
    """
    invitation = leg.invitation
    trunk = ports.directory.trunk(invitation.trunk) if invitation.trunk is not None else None
    codecs = trunk.codecs if trunk is not None else codecs_of_extension(ports.directory, invitation.extension)
    codecs = codecs_of_leg(call, codecs, ports.directory)
    srtp = wants_srtp(invitation.offer)
    media_call, media_leg = home or (call.id, leg.id)
    opening = ports.media.open(media_call, media_leg, invitation.listener, record=record, srtp=srtp)
    endpoint = await call.wait(opening.addCallback(call.keep, leg.id))
    early = trunk.early_media_seconds if trunk is not None else 60.0
    negotiation = Negotiation(endpoint, codecs, srtp=srtp, randomness=ports.randomness)
    return Caller(call, leg, endpoint, negotiation, ports, early_media_seconds=early)


def caller_of(call: Call, callee: Callee, ports: CallPorts) -> Caller:
    """Return somebody whom the box has rung and who has picked up as one who has called and was answered."""
    # Answered as he is, nothing is asked of his leg any more that only an inbound one can do.
    leg = cast(InboundLeg, callee.leg)
    caller = Caller(call, leg, callee.endpoint, callee.negotiation, ports, early_media_seconds=0.0)
    caller.answered = True
    return caller


class Caller(Party):
    """The caller, until and after he is answered."""

    def __init__(
        self,
        call: Call,
        leg: InboundLeg,
        endpoint: MediaEndpoint,
        negotiation: Negotiation,
        ports: CallPorts,
        *,
        early_media_seconds: float,
    ) -> None:
        super().__init__(call, leg.id, endpoint, negotiation)
        self.leg = leg
        self.answered = False
        self.in_early_media = False
        self._clock = ports.clock
        self._early_media_seconds = early_media_seconds
        self._early_since = 0.0
        self._connected = False
        self._description: SessionDescription | None = None
        """The one answer of the caller's dialog, the same in 183 and 200."""
        self.attend(leg)
        endpoint.on_dead = call.guard(self._dead)

    def _dead(self) -> None:
        if not self.is_holding:  # phones on hold need not send anything
            self.call.audio_lost(self.leg_id)

    # -- SIP ---------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Choose the codec now, so that legs are offered the same one first; raises SdpError."""
        offer = self.leg.invitation.offer
        if offer is not None and self._description is None:
            self._description, _ = self.negotiation.answer(offer)

    def ring(self) -> None:
        """Tell the caller's phone to ring, unless he hears early media or was answered."""
        if not self.answered and not self.in_early_media:
            self.leg.ring()

    def open_early_media(self) -> bool:
        """Send 183 so that the caller hears us unanswered; False where his trunk has none, or with a late
        offer."""
        if self.answered or self.in_early_media:
            return True
        if self._early_media_seconds <= 0:
            return False
        self.settle()
        if self._description is None:
            return False
        self.in_early_media = True
        self._early_since = self._clock.mono()
        self._connect()
        self.leg.progress(self._description)
        return True

    def early_media_left(self) -> float | None:
        """Seconds until the trunk's bound on early media, None when none runs."""
        if self.answered or not self.in_early_media:
            return None
        return self._early_since + self._early_media_seconds - self._clock.mono()

    async def answer(self) -> None:
        """Answer the caller (once). With a late offer, return at his ACK, else at once."""
        if self.answered:
            return
        self.settle()
        self.call.answered()
        self.answered = True
        self.call.sip_status = 200
        if self._description is None:
            answer = await self.call.wait(self.leg.answer(self.offer()))
            if answer is not None:
                self.accept(answer)
                self._connected = True
            return
        self._connect()
        self.leg.answer(self._description).addErrback(expected_to_end)

    def _connect(self) -> None:
        if not self._connected:
            self._connected = True
            assert self.negotiation.remote is not None
            self.endpoint.connect(self.negotiation.remote)

    # -- what he hears -----------------------------------------------------------------------------

    async def say(self, prompts: tuple[str, ...]) -> None:
        """Play prompts to their end, or to the bound on early media."""
        self.hush()
        playing = self.endpoint.play(prompts)
        left = self.early_media_left()
        if left is None:
            await self.call.wait(playing)
            return
        bound = self._clock.after(max(0.0, left))
        bound.addCallbacks(lambda _: playing.cancel(), expected_to_end)
        try:
            await self.call.wait(playing)
        except CancelledError:
            if self.call.end is not None:
                raise
        finally:
            bound.cancel()
