"""Take a message from the caller (docs/call-flows/voicemail.md)."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import Final

from twisted.internet.defer import CancelledError, Deferred

from b2bua.calls.announce import announce
from b2bua.calls.call import Call, CallState
from b2bua.calls.caller import Caller
from b2bua.calls.negotiation import G711
from b2bua.calls.ports import CallEnd, CallPorts, Clock
from domain.outcomes import HungUpBy, Outcome
from domain.routing.destination import Destination
from domain.voice.prompts import own_name
from domain.voice.voicemail import Voicemail

TRIES: Final = 5
"""Recordings begun for one caller, the ones he takes back counted."""
END_KEYS: Final = frozenset("#")
AGAIN_KEYS: Final = frozenset("*1")
LISTEN_KEYS: Final = frozenset("2")
REVIEWS: Final = 5
"""How often the caller may hear his message, or be asked what he wants to do with it."""
REVIEW_SECONDS: Final = 5.0
"""How long he may think; then it is saved."""
KEY_SECONDS: Final = 0.2
"""What the key that ended a message took of it."""
REST_SECONDS: Final = 0.5
"""Silence left at the end of a message that silence has ended."""


async def take_message(call: Call, caller: Caller, name: str, ports: CallPorts) -> CallEnd | Destination:
    """Greet, sound the tone, record until key, silence or length say so, and tell the caller."""
    assert call.tenant is not None
    box = next((box for box in call.tenant.voicemails if box.name == name), None)
    if box is None:
        call.step("no-such-voicemail", name)
        await announce(call, caller, Outcome.NOTHING_BOUND, ports)
        return CallEnd(outcome=Outcome.NOTHING_BOUND, by=HungUpBy.BOX)
    if ports.messages_full(call.tenant) or not ports.may_record():
        call.step("mailbox-full", name)
        if box.otherwise is not None:
            return box.otherwise
        await announce(call, caller, Outcome.MAILBOX_FULL, ports)
        return CallEnd(outcome=Outcome.MAILBOX_FULL, by=HungUpBy.BOX)
    await caller.answer()
    if caller.negotiation.codec not in G711:  # what he says could not be decoded
        call.step("no-message-codec", caller.negotiation.codec or "")
        return box.otherwise or CallEnd(outcome=Outcome.NO_COMMON_CODEC, by=HungUpBy.BOX)
    call.state = CallState.MESSAGE
    caller.keypad.take_typed()
    caller.listen_for_keys(True)
    try:
        return await _take(call, caller, box, ports)
    finally:
        caller.keypad.stop()
        caller.listen_for_keys(False)


async def _take(call: Call, caller: Caller, box: Voicemail, ports: CallPorts) -> CallEnd:
    greeting = box.greeting
    if greeting is None or own_name(greeting) is not None:
        greeting = call.prompt(greeting or "leave-message", ports.directory)
    await _say_until_key(caller, (greeting,) if greeting is not None else ())
    outcome = Outcome.NO_MESSAGE
    for _ in range(TRIES):
        await _say(call, caller, ports, "beep")
        taking = _Taking(call, caller, box, ports.clock, otherwise=outcome)
        if await taking.run() is Why.AGAIN:
            continue
        if not taking.kept:
            await _say(call, caller, ports, "message-too-short")
            continue
        call.failed_with = outcome = Outcome.MESSAGE_LEFT  # whenever he hangs up now
        if not box.review or not await _wants_another(call, caller, taking.seconds, ports):
            break
    if outcome is Outcome.MESSAGE_LEFT:
        await _say(call, caller, ports, "message-saved", "goodbye")
    return CallEnd(outcome=outcome, by=HungUpBy.BOX)


async def _wants_another(call: Call, caller: Caller, seconds: float, ports: CallPorts) -> bool:
    """Let the caller hear his message; return whether he wants to say it again instead of saving it."""
    menu = call.prompt("message-review", ports.directory)
    key = ""
    for _ in range(REVIEWS):
        if not key:
            if menu is None:
                return False
            key = await caller.key_during(menu, REVIEW_SECONDS, ports.clock)
        if key in AGAIN_KEYS:
            call.step("message-again")
            return True
        if key not in LISTEN_KEYS:
            return False
        call.step("message-heard")
        caller.hush()
        key = await caller.key_while(caller.endpoint.play_back(seconds), 0.0, ports.clock)
    return False


async def _say(call: Call, caller: Caller, ports: CallPorts, *names: str) -> None:
    found = [call.prompt(name, ports.directory) for name in names]
    prompts = tuple([prompt for prompt in found if prompt is not None])
    if prompts:
        await caller.say(prompts)


async def _say_until_key(caller: Caller, prompts: tuple[str, ...]) -> None:
    """Say something that any key cuts short."""
    if not prompts:
        return
    caller.hush()
    playing = caller.endpoint.play(prompts)
    caller.keypad.listen(lambda key: playing.cancel())
    try:
        await caller.call.wait(playing)
    except CancelledError:
        if caller.call.end is not None:
            raise
    finally:
        caller.keypad.stop()


class Why(StrEnum):
    """What ended a recording."""

    KEY = "key"
    SILENCE = "silence"
    FULL = "full"
    AGAIN = "again"
    """The caller wants to say it anew."""
    HUNG_UP = "hung-up"


class _Taking:
    """One recording after the tone."""

    def __init__(
        self, call: Call, caller: Caller, box: Voicemail, clock: Clock, *, otherwise: Outcome
    ) -> None:
        """``otherwise``: what it comes to when this one is not kept."""
        self.kept = False
        self.seconds = 0.0
        self._otherwise = otherwise
        self._call = call
        self._caller = caller
        self._box = box
        self._clock = clock
        self._spoke = False
        self._since = 0.0
        self._over: Deferred[Why] = Deferred()

    async def run(self) -> Why:
        """Record; return what ended it. A caller who hangs up leaves a message too (CancelledError)."""
        call, caller, endpoint = self._call, self._caller, self._caller.endpoint
        self._since = self._clock.mono()
        call.message_begins(caller.leg_id, self._box.name)
        endpoint.record()
        endpoint.on_speech = call.guard(self._speech)
        endpoint.hear_speech(
            True, self._box.silence_seconds, self._box.max_seconds if self._box.review else 0.0
        )
        caller.keypad.listen(self._key)
        call.if_left = partial(self._verdict, Why.HUNG_UP)
        longest = self._clock.after(self._box.max_seconds)
        longest.addCallbacks(lambda _: self._end(Why.FULL), _not_needed)
        why = Why.HUNG_UP
        try:
            why = await call.wait(self._over)
            return why
        finally:
            longest.cancel()
            call.if_left = None
            caller.keypad.stop()
            endpoint.on_speech = None
            endpoint.hear_speech(False)
            self.kept, self.seconds = self._is_kept(why), self._seconds(why)
            call.message_ends(caller.leg_id, self.seconds, self.kept, why)

    def _verdict(self, why: Why) -> Outcome:
        return Outcome.MESSAGE_LEFT if self._is_kept(why) else self._otherwise

    def _is_kept(self, why: Why) -> bool:
        return self._spoke and self._seconds(why) >= self._box.min_seconds and why is not Why.AGAIN

    def _seconds(self, why: Why) -> float:
        """Length of what is worth keeping."""
        passed = self._clock.mono() - self._since
        if why is Why.SILENCE:
            passed -= max(0.0, self._box.silence_seconds - REST_SECONDS)
        elif why is Why.KEY:
            passed -= KEY_SECONDS
        return round(max(0.0, passed), 3)

    def _speech(self, on: bool) -> None:
        if on:
            self._spoke = True
        else:
            self._end(Why.SILENCE)

    def _key(self, key: str) -> None:
        if key in END_KEYS:
            self._end(Why.KEY)
        elif key in AGAIN_KEYS:
            self._end(Why.AGAIN)

    def _end(self, why: Why) -> None:
        if not self._over.called:
            self._over.callback(why)


def _not_needed(failure: object) -> None:
    """The timer was cancelled."""
