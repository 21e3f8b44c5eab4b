"""The party that answers as the bound number."""

from __future__ import annotations

import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from b2bua.calls.ports import InboundLeg, LegEnd
from b2bua.sdp import NoCommonCodec, SessionDescription
from b2bua.sip.respond import REASONS
from b2bua.stack.transports.reactor import Network
from box400.phone.agent import UserAgent
from box400.phone.line import Line
from box400.phone.sound import Pcm
from box400.phone.story import Ladder, Story
from box400.phone.waiting import first_of, happened


class Answering(msgspec.Struct, frozen=True):
    """How to answer."""

    host: str
    port: int
    ring_seconds: float = 1.0
    refuse: int = 0
    """SIP status to refuse with instead, 0: answer."""


class Answerer:
    """Takes the calls that the box places to the bound number."""

    def __init__(self, reactor: Network, how: Answering, says: Pcm, story: Story) -> None:
        """Listen, or raise b2bua.stack.transports.listeners.ListenFailed; ``says`` is played for ever."""
        self.rung = 0
        self.refused = 0
        self.answered: Deferred[Line] = Deferred()
        """Fires with the audio of the first call that was answered and acknowledged."""
        self._reactor = reactor
        self._how = how
        self._says = says
        self._story = story
        self._lines: list[Line] = []
        self._agent = UserAgent(reactor, how.host, how.port, Ladder(story, "answerer"), self._arrive)

    def close(self) -> Deferred[None]:
        """Stop listening and speaking."""
        for line in self._lines:
            line.close()
        return self._agent.close()

    def _arrive(self, leg: InboundLeg) -> None:
        self.rung += 1
        invitation = leg.invitation
        self._story.note("answerer", f"rung as {invitation.called} by {invitation.caller or 'anonymous'}")
        Deferred.fromCoroutine(self._take(leg)).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        self._story.note("answerer", f"failed: {failure.getErrorMessage()}")

    async def _take(self, leg: InboundLeg) -> None:
        leg.ended.addCallback(self._over)
        if self._how.refuse:
            self.refused += 1
            leg.refuse(self._how.refuse, REASONS.get(self._how.refuse, "Refused"))
            return
        leg.ring()
        if await first_of(self._reactor, self._how.ring_seconds, leg.ended):
            return
        line = Line(self._reactor, self._how.host)
        self._lines.append(line)
        line.play(self._says, again=True)
        happened(leg.ended).addCallback(lambda _: line.close())
        leg.on_reoffer = lambda offer: _answer(line, offer)
        offer = leg.invitation.offer
        description = line.offer() if offer is None else line.answer(offer)
        theirs = await leg.answer(description)
        if theirs is not None:
            line.agree(theirs)
        if not self.answered.called:
            self.answered.callback(line)

    def _over(self, end: LegEnd) -> LegEnd:
        self._story.note("answerer", "the box ended the call" if end.by_peer else "call over")
        return end


def _answer(line: Line, offer: SessionDescription) -> SessionDescription | None:
    try:
        return line.answer(offer)
    except NoCommonCodec:
        return None
