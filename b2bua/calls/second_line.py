"""A phone's other call, by which its agent asks a colleague while his caller waits."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from b2bua.calls.callee import Callee
from b2bua.calls.caller import Caller
from b2bua.calls.hunt import NotReached
from b2bua.calls.party import Party
from b2bua.calls.ports import Leg
from domain.outcomes import Outcome


class SecondLine:
    """What the talk and the flow of the other call know of each other."""

    def __init__(self, party: Caller) -> None:
        self.party = party
        self.answered: Deferred[Callee] = Deferred()
        """Fires with the colleague, errbacks NotReached."""
        self.over: Deferred[None] = Deferred()
        """Fires when the box is to end the line."""

    def end(self) -> None:
        """Let the line's own flow end it."""
        if not self.answered.called:
            self.answered.errback(NotReached(Outcome.NO_ANSWER))
        if not self.over.called:
            self.over.callback(None)

    def is_of(self, party: Party) -> bool:
        """Tell whether this is the line."""
        return self.party is party

    def joins(self, agent: Callee, leg: Leg, replaced: Leg) -> bool:
        """Tell whether a REFER names the two lines of the agent's phone, in either direction."""
        return {id(leg), id(replaced)} == {id(agent.leg), id(self.party.leg)}
