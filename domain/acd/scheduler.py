"""The scheduler of one tenant's queues: events in, effects out.

A call is in one of three places: waiting in a line (perhaps offered to agents), with an agent who answered
it, or gone. An agent has one call at most. Every event settles everything that is due at its time, so that
``tick`` is merely an event on which nothing else happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from domain.acd.board import Board
from domain.acd.configuration import Agent, Queue
from domain.acd.effects import Dismiss, Effect, Reason
from domain.acd.line import Line, QueuedCall
from domain.acd.seat import MISSED, Seat

KEPT_SECONDS: Final = 15.0
"""Nobody is called back before: he must have hung up first."""
REST_SECONDS: Final = 5.0
"""An agent who missed a call is offered the next one only after so long."""


class Scheduler(Board):
    """The queues and agents of one tenant. All times are monotonic seconds and never go back."""

    # -- configuration -----------------------------------------------------------------------------

    def configure(self, queues: Iterable[Queue], agents: Iterable[Agent], now: float) -> list[Effect]:
        """Put queues and agents in force; what goes on goes on, what is gone lets go of its calls."""
        wanted = {queue.name: queue for queue in queues}
        for name in self.lines.keys() - wanted.keys():
            for queued in tuple(self.lines[name].waiting):
                self._dismiss(queued, Reason.GONE)
            del self.lines[name]
        for name, queue in wanted.items():
            if name in self.lines:
                self.lines[name].queue = queue
            else:
                self.lines[name] = Line(queue)
        before, self.seats = self.seats, {}
        for order, agent in enumerate(agents):
            seat = before.pop(agent.name, None) or Seat(agent, now)
            seat.agent, seat.order = agent, order
            self.seats[agent.name] = seat
        for seat in before.values():
            seat.logged_in = False
            self._unring(seat, now)
        self._enrol(now)
        return self._settled(now)

    def _enrol(self, now: float) -> None:
        for line in self.lines.values():
            line.members = []
        for seat in self.seats.values():
            seat.memberships = {each.queue: each for each in seat.agent.queues if each.queue in self.lines}
            for queue in seat.memberships:
                self.lines[queue].members.append(seat)
            ringing = self.calls.get(seat.call)
            if ringing is not None and ringing.line.queue.name not in seat.memberships:
                self._unring(seat, now)

    # -- callers -----------------------------------------------------------------------------------

    def enter(self, call: str, queue: str, caller: str, now: float, *, vip: bool = False) -> list[Effect]:
        """Let a call wait in a queue; it is dismissed at once where it cannot. ``caller``: his digits, empty
        when withheld."""
        line = self.lines.get(queue)
        if line is None:
            return [Dismiss(call, Reason.GONE)]
        self._numbers += 1
        queued = QueuedCall(call, caller, line, now, self._numbers, vip, _first_announcement(line, now))
        line.tally.entered += 1
        self.calls[call] = queued
        reason = None
        if not line.is_open:
            reason = Reason.CLOSED
        elif not line.attended:
            reason = Reason.NO_AGENTS
        elif sum(not each.kept for each in line.waiting) >= line.queue.max_waiting:
            reason = Reason.FULL
        line.add(queued)
        if reason is not None:
            self._dismiss(queued, reason)
        return self._settled(now)

    def leave(self, call: str, now: float, *, by_key: bool = False) -> list[Effect]:
        """Forget a call: its caller hung up, or left ``by_key``; nothing happens when it does not wait."""
        queued = self.calls.get(call)
        if queued is not None:
            if by_key:
                queued.line.tally.left += 1
            else:
                queued.line.tally.abandoned += 1
            self._remove(queued, now)
        return self._settled(now)

    def keep(self, call: str, now: float) -> list[Effect]:
        """Keep the place of a waiting call whose caller hangs up and is to be called back. The agent who is
        rung for it rings no longer; later offers are for the call-back."""
        queued = self.calls.get(call)
        if queued is not None:
            for seat in tuple(queued.offered.values()):
                self._unring(seat, now)
            queued.kept, queued.announce_at = True, float("inf")
            queued.ready_at = now + KEPT_SECONDS
        return self._settled(now)

    def keep_again(
        self, call: str, queue: str, caller: str, waited: float, now: float, *, vip: bool = False
    ) -> list[Effect]:
        """Restore a place that was kept ``waited`` seconds ago, after a restart."""
        line = self.lines.get(queue)
        if line is None or call in self.calls or call in self.served:
            return []
        self._numbers += 1
        queued = QueuedCall(call, caller, line, now - waited, self._numbers, vip, float("inf"))
        queued.kept = True
        self.calls[call] = queued
        line.add(queued)
        return self._settled(now)

    def position(self, call: str) -> int:
        """Return the place of a waiting call in its line, 1 for the next one."""
        queued = self.calls[call]
        return queued.line.waiting.index(queued) + 1

    # -- what becomes of offers --------------------------------------------------------------------

    def answered(self, call: str, agent: str, now: float) -> list[Effect] | None:
        """Connect a call with the agent who answered it; None when it is not his any more."""
        queued, seat = self.calls.get(call), self.seats.get(agent)
        if queued is None or seat is None or queued.offered.get(agent) is not seat:
            return None
        del queued.offered[agent]
        for other in tuple(queued.offered.values()):
            self._unring(other, now)
        del self.calls[call]
        queued.line.waiting.remove(queued)
        tally = queued.line.tally
        tally.answered += 1
        tally.wait_seconds += now - queued.since
        tally.longest_wait = max(tally.longest_wait, now - queued.since)
        self.served[call] = queued, seat, now
        seat.talking = True
        seat.missed = 0
        seat.served += 1
        self._change(seat, now)
        self._remember(queued, agent)
        return self._settled(now)

    def refused(self, call: str, agent: str, now: float, *, missed: bool = True) -> list[Effect]:
        """Take back an offer that nobody answered; ``missed`` counts it against the agent."""
        queued, seat = self.calls.get(call), self.seats.get(agent)
        if queued is None or seat is None or queued.offered.get(agent) is not seat:
            return []
        queued.misses[agent] += 1
        seat.rest_until = now + REST_SECONDS
        self._unring(seat, now, told=False)
        if missed:
            seat.missed += 1
            limit = queued.line.queue.missed_limit
            if limit and seat.missed >= limit and seat.paused is None:
                seat.paused = MISSED
                self._change(seat, now)
        return self._settled(now)

    def returned(self, call: str, now: float) -> list[Effect]:
        """Let a call wait again at its old place: who answered it is gone before they were connected."""
        found = self.served.pop(call, None)
        if found is None:
            return []
        queued, seat, _ = found
        line = queued.line
        self._let_go(seat, call, now)
        queued.misses[seat.name] += 1
        seat.rest_until = now + REST_SECONDS
        line.tally.answered -= 1
        line.tally.wait_seconds -= now - queued.since
        self.calls[call] = queued
        if self.lines.get(line.queue.name) is line:
            line.add(queued)
        else:
            self._dismiss(queued, Reason.GONE)
        return self._settled(now)

    def talk_over(self, call: str, now: float) -> list[Effect]:
        """Let the agent of a call wrap it up; nothing happens when no agent has it."""
        found = self.served.pop(call, None)
        if found is None:
            return []
        queued, seat, since = found
        self._let_go(seat, call, now)
        seat.last_call = call
        wrap_up = seat.agent.wrap_up_seconds
        if wrap_up is None:
            wrap_up = queued.line.queue.wrap_up_seconds
        queued.line.handled(now - since + wrap_up)
        if wrap_up > 0 and seat.logged_in:
            seat.wrap_up_until = now + wrap_up
            seat.queue = queued.line.queue.name
        return self._settled(now)

    # -- agents ------------------------------------------------------------------------------------

    def log_in(self, agent: str, now: float) -> list[Effect]:
        """Let an agent take calls; raises KeyError for one who is not there, as the next three do."""
        seat = self.seats[agent]
        if not seat.logged_in:
            seat.served = 0
            seat.logged_in = True
        return self._ready(seat, now)

    def log_out(self, agent: str, now: float) -> list[Effect]:
        """Let an agent take no more calls; one he talks in goes on to its end."""
        seat = self.seats[agent]
        seat.logged_in, seat.paused, seat.wrap_up_until = False, None, None
        self._unring(seat, now)
        self._change(seat, now)
        return self._settled(now)

    def pause(self, agent: str, reason: str, now: float) -> list[Effect]:
        """Let an agent take no calls for a while; a call that rings goes to somebody else."""
        seat = self.seats[agent]
        seat.paused, seat.wrap_up_until = reason, None
        self._unring(seat, now)
        self._change(seat, now)
        return self._settled(now)

    def resume(self, agent: str, now: float) -> list[Effect]:
        """End an agent's pause, or his wrap-up."""
        return self._ready(self.seats[agent], now)

    def _ready(self, seat: Seat, now: float) -> list[Effect]:
        seat.paused, seat.wrap_up_until, seat.missed, seat.rest_until = None, None, 0, now
        if not seat.call:
            seat.idle_since = now
            self._change(seat, now)
        return self._settled(now)

    def engaged(self, agent: str, legs: int, now: float) -> list[Effect]:
        """Tell how many SIP legs an agent's phone has; he is offered nothing while it has any."""
        seat = self.seats.get(agent)
        if seat is None:
            return []
        before = seat.state
        seat.legs = legs
        if not legs and not seat.call and seat.wrap_up_until is None:
            seat.idle_since = now
        if seat.state is not before:
            self._change(seat, now)
        return self._settled(now)

    def loaded(self, loads: Mapping[str, int], now: float) -> list[Effect]:
        """Tell what conversations in writing take of each agent, 0 to 100; who is not named has none."""
        for seat in self.seats.values():
            seat.load = loads.get(seat.name, 0)
        return self._settled(now)

    # -- time --------------------------------------------------------------------------------------

    def opening(self, queue: str, is_open: bool, now: float) -> list[Effect]:
        """Open or close a queue; at closing those who wait go, but not those whose agent is just rung."""
        if queue in self.lines:
            self.lines[queue].is_open = is_open
        return self._settled(now)

    def tick(self, now: float) -> list[Effect]:
        """Do what is due."""
        return self._settled(now)


def _first_announcement(line: Line, now: float) -> float:
    return now if line.queue.announce_seconds > 0 else float("inf")
