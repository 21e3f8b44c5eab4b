"""What an agent's phone can do in a talk: star codes, and REFER from registered phones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from twisted.internet.defer import Deferred

from b2bua.calls.callee import Callee
from b2bua.calls.party import expected_to_end
from b2bua.calls.phase import CONSULTING, Phase
from b2bua.calls.refusal import NotPossible
from b2bua.calls.star_codes import Code, Keyed, StarCodes

if TYPE_CHECKING:
    from b2bua.calls.talk import Talk

BETWEEN_KEYS: Final = 4.0
"""Seconds after which no more keys of a star code are expected."""
ERROR_TONE_SECONDS: Final = 2.0


class Desk:
    """The agent's place in a talk, whoever sits there."""

    __slots__ = ("_agent", "_codes", "_talk", "_timer")

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._codes = StarCodes()
        self._agent: Callee | None = None
        self._timer: Deferred[None] | None = None

    def sit_down(self, agent: Callee) -> None:
        """Take keys and referrals of this agent from now on."""
        self.close()
        self._agent = agent
        if self._codes.is_waiting:
            self._codes = StarCodes()
        agent.withholds = True
        agent.endpoint.listen_for_keys(True, withhold=True)
        agent.keypad.listen(self._keyed)
        leg, talk = agent.leg, self._talk
        if leg is not None and agent.is_extension:
            guard = talk.call.guard
            leg.on_refer = lambda referral: guard(talk.transfers.judge)(leg, referral) or 500
            leg.on_referred = guard(lambda referral: talk.transfers.referred(leg, referral))

    def close(self) -> None:
        """Take nothing more."""
        self._stop_timer()
        agent, self._agent = self._agent, None
        if agent is not None:
            agent.keypad.stop()
            agent.withholds = False
            if agent.leg is not None:
                agent.leg.on_refer = agent.leg.on_referred = None

    def _keyed(self, key: str) -> None:
        talk = self._talk
        self._stop_timer()
        self._act(self._codes.press(key, consulting=talk.phase in CONSULTING))
        if self._codes.is_waiting:
            self._timer = talk.ports.clock.after(BETWEEN_KEYS)
            self._timer.addCallbacks(talk.call.guard(self._time_out), expected_to_end)

    def _time_out(self, _: None) -> None:
        self._timer = None
        self._act(self._codes.time_out())

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _act(self, keyed: Keyed) -> None:
        agent = self._agent
        if agent is None:
            return
        if keyed.pass_on:
            self._pass_on(agent, keyed.pass_on)
        if keyed.code is None:
            return
        try:
            self._do(keyed.code, keyed.target, agent.target)
        except NotPossible as refused:
            self._talk.call.step("refused", f"{keyed.code.value} {keyed.target}: {refused.noted}")
            if agent.is_up:
                agent.signal("congestion", ERROR_TONE_SECONDS, self._talk.ports.clock)

    def _do(self, code: Code, target: str, by: str) -> None:
        talk = self._talk
        match code:
            case Code.BLIND:
                talk.transfers.blind(target, by)
            case Code.ASK:
                talk.transfers.ask(target, by)
            case Code.COMPLETE:
                talk.transfers.complete()
            case Code.RETURN:
                talk.transfers.back()
            case Code.JOIN:
                talk.join()
            case Code.HOLD:
                if talk.phase is Phase.HOLD:
                    talk.resume(by)
                else:
                    talk.hold(by)

    def _pass_on(self, agent: Callee, keys: str) -> None:
        """Give keys that were no code to whoever hears the agent."""
        talk = self._talk
        for party in (talk.caller, talk.colleague):
            if party is not None and (party.other is agent or agent in party.ears):
                party.endpoint.send_keys(keys)
