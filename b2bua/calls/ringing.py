"""What rings for a talk, one thing at a time: a transfer's target, a colleague, an agent rung back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from b2bua.calls.authorise import Authorised
from b2bua.calls.callee import Callee
from b2bua.calls.party import Party
from b2bua.calls.ring_round import Round
from domain.outcomes import Outcome, outcome_of_all

if TYPE_CHECKING:
    from b2bua.calls.talk import Talk

Answered = Callable[[Callee], None]
Missed = Callable[[Outcome], None]


class Ringing:
    """One target at a time, and who is told what becomes of it."""

    def __init__(self, talk: Talk) -> None:
        self.target = ""
        """Who rings, or rang last."""
        self._talk = talk
        self._round: Round | None = None
        self._answered: Answered = _nobody
        self._missed: Missed = _nobody

    @property
    def ringback(self) -> str | None:
        """What the caller hears meanwhile; None: the ring tone."""
        plan = self._talk.call.plan
        return plan.ringback if plan is not None else None

    def ring(self, waiting: Party, target: Authorised, answered: Answered, missed: Missed) -> None:
        """Ring for as long as the number's plan says."""
        talk = self._talk
        plan = talk.call.plan
        assert plan is not None
        self.target = target.target.number
        self._answered, self._missed = answered, missed
        ringback = self.ringback if waiting is talk.caller else None
        self._round = ringing = Round(
            talk.call,
            waiting,
            [target],
            talk.ports,
            record=talk.call.records,
            ringback=ringback,
            open_to_all=True,
        )
        rung = ringing.start(plan.no_answer_seconds)
        rung.addCallback(partial(self._rung, ringing)).addErrback(talk.call.fault)

    def hand_over(self, waiting: Party, answered: Answered, missed: Missed) -> None:
        """Go on ringing for somebody else."""
        assert self._round is not None
        self._answered, self._missed = answered, missed
        self._round.hand_over(waiting)

    def stop(self) -> None:
        """Give up whoever rings."""
        ringing = self._forget()
        if ringing is not None:
            ringing.stop(None)

    def _rung(self, ringing: Round, winner: Callee | None) -> None:
        if self._round is not ringing:
            return
        answered, missed = self._answered, self._missed
        self._forget()
        ringing.stop(winner)
        if winner is not None:
            answered(winner)
        else:
            missed(outcome_of_all(ringing.failures))

    def _forget(self) -> Round | None:
        ringing, self._round = self._round, None
        self._answered = self._missed = _nobody
        return ringing


def _nobody(_: object) -> None:
    """Nothing rings."""
