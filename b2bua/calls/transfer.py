"""Transfers: blind, with consultation, by REFER; who rings, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred

from b2bua.calls.authorise import Authorised, NotAllowed, TooOften, authorise_colleague, find_colleague
from b2bua.calls.callee import Callee
from b2bua.calls.caller import Caller
from b2bua.calls.hunt import NotReached
from b2bua.calls.party import Party
from b2bua.calls.phase import CONSULTING, Phase
from b2bua.calls.ports import Leg, Referral
from b2bua.calls.refusal import NoColleague, NotPossible, RungTooOften
from b2bua.calls.ringing import Ringing
from b2bua.calls.second_line import SecondLine
from domain.outcomes import VERDICTS, HungUpBy, Outcome

if TYPE_CHECKING:
    from b2bua.calls.talk import Talk

ERROR_TONE_SECONDS = 2.0


class Transfers:
    """What is done with the caller of a talk, and what rings for it."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._ringing = Ringing(talk)
        self._transferer = ""
        """Who gets the caller back when a transfer fails."""
        self._report: Callable[[int, bool], None] | None = None
        """Tells the phone that sent REFER."""
        self._second: SecondLine | None = None

    @property
    def is_consulting(self) -> bool:
        """Whether a colleague was rung, or talks with the agent."""
        return self._talk.phase in CONSULTING

    def colleague(self, wanted: str) -> Authorised:
        """Return leave to ring a colleague, which counts as a leg; raises NotPossible."""
        talk = self._talk
        self._check(wanted)
        try:
            return authorise_colleague(talk.ports, wanted, talk.payer)
        except TooOften as refused:
            talk.call.step("rung-too-often", str(refused))
            raise RungTooOften from refused

    def _check(self, wanted: str) -> None:
        """Raise NotPossible unless this names a colleague of the agent's."""
        talk = self._talk
        try:
            target = find_colleague(talk.ports, wanted, talk.payer)
        except NotAllowed as refused:
            talk.call.step("not-allowed", refused.noted)
            raise NoColleague(wanted) from refused
        if talk.agent is not None and talk.agent.target == target.number:
            raise NotPossible("that is the agent himself", "不能转给本机")

    # -- blind -------------------------------------------------------------------------------------

    def blind(self, wanted: str, by: str, report: Callable[[int, bool], None] | None = None) -> None:
        """Ring somebody for the caller, who hears ringback; raises NotPossible.

        The agent leaves at once, unless his phone asked by REFER and is told by ``report`` how it goes.
        """
        talk = self._talk
        agent = talk.talking_agent(Phase.TALK, Phase.HOLD)
        target = self.colleague(wanted)
        talk.call.step("transfer", f"{target.target.number} by {by}")
        self._leave_to_ringing(agent, report)
        self._ringing.ring(talk.caller, target, self._taken_over, self._transfer_failed)

    def _leave_to_ringing(self, agent: Callee, report: Callable[[int, bool], None] | None) -> None:
        talk = self._talk
        self._report = report
        self._transferer = agent.target
        talk.stop_to_talk(agent)
        if report is None:
            agent.hush()
            agent.leave()
            talk.agent = None
        talk.line = None
        talk.caller.unbridge()
        talk.enter(Phase.TRANSFER)
        talk.caller.hear_ringback(self._ringing.ringback)

    def _taken_over(self, callee: Callee) -> None:
        talk = self._talk
        talk.call.step("transferred", f"{callee.target} by {self._transferer}")
        self._tell(200)
        if talk.agent is not None:
            talk.agent.leave()
        talk.connect(callee)
        talk.watch(callee)

    def _transfer_failed(self, outcome: Outcome) -> None:
        """Give the caller back to who transferred him: on his leg, or by ringing him anew."""
        talk = self._talk
        talk.call.step("transfer-failed", f"{self._ringing.target} {outcome.value}")
        self._tell(VERDICTS[outcome].sip_status)
        agent = talk.agent
        if agent is not None and agent.is_up:
            talk.connect(agent)
            return
        try:
            target = authorise_colleague(talk.ports, self._transferer, talk.payer)
        except NotAllowed:
            self._ring_back_failed(outcome)
            return
        talk.call.step("ring-back", self._transferer)
        talk.caller.hear_ringback(self._ringing.ringback)
        self._ringing.ring(talk.caller, target, self._taken_back, self._ring_back_failed)

    def _taken_back(self, callee: Callee) -> None:
        self._talk.connect(callee)
        self._talk.watch(callee)

    def _ring_back_failed(self, outcome: Outcome) -> None:
        self._talk.caller.hush()
        self._talk.finish(HungUpBy.BOX, deserted=True)

    # -- with consultation -------------------------------------------------------------------------

    def ask(self, wanted: str, by: str) -> None:
        """Ring a colleague for the agent, while the caller hears music; raises NotPossible."""
        talk = self._talk
        agent = talk.talking_agent(Phase.TALK, Phase.HOLD)
        target = self.colleague(wanted)
        self._begin_asking(agent, agent, target, by)

    def ask_by(self, line: Caller, wanted: str) -> Deferred[Callee]:
        """Ring a colleague for the second line of the agent's phone; raises NotPossible.

        Fires with who answered, errbacks NotReached.
        """
        talk = self._talk
        agent = talk.talking_agent(Phase.TALK, Phase.HOLD)
        target = self.colleague(wanted)
        self._second = SecondLine(line)
        guard, leg = talk.call.guard, line.leg
        leg.on_refer = lambda referral: guard(partial(self.judge, leg))(referral) or 500
        leg.on_referred = guard(partial(self.referred, leg))
        self._begin_asking(agent, line, target, agent.target)
        return self._second.answered

    def _begin_asking(self, agent: Callee, line: Party, target: Authorised, by: str) -> None:
        talk = self._talk
        talk.call.step("consult", f"{target.target.number} by {by}")
        talk.take_part(agent, "hold")
        talk.line = line
        talk.caller.unbridge()
        talk.enter(Phase.ASKING)
        if line is agent:
            agent.hear_ringback(None)
        self._ringing.ring(line, target, self._colleague_answered, self._colleague_missed)

    def _colleague_answered(self, callee: Callee) -> None:
        talk = self._talk
        if talk.line is not None:
            talk.line.hush()
        second = self._second
        if second is not None:
            second.answered.callback(callee)  # the line is answered before anybody is to be heard on it
            if self._second is not second:
                callee.leave()
                return
        talk.consult(callee)

    def _colleague_missed(self, outcome: Outcome) -> None:
        talk = self._talk
        talk.call.step("consult-failed", f"{self._ringing.target} {outcome.value}")
        agent, second = talk.agent, self._second
        self._second = None
        talk.return_to_caller()
        if second is not None:
            second.answered.errback(NotReached(outcome))
        elif agent is not None:
            agent.signal("congestion", ERROR_TONE_SECONDS, talk.ports.clock)

    def complete(self) -> None:
        """Leave the caller to the colleague, also to one whose phone still rings; raises NotPossible."""
        if self._talk.phase is Phase.ASKING:
            self.stop_asking()
        else:
            self._talk.complete()

    def back(self) -> None:
        """Give the colleague up and return to the caller; raises NotPossible."""
        talk = self._talk
        agent = talk.talking_agent(Phase.ASKING, Phase.CONSULT, Phase.THREE_WAY)
        talk.call.step("back", f"by {agent.target}")
        agent.hush()
        self._ringing.stop()
        self.close_line()
        talk.return_to_caller()

    def stop_asking(self, report: Callable[[int, bool], None] | None = None) -> None:
        """Let the caller wait for the colleague whose phone rings: the agent has hung up, or asked for it."""
        talk, agent = self._talk, self._talk.agent
        assert agent is not None
        talk.call.step("transfer", f"{self._ringing.target} by {agent.target}")
        self._leave_to_ringing(agent, report)
        self._ringing.hand_over(talk.caller, self._taken_over, self._transfer_failed)
        self.close_line()

    # -- the second line of a phone ----------------------------------------------------------------

    def close_line(self) -> None:
        """End the second line: its colleague has gone, or has the caller now."""
        second, self._second = self._second, None
        if second is not None:
            second.end()

    def line_left(self, line: Party) -> None:
        """Take note that the agent's phone has given its second line up."""
        if self._second is None or not self._second.is_of(line):
            return
        self._second = None
        self._ringing.stop()
        if self._talk.agent is not None and self.is_consulting:
            self._talk.return_to_caller()

    def line_over(self, line: Party) -> Deferred[None]:
        """Return what fires when the box is to end the second line."""
        if self._second is None or not self._second.is_of(line):
            over: Deferred[None] = Deferred()
            over.callback(None)
            return over
        return self._second.over

    # -- REFER -------------------------------------------------------------------------------------

    def judge(self, leg: Leg, referral: Referral) -> int:
        """Say how to answer the REFER of an agent's phone."""
        talk = self._talk
        if referral.attended:
            if referral.replaces is None:
                return 481
            agent, second = talk.agent, self._second
            if agent is None or second is None or not second.joins(agent, leg, referral.replaces):
                return 403
            return 202
        try:
            talk.talking_agent(Phase.TALK, Phase.HOLD)
            self._check(referral.target)
        except NoColleague:
            return 403
        except NotPossible:
            return 491
        return 202

    def referred(self, leg: Leg, referral: Referral) -> None:
        """Carry out what was judged well."""
        talk = self._talk
        agent = talk.agent
        if agent is None:
            referral.report(481, True)
        elif not referral.attended:
            try:
                self.blind(referral.target, agent.target, referral.report)
            except NotPossible as refused:  # rung too often of late
                talk.call.step("refused", f"REFER {referral.target}: {refused.noted}")
                referral.report(503, True)
        elif talk.phase is Phase.ASKING:
            self.stop_asking(referral.report)
        else:
            referral.report(200, True)
            talk.complete()

    def _tell(self, status: int) -> None:
        report, self._report = self._report, None
        if report is not None:
            report(status, True)

    def close(self) -> None:
        """Give up whatever rings; the talk is over."""
        self._ringing.stop()
        self._tell(487)
        self.close_line()
