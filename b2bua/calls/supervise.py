"""Supervision: an extension of the tenant listens to a talk, whispers to the agent, or barges in. Audited."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from b2bua.calls.audience import Audience, Mode
from b2bua.calls.authorise import NotAllowed, authorise_colleague, find_colleague
from b2bua.calls.callee import Callee
from b2bua.calls.negotiation import G711
from b2bua.calls.party import Party
from b2bua.calls.refusal import NoColleague, NoG711, NotPossible, RungTooOften
from b2bua.calls.ring_round import Round
from domain.outcomes import outcome_of_all
from domain.snapshot import TargetKind

if TYPE_CHECKING:
    from b2bua.calls.talk import Talk

RING_SECONDS: Final = 30.0
MOST: Final = 2
"""Supervisors of one talk at a time."""


@dataclass
class _Supervisor:
    mode: Mode
    by: str
    """Who asked for it."""
    ringing: Round | None = None
    callee: Callee | None = None


class Supervision:
    """The supervisors of one talk, by extension."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._supervisors: dict[str, _Supervisor] = {}

    def supervise(self, extension: str, mode: Mode, by: str) -> None:
        """Call an extension and let it take part, or change how it does; raises NotPossible."""
        talk = self._talk
        known = self._supervisors.get(extension)
        if known is not None:
            known.mode, known.by = mode, by
            if known.callee is not None:
                self._take_part(known.callee, known)
            return
        try:
            found = find_colleague(talk.ports, extension, talk.payer)
        except NotAllowed as refused:
            raise NoColleague(extension) from refused
        if found.kind is not TargetKind.EXTENSION or found.number != extension:
            raise NotPossible("only an extension can supervise", "只有分机可以监听")
        self.check(extension)
        try:
            target = authorise_colleague(talk.ports, extension, talk.payer)
        except NotAllowed as refused:
            raise RungTooOften from refused
        self.note(extension, mode, by, "asked")
        self._supervisors[extension] = supervisor = _Supervisor(mode, by)
        supervisor.ringing = ringing = Round(
            talk.call, None, [target], talk.ports, record=talk.call.records, ringback=None
        )
        rung = ringing.start(RING_SECONDS)
        rung.addCallback(partial(self._rung, extension, supervisor, ringing)).addErrback(talk.call.fault)

    def check(self, extension: str) -> None:
        """Raise NotPossible unless one more extension, this one, can take part."""
        talk = self._talk
        parties = [party for party in (talk.caller, talk.agent, talk.colleague) if party is not None]
        here = [party.target for party in parties if isinstance(party, Callee)]
        if extension in here or extension in self._supervisors:
            raise NotPossible("this extension takes part already", "该分机已在通话中")
        if any(party.negotiation.codec not in G711 for party in parties):
            raise NoG711
        if len(self._supervisors) >= MOST:
            raise NotPossible("enough supervisors listen already", "监听人数已满")

    def take_in(self, callee: Callee, mode: Mode, by: str) -> None:
        """Let a supervisor take part who has dialled in; raises NotPossible."""
        self.check(callee.target)
        self._supervisors[callee.target] = supervisor = _Supervisor(mode, by, callee=callee)
        self._talk.watch(callee)
        self._take_part(callee, supervisor)

    def _rung(self, extension: str, supervisor: _Supervisor, ringing: Round, winner: Callee | None) -> None:
        if supervisor.ringing is not ringing:
            return
        supervisor.ringing = None
        ringing.stop(winner)
        if winner is None:
            del self._supervisors[extension]
            self._talk.call.step("supervise-failed", f"{extension} {outcome_of_all(ringing.failures).value}")
            return
        supervisor.callee = winner
        self._talk.watch(winner)
        self._take_part(winner, supervisor)

    def _take_part(self, callee: Callee, supervisor: _Supervisor) -> None:
        self.note(callee.target, supervisor.mode, supervisor.by, "begins")
        self._talk.take_part(callee, supervisor.mode.value)
        self._talk.arrange()

    def note(self, extension: str, mode: Mode, by: str, what: str) -> None:
        """Leave the trail of the audit in the call's record."""
        self._talk.call.step("supervise", f"{mode.value} {extension} {what} by {by}")

    def left(self, callee: Callee) -> None:
        """Take note that a supervisor has hung up."""
        for extension, supervisor in list(self._supervisors.items()):
            if supervisor.callee is callee:
                del self._supervisors[extension]
                self.note(extension, supervisor.mode, supervisor.by, "ends")
                callee.hear(frozenset())
                self._talk.arrange()

    def add_to(self, audience: Audience, agent: Party | None) -> None:
        """Let the supervisors hear, and be heard."""
        for supervisor in self._supervisors.values():
            if supervisor.callee is not None and supervisor.callee.is_up:
                audience.add_supervisor(supervisor.callee, supervisor.mode, agent)

    def close(self) -> None:
        """Let all supervisors go."""
        supervisors, self._supervisors = self._supervisors, {}
        for extension, supervisor in supervisors.items():
            if supervisor.ringing is not None:
                supervisor.ringing.stop(None)
            if supervisor.callee is not None:
                self.note(extension, supervisor.mode, supervisor.by, "ends")
                supervisor.callee.leave()
