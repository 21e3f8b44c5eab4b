"""One leg of a call with its media: what both the caller and those rung share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from b2bua.calls.call import Call
from b2bua.calls.keypad import Keypad, Way
from b2bua.calls.negotiation import Negotiation, SdpError
from b2bua.calls.ports import CallEnd, Clock, DialFailed, Leg, MediaEndpoint
from b2bua.sdp import SessionDescription
from domain.outcomes import HungUpBy, Outcome

_log = Logger()


class Party:
    """A leg's media endpoint and its side of offer and answer.

    Re-offers from the peer (hold, resume, new address) are answered here with the box's own description and
    passed to the media, whatever the other leg does.
    """

    def __init__(self, call: Call, leg_id: str, endpoint: MediaEndpoint, negotiation: Negotiation) -> None:
        self.call = call
        self.leg_id = leg_id
        self.endpoint = endpoint
        self.negotiation = negotiation
        self.other: Party | None = None
        """Who this party is bridged to."""
        self.keypad = Keypad()
        self.ears: frozenset[Party] = frozenset()
        """The conference that this party hears instead of the other one."""
        self.withholds = False
        """This party's keys reach nobody else by themselves, only who listens to its keypad."""
        self.on_hold: Callable[[], None] | None = None
        """Called when this party has put the call on hold, or taken it back (RFC 3264 8.4)."""
        self.sounding = ""
        """What this party hears from the box: ``ringback``, ``music``, a tone's name, or nothing."""
        self._attended: Leg | None = None
        self._sound: Deferred[None] | None = None
        self._sounds_for: Deferred[None] | None = None
        call.parties.append(self)
        endpoint.on_key = call.guard(self._pressed)

    def attend(self, leg: Leg) -> None:
        """Take what arrives inside the leg's dialog from now on."""
        self._attended = leg
        guard = self.call.guard
        leg.on_reoffer = guard(self._reoffered)
        leg.on_offer_wanted = self._offer_wanted
        leg.on_answer = guard(self._late_answer)
        leg.on_key = guard(self._pressed_by_info)
        leg.on_dialog = partial(self.call.dialog, self.leg_id)

    @property
    def is_holding(self) -> bool:
        """Whether this party wants to get nothing just now."""
        remote = self.negotiation.remote
        return remote is not None and not remote.sending

    @property
    def is_away(self) -> bool:
        """Whether this party neither hears nor is heard: on hold, or its media not agreed yet."""
        return self.negotiation.remote is None or self.is_holding

    def release(self) -> None:
        """Forget leg and media when the call is over, so that nothing of it refers to itself any more: what
        is freed at once never waits for the garbage collector."""
        self.endpoint.on_key = self.endpoint.on_dead = self.endpoint.on_speech = None
        self.other = self.on_hold = None
        self.ears = frozenset()
        self.keypad.stop()
        leg, self._attended = self._attended, None
        if leg is not None:
            leg.on_reoffer = leg.on_offer_wanted = leg.on_answer = leg.on_key = leg.on_dialog = None
            leg.on_refer = leg.on_referred = None

    def offer(self, first: str | None = None) -> SessionDescription:
        """Make our offer, ``first`` codec before the others (the one that spares transcoding)."""
        return self.negotiation.offer(first)

    def accept(self, answer: SessionDescription) -> None:
        """Take the peer's answer and let media flow; raises SdpError."""
        self.endpoint.connect(self.negotiation.accept(answer))

    def answer_to(self, offer: SessionDescription) -> SessionDescription:
        """Answer the peer's offer and let media flow; raises SdpError."""
        answer, remote = self.negotiation.answer(offer)
        self.endpoint.connect(remote)
        return answer

    def bridge(self, other: Party) -> None:
        """Let two parties of the call hear each other."""
        for end, far in ((self, other), (other, self)):
            if end.other is not None and end.other is not far:
                end.other.other = None
        self.other, other.other = other, self
        self.endpoint.bridge(other.endpoint)

    def unbridge(self) -> None:
        """Let the parties hear each other no longer."""
        if self.other is not None:
            self.other.other = None
            self.other = None
            self.endpoint.unbridge()

    async def answer(self) -> None:
        """Do nothing: a party of a talk was answered long ago; see Caller."""

    def ring(self) -> None:
        """Do nothing: a party of a talk was answered long ago; see Caller."""

    def open_early_media(self) -> bool:
        """Tell whether the party can hear us now."""
        return True

    def hear(self, others: frozenset[Party]) -> None:
        """Hear the sum of these parties; none: the one this party is bridged to again."""
        if others != self.ears:
            self.ears = others
            self.endpoint.hear(*[other.endpoint for other in others])

    # -- what is heard from the box ----------------------------------------------------------------

    async def say(self, prompts: tuple[str, ...]) -> None:
        """Play prompts to their end."""
        self.hush()
        await self.call.wait(self.endpoint.play(prompts))

    async def sound(self, tone: str, seconds: float, clock: Clock) -> None:
        """Sound a tone for some seconds."""
        self._keep(tone, self.endpoint.tone(tone))
        try:
            await self.call.wait(clock.after(seconds))
        finally:
            self.hush()

    def listen_for_keys(self, on: bool) -> None:
        """Hear in-band DTMF while on, where the party did not negotiate RFC 4733."""
        remote = self.negotiation.remote
        if remote is not None and remote.event_payload_type is None:
            self.endpoint.listen_for_keys(on)

    async def key_within(self, seconds: float, clock: Clock) -> str:
        """Wait for the party's next key, or take one typed ahead; "" when none comes in time."""
        keypad = self.keypad
        if keypad.typed:
            key, keypad.typed = keypad.typed[0], keypad.typed[1:]
            return key
        pressed: Deferred[str] = Deferred()
        late = clock.after(seconds)
        late.addCallbacks(lambda _: pressed.callback(""), expected_to_end)

        def take(digit: str) -> None:
            keypad.stop()
            pressed.callback(digit)

        keypad.listen(take)
        try:
            return await self.call.wait(pressed)
        finally:
            keypad.stop()
            late.cancel()

    async def key_during(self, prompt: str, seconds: float, clock: Clock) -> str:
        """Play a prompt and wait for the next key, which stops it; "" when none comes until so long after
        its end."""
        self.hush()
        return await self.key_while(self.endpoint.play((prompt,)), seconds, clock)

    async def key_while(self, playing: Deferred[None], seconds: float, clock: Clock) -> str:
        """Wait for the next key, which stops what is played; "" when none comes until so long after its
        end."""
        pressed: Deferred[str] = Deferred()
        waits: list[Deferred[None]] = []

        def told(key: str) -> None:
            self.keypad.stop()
            if not pressed.called:
                pressed.callback(key)

        def played(_: None) -> None:
            late = clock.after(seconds)
            waits.append(late)
            late.addCallbacks(lambda _: told(""), expected_to_end)

        waits.append(playing)
        self.keypad.listen(told)
        playing.addCallbacks(played, expected_to_end)
        try:
            return await self.call.wait(pressed)
        finally:
            self.keypad.stop()
            for wait in list(waits):
                wait.cancel()

    def signal(self, tone: str, seconds: float, clock: Clock) -> None:
        """Sound a tone for some seconds, over whatever else this party hears, without waiting for it."""
        self._keep(tone, self.endpoint.tone(tone))
        self._sounds_for = clock.after(seconds)
        self._sounds_for.addCallbacks(lambda _: self.hush(), expected_to_end)

    def hear_ringback(self, prompt: str | None) -> None:
        """Let the party hear the tenant's ringback prompt over and over, or the ring tone, until hushed."""
        if prompt is not None:
            self._keep("ringback", self.endpoint.play((prompt,), repeat=True))
        else:
            self._keep("ringback", self.endpoint.tone("ringback"))

    def hear_music(self, prompt: str | None) -> None:
        """Let the party hear music until hushed; without any, nothing."""
        if self.sounding == "music":
            return
        self.hush()
        if prompt is not None:
            self._keep("music", self.endpoint.play((prompt,), repeat=True))

    def hear_then(self, prompts: tuple[str, ...], then: Callable[[], object]) -> None:
        """Let the party hear prompts without waiting for their end, at which ``then`` is called; not when
        something else is heard instead."""
        message = self.endpoint.play(prompts)
        self._keep("message", message)
        message.addCallback(lambda _: then() if self._sound is message else None)

    def hush(self) -> None:
        """Stop what the party hears from the box."""
        sound, self._sound = self._sound, None
        timer, self._sounds_for = self._sounds_for, None
        self.sounding = ""
        if timer is not None:
            timer.cancel()
        if sound is not None:
            sound.cancel()

    def _keep(self, name: str, sound: Deferred[None]) -> None:
        self.hush()
        self.sounding = name
        self._sound = sound
        sound.addErrback(expected_to_end)

    # -- what arrives in the dialog ----------------------------------------------------------------

    def _reoffered(self, offer: SessionDescription) -> SessionDescription | None:
        held = self.is_holding
        try:
            answer = self.answer_to(offer)
        except SdpError:
            return None
        self._tell_hold(held)
        return answer

    def _offer_wanted(self) -> SessionDescription:
        return self.negotiation.offer(self.negotiation.codec)

    def _late_answer(self, answer: SessionDescription) -> None:
        """Take the answer to an offer we made in a 200; an answer cannot be refused, so a bad one ends the
        call."""
        held = self.is_holding
        try:
            self.accept(answer)
        except SdpError:
            self.call.cut(CallEnd(outcome=Outcome.NO_COMMON_CODEC, by=HungUpBy.BOX))
            return
        self._tell_hold(held)

    def _tell_hold(self, held: bool) -> None:
        if self.on_hold is not None and held is not self.is_holding:
            self.on_hold()

    def _pressed(self, digit: str) -> None:
        self._keyed(digit, Way.MEDIA)

    def _pressed_by_info(self, digit: str) -> None:
        """Take a key that came by SIP INFO and give it to the other party as media; 4733 keys cross by
        themselves."""
        if self._keyed(digit, Way.INFO) and self.other is not None and not self.withholds:
            self.other.endpoint.send_keys(digit)

    def _keyed(self, digit: str, way: Way) -> bool:
        """Journal a key and tell who listens; False when it is but the echo of the last one."""
        if self.keypad.is_echo(digit, way, self.call.mono()):
            return False
        self.call.key(self.leg_id, self.keypad.journalled(digit))
        self.keypad.press(digit, keep=self.other is None)
        return True


def expected_to_end(failure: Failure) -> None:
    """Drop the end of a sound that was hushed, or of an answer whose leg is over; log anything else."""
    if not failure.check(CancelledError, DialFailed):
        _log.failure("sound or answer failed", failure)
