"""One test call: what is wished for, how it goes, and whether it went so."""

from __future__ import annotations

import msgspec
import numpy as np
from twisted.internet.defer import CancelledError
from twisted.python.failure import Failure

from b2bua.calls.ports import DialFailed, LegEnd
from b2bua.sdp import NoCommonCodec, SdpError, SessionDescription
from b2bua.stack.legs_outbound import SipOutboundLeg
from b2bua.stack.transports.reactor import Network
from box400.phone.agent import UserAgent
from box400.phone.answerer import Answerer, Answering
from box400.phone.keys import KeysAs, Pause, Press
from box400.phone.line import CODECS, Line
from box400.phone.sound import QUIET, RATE, Pcm, level, loudest_level, seconds_of_tone, tone
from box400.phone.story import Ladder, Moment, Story
from box400.phone.waiting import first_of, happened, pause

CALLER_HERTZ = 440
ANSWERER_HERTZ = 880
AFTER_REFUSAL = 15.0
"""Seconds for the box to ring others and to say that all are busy."""
NOBODY = "nobody answers"
"""Why a call failed when there is no box at the address."""


class Wish(msgspec.Struct, frozen=True):
    """A call to make."""

    number: str
    at: tuple[str, int]
    """Where the box listens."""
    from_host: str = "127.0.0.2"
    caller: str = "13800138000"
    keys: tuple[Press | Pause, ...] = ()
    keys_as: KeysAs = KeysAs.RFC4733
    play: Pcm | None = None
    """16-bit samples of 8 kHz, said once; None: a tone when somebody answers here too, else silence."""
    seconds: float = 5.0
    """To talk, from the answer."""
    patience: float = 90.0
    """To wait for an answer."""
    answering: Answering | None = None


class Heard(msgspec.Struct, frozen=True):
    """What one party heard."""

    seconds: float
    level_dbfs: float
    loudest_dbfs: float
    packets: int
    lost: int
    keys: str
    tone_seconds: float
    """For how long the other party's tone was heard."""

    def __str__(self) -> str:
        return (
            f"heard {self.seconds:.1f} s of audio, level {self.level_dbfs:.0f} dBFS, {self.lost} packets lost"
        )


class Report(msgspec.Struct, frozen=True):
    """How it went."""

    as_asked: bool
    why: str
    """What was not as asked; empty when all was."""
    status: int
    """SIP status that the caller got."""
    talk_seconds: float
    ended_by_box: bool
    caller: Heard | None
    answerer: Heard | None
    story: list[Moment]


class TestCall:
    """Places one call and, where wished, answers it."""

    __test__ = False

    def __init__(self, reactor: Network, wish: Wish, story: Story) -> None:
        """Open both parties' sockets; raises b2bua.stack.transports.listeners.ListenFailed."""
        self._reactor = reactor
        self._wish = wish
        self._story = story
        self._says = wish.play
        if self._says is None and wish.answering is not None:
            self._says = tone(CALLER_HERTZ)
        self._answerer: Answerer | None = None
        if wish.answering is not None:
            self._answerer = Answerer(reactor, wish.answering, tone(ANSWERER_HERTZ), story)
        self._agent = UserAgent(reactor, wish.from_host, 0, Ladder(story, "caller"))
        # Who negotiates telephone-event is not listened to for tones.
        codecs = CODECS if wish.keys_as is KeysAs.RFC4733 else CODECS[:2]
        self._line = Line(reactor, wish.from_host, codecs)
        self._line.on_first_packet = lambda: story.note("caller", "hears the first packet of audio")
        self._answerer_line: Line | None = None
        self._end: LegEnd | None = None
        self._status = 0
        self._talk = 0.0
        self._faults: list[str] = []

    async def run(self) -> Report:
        """Make the call from its INVITE to its end; never raises for what the box does."""
        story, wish = self._story, self._wish
        story.note("caller", f"calls {wish.number} at {wish.at[0]}:{wish.at[1]}")
        leg = self._agent.call(wish.number, wish.at, wish.caller, self._line.offer)
        leg.on_progress = self._progressed
        leg.on_reoffer = self._reoffered
        leg.ended.addCallback(self._over)
        try:
            if await self._answered(leg):
                await self._talks(leg)
        finally:
            # The end of the other leg follows that of this one.
            await pause(self._reactor, 0.1)
            self._line.close()
            await self._agent.close()
            if self._answerer is not None:
                await self._answerer.close()
        return self._report()

    async def _answered(self, leg: SipOutboundLeg) -> bool:
        """Wait for the answer; whether there was one."""
        failures: list[DialFailed] = []

        def answered(description: SessionDescription) -> None:
            self._status = 200
            self._agree(description)

        def failed(failure: Failure) -> None:
            failure.trap(DialFailed, CancelledError)
            if isinstance(failure.value, DialFailed):
                failures.append(failure.value)

        leg.answered.addCallbacks(answered, failed)
        if not await first_of(self._reactor, self._wish.patience, leg.answered):
            self._story.note("caller", "gives up")
            leg.hang_up()
            self._faults.append(f"no answer within {self._wish.patience:.0f} s")
        for failure in failures:
            self._status = failure.status
            if not self._anything_came():
                self._faults.append(NOBODY)
            elif not self._refused_as_asked():
                self._faults.append(f"refused: {failure.status} {failure.reason}".rstrip())
        return self._status == 200

    async def _talks(self, leg: SipOutboundLeg) -> None:
        began = self._reactor.seconds()
        if self._answerer is None and self._says is not None:
            self._line.play(self._says)
        await self._press(leg)
        if self._answerer is not None and self._wish.answering is not None and self._wish.answering.refuse:
            await self._hears_refusals(leg, self._answerer)
        elif self._answerer is not None and not leg.is_over:
            answered = self._answerer.answered
            await first_of(self._reactor, self._wish.patience, answered, leg.ended)
            if answered.called:
                self._answerer_line = await answered
                self._story.note("caller", "is connected")
                if self._says is not None:
                    self._line.play(self._says, again=self._wish.play is None)
        connected = self._reactor.seconds()
        if not leg.is_over:
            await first_of(self._reactor, self._wish.seconds, leg.ended)
        now = self._reactor.seconds()
        self._talk = now - (connected if self._answerer_line is not None else began)
        if not leg.is_over:
            self._story.note("caller", "hangs up")
            over = happened(leg.ended)
            leg.hang_up()
            await over

    async def _hears_refusals(self, leg: SipOutboundLeg, answerer: Answerer) -> None:
        """Wait for the box to end the call; no longer than some time after the bound number was rung first,
        which a queue may do again and again."""
        until = self._reactor.seconds() + self._wish.patience
        while not leg.is_over and not answerer.rung and self._reactor.seconds() < until:
            await first_of(self._reactor, 1.0, leg.ended)
        if not leg.is_over:
            await first_of(self._reactor, AFTER_REFUSAL, leg.ended)

    async def _press(self, leg: SipOutboundLeg) -> None:
        for step in self._wish.keys:
            if leg.is_over:
                self._faults.append("the call ended before all keys were pressed")
                return
            if isinstance(step, Pause):
                await first_of(self._reactor, step.seconds, leg.ended)
                continue
            if self._wish.keys_as is KeysAs.RFC4733 and not self._line.takes_keys:
                self._faults.append("the box takes no keys (no telephone-event was agreed)")
                return
            self._story.note("caller", f"presses {step.key}")
            await self._send_key(leg, step.key)

    async def _send_key(self, leg: SipOutboundLeg, key: str) -> None:
        match self._wish.keys_as:
            case KeysAs.INFO:
                assert leg.session is not None
                body = f"Signal={key}\r\nDuration=160\r\n".encode()
                leg.session.request("INFO", (("Content-Type", "application/dtmf-relay"),), body)
                await pause(self._reactor, 0.2)
            case KeysAs.IN_BAND:
                await pause(self._reactor, self._line.sound_key(key))
            case KeysAs.RFC4733:
                self._line.press(key)
                while self._line.out is not None and self._line.out.pressing and not leg.is_over:
                    await pause(self._reactor, 0.02)

    # what the leg tells

    def _progressed(self, status: int, description: SessionDescription | None) -> None:
        if description is not None:
            self._agree(description)

    def _reoffered(self, offer: SessionDescription) -> SessionDescription | None:
        try:
            return self._line.answer(offer)
        except NoCommonCodec:
            return None

    def _agree(self, description: SessionDescription) -> None:
        try:
            self._line.agree(description)
        except (NoCommonCodec, SdpError) as error:
            self._faults.append(f"its answer cannot be used: {error}")

    def _over(self, end: LegEnd) -> LegEnd:
        self._end = end
        if end.by_peer and self._status == 200:
            self._story.note("caller", "the box hung up")
        return end

    # the verdict

    def _anything_came(self) -> bool:
        said = [moment.what for moment in self._story.moments if moment.who == "caller"]
        return any(what.startswith("<- ") for what in said)

    def _refused_as_asked(self) -> bool:
        answerer = self._answerer
        return answerer is not None and answerer.refused > 0 and answerer.refused == answerer.rung

    def _report(self) -> Report:
        ended_by_box = self._end is not None and self._end.by_peer and self._status == 200
        caller = _heard(self._line, ANSWERER_HERTZ) if self._line.heard.packets else None
        answerer = _heard(self._answerer_line, CALLER_HERTZ) if self._answerer_line is not None else None
        for who, heard in (("caller", caller), ("answerer", answerer)):
            if heard is not None:
                self._story.note(who, str(heard))
        if not self._faults:
            self._faults += self._not_as_asked(caller, answerer, ended_by_box)
        return Report(
            as_asked=not self._faults, why="; ".join(self._faults), status=self._status,
            talk_seconds=round(self._talk, 3), ended_by_box=ended_by_box, caller=caller, answerer=answerer,
            story=self._story.moments,
        )  # fmt: skip

    def _not_as_asked(self, caller: Heard | None, answerer: Heard | None, ended_by_box: bool) -> list[str]:
        if self._answerer is None:
            return [] if caller is not None else ["nothing was heard"]
        if self._wish.answering is not None and self._wish.answering.refuse:
            return [] if self._refused_as_asked() else ["the bound number was not rung"]
        if answerer is None:
            return [
                "the bound number was rung, but not connected" if self._answerer.rung else "nothing was rung"
            ]
        faults = []
        half = self._talk / 2
        if caller is None or caller.tone_seconds < half:
            faults.append("the caller did not hear the answerer")
        if self._wish.play is None and answerer.tone_seconds < half:
            faults.append("the answerer did not hear the caller")
        if self._wish.play is not None and answerer.loudest_dbfs < QUIET:
            faults.append("the answerer did not hear the caller's file")
        if ended_by_box:
            faults.append(f"the box hung up after {self._talk:.1f} s")
        return faults

    def sound(self) -> Pcm:
        """Return what the caller heard."""
        return self._line.sound()


def _heard(line: Line, hertz: float) -> Heard:
    sound: Pcm = line.sound() if line.heard.octets else np.zeros(0, np.int16)
    return Heard(
        seconds=round(len(sound) / RATE, 3), level_dbfs=round(level(sound), 1),
        loudest_dbfs=round(loudest_level(sound), 1), packets=line.heard.packets, lost=line.heard.lost,
        keys=line.heard.keys, tone_seconds=round(seconds_of_tone(sound, hertz), 2),
    )  # fmt: skip
