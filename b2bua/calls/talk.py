"""A talk: one caller, whoever of the tenant's he is connected with, and what they do with it.

Things happen to a talk from outside (a key, a REFER, a hang-up, the control socket), so it is a state with
methods rather than a flow; ``converse`` waits for its end. docs/call-flows/ has a ladder for each service.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from twisted.internet.defer import Deferred

from b2bua.calls.audience import audience_of
from b2bua.calls.authorise import Payer
from b2bua.calls.call import Call
from b2bua.calls.callee import Callee
from b2bua.calls.desk import Desk
from b2bua.calls.negotiation import G711
from b2bua.calls.party import Party
from b2bua.calls.phase import CONSULTING, NOT_NOW, STATES, Phase
from b2bua.calls.ports import CallEnd, CallPorts, LegEnd
from b2bua.calls.refusal import NoG711, NotPossible
from b2bua.calls.supervise import Supervision
from b2bua.calls.transfer import Transfers
from domain.outcomes import HungUpBy, Outcome
from domain.voice.prompts import own_name


class Talk:
    """A talk from the connection to the moment when the caller is alone."""

    __slots__ = (
        "__weakref__",
        "_closed",
        "_desk",
        "_parts",
        "_supervision",
        "_transfers",
        "agent",
        "call",
        "caller",
        "colleague",
        "deserted",
        "line",
        "over",
        "payer",
        "phase",
        "ports",
    )

    def __init__(self, call: Call, caller: Party, agent: Callee, ports: CallPorts) -> None:
        assert call.tenant is not None
        assert call.plan is not None
        self.call = call
        self.caller = caller
        self.ports = ports
        self.payer = Payer(tenant=call.tenant.id, number=call.plan.number)
        self.phase = Phase.TALK
        self.agent: Callee | None = agent
        """Who serves the caller; None while a transfer rings and the agent has left."""
        self.line: Party | None = None
        """What the agent asks a colleague by: his leg, or the second line of his phone."""
        self.colleague: Callee | None = None
        """Who is consulted, or the third one of three."""
        self.over: Deferred[CallEnd] = Deferred()
        """Fires when the caller is alone."""
        self.deserted = False
        """He is alone because nobody answered a transfer."""
        self._transfers: Transfers | None = None
        self._supervision: Supervision | None = None
        self._desk: Desk | None = Desk(self)
        self._parts: dict[str, str] = {}
        self._closed = False

    @property
    def transfers(self) -> Transfers:
        """What rings for this talk; most talks never ask."""
        if self._transfers is None:
            self._transfers = Transfers(self)
        return self._transfers

    @property
    def supervision(self) -> Supervision:
        """Who supervises it."""
        if self._supervision is None:
            self._supervision = Supervision(self)
        return self._supervision

    def begin(self) -> None:
        """Connect caller and agent."""
        agent = self.agent
        assert agent is not None
        self.caller.on_hold = partial(self._held_by, self.caller)
        self.connect(agent)
        self.watch(agent)

    def close(self) -> None:
        """Let everybody go but the caller, who is served on or hung up by others."""
        self._closed = True
        for part in (self._desk, self._transfers, self._supervision):
            if part is not None:
                part.close()
        for party in (self.agent, self.colleague):
            if party is not None:
                party.hush()
                party.leave()
        if not self.call.caller_over:
            self.caller.hush()
            self.caller.hear(frozenset())
            self.caller.unbridge()
        self.caller.on_hold = None
        self.agent = self.colleague = self.line = None
        self._desk = self._transfers = self._supervision = None  # so that nothing refers to itself

    @property
    def is_over(self) -> bool:
        """Whether nothing can be done with it any more."""
        return self._closed or self.over.called

    # -- who is in it ------------------------------------------------------------------------------

    def watch(self, callee: Callee) -> None:
        """Learn when somebody hangs up or falls silent."""
        callee.on_dead = partial(self._fell_silent, callee)
        callee.hung_up.addCallback(self.call.guard(partial(self._hung_up, callee)))

    def connect(self, callee: Callee) -> None:
        """Let caller and callee talk; he is the agent from now on."""
        self.caller.hush()
        self.agent = callee
        self.colleague = self.line = None
        self.begin_to_talk(callee)
        if self._desk is not None:
            self._desk.sit_down(callee)
        callee.on_hold = partial(self._held_by, callee)
        if callee.is_holding:
            self.take_part(callee, "hold")
        self.enter(Phase.TALK)

    def begin_to_talk(self, callee: Callee) -> None:
        """Note that caller and callee talk from now on, if they do not yet."""
        if self._parts.get(callee.leg_id) != "talk":
            self._parts[callee.leg_id] = "talk"
            self.call.bridged(callee.leg_id, callee.target)
        self.call.talking_to = callee.target

    def stop_to_talk(self, callee: Callee) -> None:
        """Note that the caller waits for somebody else."""
        self._parts[callee.leg_id] = ""
        self.call.unbridged(callee.leg_id)

    def take_part(self, callee: Callee, part: str) -> None:
        """Note what somebody does from now on."""
        if self._parts.get(callee.leg_id) != part:
            self._parts[callee.leg_id] = part
            self.call.takes_part(callee.leg_id, part)

    def parts(self) -> dict[str, str]:
        """Return what everybody but the caller does now, by number or extension."""
        return {
            callee.target: self._parts[callee.leg_id]
            for callee in self.call.callees
            if callee.is_up and self._parts.get(callee.leg_id)
        }

    def talking_agent(self, *phases: Phase) -> Callee:
        """Return the agent if the talk is in one of these phases; raises NotPossible."""
        if self.agent is None:
            raise NotPossible("no agent is in the call", "通话中没有坐席")
        if self.phase not in phases:
            raise NotPossible(*NOT_NOW[self.phase])
        return self.agent

    # -- hold --------------------------------------------------------------------------------------

    def hold(self, by: str) -> None:
        """Let the caller hear music; raises NotPossible."""
        agent = self.talking_agent(Phase.TALK)
        self.call.step("hold", f"by {by}")
        self.take_part(agent, "hold")
        self.enter(Phase.HOLD)

    def resume(self, by: str) -> None:
        """Take the caller back; raises NotPossible."""
        self.talking_agent(Phase.HOLD)
        self.call.step("resume", f"by {by}")
        self.return_to_caller()

    def return_to_caller(self) -> None:
        """Let caller and agent talk again, just the two of them."""
        agent, colleague = self.agent, self.colleague
        assert agent is not None
        self.colleague = self.line = None
        if colleague is not None:
            colleague.leave()
        self.take_part(agent, "hold" if agent.is_holding else "talk")
        self.enter(Phase.TALK)

    def _held_by(self, party: Party) -> None:
        """A party's own phone has held the call, or taken it back."""
        if self._closed:
            return
        self.call.step("hold" if party.is_holding else "resume", f"by the phone of {party.leg_id}")
        if party is self.caller:
            self.call.takes_part(party.leg_id, "hold" if party.is_holding else "")
        elif party is self.agent and self.phase is Phase.TALK:
            self.take_part(self.agent, "hold" if party.is_holding else "talk")
        self.arrange()

    # -- consultation ------------------------------------------------------------------------------

    def consult(self, colleague: Callee) -> None:
        """Let agent and colleague talk."""
        self.colleague = colleague
        self.take_part(colleague, "consult")
        colleague.on_hold = partial(self._held_by, colleague)
        self.watch(colleague)
        self.enter(Phase.CONSULT)

    def complete(self) -> None:
        """Leave the caller to the colleague; raises NotPossible."""
        agent = self.talking_agent(Phase.CONSULT, Phase.THREE_WAY)
        colleague = self.colleague
        assert colleague is not None
        self.call.step("transferred", f"{colleague.target} by {agent.target}")
        agent.hush()
        agent.leave()
        self.transfers.close_line()
        self.connect(colleague)

    def check_replacing(self, callee: Callee) -> None:
        """Raise NotPossible unless this is the agent or his colleague, whose place can be taken."""
        if callee is self.agent:
            if self.phase is Phase.TRANSFER:
                raise NotPossible(*NOT_NOW[self.phase])
        elif callee is not self.colleague:
            raise NotPossible(
                "only who talks with the caller or the agent is replaced", "只能接替通话中的坐席"
            )

    def replace(self, callee: Callee, by: Callee) -> None:
        """Let a phone that has joined take the place of another one, which is let go; raises NotPossible."""
        self.check_replacing(callee)
        if callee is self.agent:
            if self.phase in CONSULTING:
                self.transfers.back()
            self.stop_to_talk(callee)
            callee.hush()
            callee.leave()
            self.connect(by)
            self.watch(by)
            return
        three = self.phase is Phase.THREE_WAY
        callee.leave()
        self.consult(by)
        if three:
            self.begin_to_talk(by)
            self.enter(Phase.THREE_WAY)

    def join(self) -> None:
        """Let all three talk; raises NotPossible."""
        agent = self.talking_agent(Phase.CONSULT)
        colleague = self.colleague
        assert colleague is not None
        if self.line is not agent:
            raise NotPossible("the phone consults by a second line", "话机正使用第二线路咨询")
        require_g711((self.caller, agent, colleague))
        self.call.step("three-way", f"{colleague.target} by {agent.target}")
        self.take_part(agent, "talk")
        self.begin_to_talk(colleague)
        self.enter(Phase.THREE_WAY)

    def agent_leaves(self, by: str) -> None:
        """Hang up for the agent, with what that means where a colleague is there; raises NotPossible."""
        self.talking_agent(*(phase for phase in Phase if phase is not Phase.TRANSFER))
        self.call.step("hang-up", f"by {by}")
        self._agent_left(HungUpBy.ANSWERER)

    # -- the end -----------------------------------------------------------------------------------

    def finish(self, by: HungUpBy, *, deserted: bool = False) -> None:
        """Leave the caller alone."""
        self.deserted = deserted
        self.call.talk_over()
        if not self.over.called:
            self.over.callback(CallEnd(outcome=Outcome.ANSWERED, by=by, caller_up=True))

    def _fell_silent(self, callee: Callee) -> None:
        """No audio comes any more: of the agent that ends the call, of anybody else his part in it."""
        if callee is self.agent:
            self.call.audio_lost(callee.leg_id)
            return
        self.call.step("audio-lost", callee.leg_id)
        callee.leave()
        self._gone(callee)

    def _hung_up(self, callee: Callee, end: LegEnd) -> None:
        if self._closed:
            return
        if callee is self.agent:
            self._agent_left(HungUpBy.ANSWERER if end.by_peer else HungUpBy.BOX)
        else:
            self._gone(callee)

    def _gone(self, callee: Callee) -> None:
        if callee is self.colleague:
            self.transfers.close_line()
            self.return_to_caller()
        elif self._supervision is not None:
            self._supervision.left(callee)

    def _agent_left(self, by: HungUpBy) -> None:
        """Hanging up hands the caller over where a colleague is there, or rings."""
        own_line = self.line is self.agent
        if self.phase is Phase.THREE_WAY or (self.phase is Phase.CONSULT and own_line):
            self.complete()
        elif self.phase is Phase.ASKING and own_line:
            self.transfers.stop_asking()
        elif self.phase is Phase.TRANSFER:
            self.agent = None
            self.arrange()
        else:
            self.finish(by)

    # -- media -------------------------------------------------------------------------------------

    def enter(self, phase: Phase) -> None:
        """Be in a phase, and let everybody hear what belongs to it."""
        self.phase = phase
        self.call.state = STATES[phase]
        self.arrange()

    def arrange(self) -> None:
        """Tell media who hears whom."""
        caller, agent = self.caller, self.agent
        if caller.other is None and agent is not None and self._is_plain():
            caller.bridge(agent)
            return
        audience = audience_of(self)
        if self._supervision is not None:
            self._supervision.add_to(audience, self.line if self.phase is Phase.CONSULT else agent)
        audience.seat(self._music() if audience.music else None)

    def _is_plain(self) -> bool:
        """Tell whether these are two who talk for the first time: the usual beginning."""
        return len(self._parts) == 1 and self.phase is Phase.TALK and not self._is_held()

    def _is_held(self) -> bool:
        parties = (self.caller, self.agent)
        return any(party is not None and (party.is_holding or party.sounding) for party in parties)

    def _music(self) -> str | None:
        tenant = self.call.tenant
        own = tenant.hold_music if tenant is not None else None
        if own is not None and own_name(own) is None:
            return own
        return self.call.prompt(own or "hold-music", self.ports.directory)


def require_g711(parties: Iterable[Party]) -> None:
    """Raise NoG711 unless all of these can be mixed."""
    if any(party.negotiation.codec not in G711 for party in parties):
        raise NoG711
