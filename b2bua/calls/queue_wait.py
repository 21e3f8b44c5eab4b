"""One caller's wait: what he hears, who is rung for him, and what ends it."""

from __future__ import annotations

from functools import partial
from typing import Final

import msgspec
from twisted.internet.defer import Deferred

from b2bua.calls.authorise import NotAllowed, Payer, authorise
from b2bua.calls.call import Call
from b2bua.calls.callee import Callee
from b2bua.calls.caller import Caller
from b2bua.calls.floor import TenantFloor
from b2bua.calls.ports import CallPorts
from b2bua.calls.ring_round import Round
from domain.acd.configuration import Agent, Queue
from domain.acd.effects import Announce, Reason
from domain.outcomes import Outcome, outcome_of_all
from domain.routing.destination import DestinationKind
from domain.voice import speech

MISSED: Final = frozenset({Outcome.NO_ANSWER, Outcome.REFUSED_BY_TARGET})
"""What counts against an agent; a busy phone or a trunk that is down does not."""


class Connected(msgspec.Struct, frozen=True):
    """An agent has answered."""

    agent: str
    callee: Callee


class Dismissed(msgspec.Struct, frozen=True):
    """The caller may wait no longer."""

    reason: Reason


class Pressed(msgspec.Struct, frozen=True):
    """He pressed a key that the queue knows."""

    key: str


Happening = Connected | Dismissed | Pressed


class Wait:
    """Implements ``floor.Waiting`` for a caller on the line."""

    def __init__(
        self, call: Call, caller: Caller, queue: Queue, floor: TenantFloor, ports: CallPorts
    ) -> None:
        assert call.tenant is not None
        assert call.plan is not None
        self.queue = queue
        self.since = ports.clock.utc()
        self._call = call
        self._caller = caller
        self._floor = floor
        self._ports = ports
        self._payer = Payer(tenant=call.tenant.id, number=call.plan.number)
        self._rounds: dict[str, Round] = {}
        self._happened: list[Happening] = []
        self._wanted: Deferred[Happening] | None = None
        self._waits = True
        """Whether he stands in the queue, rather than being with an agent or gone."""
        self._closed = False

    def enter(self) -> None:
        """Join the queue and hear music; the first message follows at once unless somebody is free."""
        call = self._call
        call.queued(self.queue.name)
        self.play_music()
        self._caller.keypad.listen(call.guard(self._pressed))
        self._floor.enter(call.id, self.queue.name, call.invitation.caller, self, vip=call.vip)

    def happening(self) -> Deferred[Happening]:
        """Fire with what ends the wait, or asks for a decision."""
        self._wanted = Deferred()
        if self._happened:
            self._wanted.callback(self._happened.pop(0))
        return self._wanted

    def wait_again(self, agent: str) -> None:
        """Go back to the old place: the agent is gone before they were connected."""
        call = self._call
        call.step("agent-gone", agent)
        call.queued(self.queue.name)
        self._waits = True
        self.play_music()
        self._caller.keypad.listen(call.guard(self._pressed))
        self._floor.returned(call.id)

    def leave(self, *, by_key: bool = False) -> None:
        """Leave the queue."""
        self._caller.keypad.stop()
        if self._waits:
            self._waits = False
            self._floor.leave(self._call.id, by_key=by_key)

    def step_aside(self) -> None:
        """Let the place be kept by somebody else."""
        self._waits = False
        self._stop_rounds()

    def close(self) -> None:
        """End whatever is left of it; to be called however the wait ended, and harmless twice."""
        if self._closed:
            return
        self._closed = True
        self.leave()
        self._stop_rounds()
        if not self._call.caller_over:
            self._caller.hush()

    # -- what the scheduler wants ------------------------------------------------------------------

    # A mistake of ours here ends this call; who has told the scheduler something may be another one.

    def offered(self, agent: Agent) -> None:
        """Ring an agent."""
        self._call.guard(self._ring)(agent)

    def withdrawn(self, agent: str) -> None:
        """Ring him no longer."""
        self._call.guard(self._unring)(agent)

    def told(self, news: Announce) -> None:
        """Tell him his position and what he may do, then go on with the music."""
        self._call.guard(self._tell)(news)

    def dismissed(self, reason: Reason) -> None:
        """Leave the queue without an agent."""
        self._waits = False
        self._happen(Dismissed(reason))

    def _ring(self, agent: Agent) -> None:
        call = self._call
        try:
            target = authorise(self._ports, agent.target, self._payer)
        except NotAllowed as refused:
            call.step("not-allowed", refused.noted)
            self._floor.refused(call.id, agent.name, missed=False)
            return
        ringing = Round(call, None, [target], self._ports, record=call.records, ringback=None)
        self._rounds[agent.name] = ringing
        call.step("offered", agent.name)
        result = ringing.start(self.queue.ring_seconds)
        result.addCallback(call.guard(partial(self._rung, agent.name, ringing))).addErrback(call.fault)

    def _unring(self, agent: str) -> None:
        ringing = self._rounds.pop(agent, None)
        if ringing is not None:
            self._call.step("withdrawn", agent)
            ringing.stop(None)

    def _tell(self, news: Announce) -> None:
        if not self._waits:
            return
        wait = "" if news.seconds is None else f" {news.seconds:.0f}"
        self._call.step("position", f"{news.position}{wait}")
        names = (*self._news(news), *self._hints())
        found = (self._call.prompt(name, self._ports.directory) for name in names)
        prompts = tuple(address for address in found if address is not None)
        if prompts:
            self._caller.hear_then(prompts, self._call.guard(self.play_music))

    # -- what follows ------------------------------------------------------------------------------

    def _rung(self, agent: str, ringing: Round, callee: Callee | None) -> None:
        if self._rounds.get(agent) is not ringing:
            ringing.stop(None)
            return
        del self._rounds[agent]
        call, floor = self._call, self._floor
        if callee is None:
            ringing.stop(None)
            outcome = outcome_of_all(ringing.failures)
            call.step("missed" if outcome in MISSED else "not-reached", f"{agent} {outcome.value}")
            floor.refused(call.id, agent, missed=outcome in MISSED)
            return
        if not floor.answered(call.id, agent):
            ringing.stop(None)
            return
        ringing.stop(callee)
        self._waits = False
        self._caller.keypad.stop()
        self.play_music()
        call.unqueued("answered", agent)
        assert callee.leg is not None
        callee.leg.ended.addCallback(partial(_agent_left, floor, call.id, agent))
        self._happen(Connected(agent, callee))

    def _stop_rounds(self) -> None:
        while self._rounds:
            _, ringing = self._rounds.popitem()
            ringing.stop(None)

    def _pressed(self, key: str) -> None:
        if self._waits and (key in self.queue.keys or (key and key == self.queue.call_back_key)):
            self._happen(Pressed(key))

    def _happen(self, happening: Happening) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is None or wanted.called:
            self._happened.append(happening)
        else:
            wanted.callback(happening)

    def play_music(self) -> None:
        """Let the caller hear music, unless he has left."""
        if not self._closed:
            name = self.queue.music or "hold-music"
            self._caller.hear_music(self._call.prompt(name, self._ports.directory))

    def _news(self, news: Announce) -> speech.Speech:
        queue = self.queue
        words: speech.Speech = ("agents-busy",) if news.first else (queue.comfort or "keep-waiting",)
        if queue.announce_position:
            words += ("pause", *speech.position(news.position - 1))
        if queue.announce_wait and news.seconds is not None:
            words += ("pause", *speech.waiting_minutes(round(news.seconds / 60)))
        return words

    def _hints(self) -> speech.Speech:
        """Say which keys lead out of the queue."""
        words: speech.Speech = ()
        for key, destination in self.queue.keys.items():
            if destination.kind is DestinationKind.VOICEMAIL:
                words += ("pause", *speech.offer("for-message-press", key))
        if self.queue.call_back_key:
            words += ("pause", *speech.offer("for-callback-press", self.queue.call_back_key))
        return words


def _agent_left(floor: TenantFloor, call: str, agent: str, end: object) -> object:
    """Let the agent wrap up as soon as his leg is over, whatever becomes of the caller then."""
    floor.talk_over(call, agent)
    return end
