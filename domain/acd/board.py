"""What waits and who serves, and what follows from it at a moment: offers, dismissals, announcements."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from domain.acd.configuration import PRIORITY_SECONDS, Strategy
from domain.acd.effects import Announce, Changed, Dismiss, Effect, Offer, Reason, Withdraw
from domain.acd.line import Line, QueuedCall
from domain.acd.seat import Seat
from domain.acd.strategies import choose, preferred

CALLERS_KEPT: Final = 10_000
"""Callers whose last agent is remembered."""


class Board:
    """The state that a scheduler's events change; see ``scheduler``."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.seats: dict[str, Seat] = {}
        self.calls: dict[str, QueuedCall] = {}
        """Those that wait."""
        self.served: dict[str, tuple[QueuedCall, Seat, float]] = {}
        """Those with an agent, and since when."""
        self._last_agents: OrderedDict[tuple[str, str], str] = OrderedDict()
        """(queue, caller) -> who served him last."""
        self._numbers = 0
        self._effects: list[Effect] = []

    def next_due(self, now: float) -> float | None:
        """Return when ``tick`` has something to do next if nothing happens before, or None."""
        due = [seat.wrap_up_until for seat in self.seats.values() if seat.wrap_up_until is not None]
        if self.calls:
            due += [seat.rest_until for seat in self.seats.values() if seat.rest_until > now]
            unserved = (line.unserved_at for line in self.lines.values())
            due += [at for at in unserved if at is not None and at > now]
        for queued in self.calls.values():
            if queued.offered:
                continue
            if queued.ready_at > now:
                due.append(queued.ready_at)
            queue = queued.line.queue
            if not queued.kept:
                due += [queued.announce_at, queued.since + queue.max_wait_seconds]
            if queue.strategy is Strategy.STICKY and queued.since + queue.sticky_seconds > now:
                due.append(queued.since + queue.sticky_seconds)
        soonest = min(due, default=float("inf"))
        return soonest if soonest < float("inf") else None

    # -- what every event ends with ----------------------------------------------------------------

    def _settled(self, now: float) -> list[Effect]:
        for seat in self.seats.values():
            if seat.wrap_up_until is not None and seat.wrap_up_until <= now:
                seat.wrap_up_until, seat.idle_since = None, now
                self._change(seat, now)
        if self.calls:
            self._assign(now)
            self._expire(now)
            self._announce(now)
        effects, self._effects = self._effects, []
        return effects

    def _assign(self, now: float) -> None:
        """Offer calls to free agents; of an agent's queues the one whose call is worth most comes first."""
        lines = [line for line in self.lines.values() if line.waiting]
        while lines:
            pairs: list[tuple[float, int, Line, tuple[QueuedCall, Seat]]] = []
            for line in lines:
                pair = self._pair(line, now)
                if pair is not None:
                    pairs.append((_worth(*pair, now), -len(pairs), line, pair))
            if not pairs:
                return
            lines = [line for _, _, line, _ in pairs]
            _, _, _, (queued, seat) = max(pairs)
            queued.offered[seat.name] = seat
            seat.call, seat.queue = queued.call, queued.line.queue.name
            queued.line.last_offered = seat.order
            self._effects.append(Offer(queued.call, seat.name))
            self._change(seat, now)

    def _pair(self, line: Line, now: float) -> tuple[QueuedCall, Seat] | None:
        """Return the call of a line that is to be offered next, and to whom."""
        free = [seat for seat in line.members if seat.is_free(now)]
        if not free:
            return None
        for queued in line.waiting:
            if queued.ready_at > now:
                continue
            if line.queue.strategy is Strategy.RING_ALL and not queued.kept:
                return queued, free[0]
            if queued.offered:
                continue
            seat = None
            if line.queue.strategy is Strategy.STICKY:
                last = self._last_agents.get((line.queue.name, queued.caller), "")
                seat, hold = preferred(queued, last, now)
                if hold:
                    continue
            return queued, seat or choose(queued, free) or free[0]
        return None

    def _expire(self, now: float) -> None:
        """Dismiss those who may wait no longer; not while somebody is rung for them."""
        for line in self.lines.values():
            if line.attended or all(queued.kept for queued in line.waiting):
                line.unserved_at = None
            elif line.unserved_at is None:
                line.unserved_at = now + line.queue.no_agents_seconds
            for queued in tuple(line.waiting):
                if queued.offered or queued.kept:
                    continue
                if not line.is_open:
                    self._dismiss(queued, Reason.CLOSED)
                elif line.unserved_at is not None and line.unserved_at <= now:
                    self._dismiss(queued, Reason.NO_AGENTS)
                elif queued.since + line.queue.max_wait_seconds <= now:
                    self._dismiss(queued, Reason.WAITED_TOO_LONG)

    def _announce(self, now: float) -> None:
        for line in self.lines.values():
            for index, queued in enumerate(line.waiting):
                if queued.offered or queued.announce_at > now:
                    continue
                if line.queue.announce_seconds <= 0:  # switched off while he waited
                    queued.announce_at = float("inf")
                    continue
                wait = line.expected_wait(index + 1)
                self._effects.append(Announce(queued.call, index + 1, wait, not queued.announced))
                queued.announced = True
                queued.announce_at = now + line.queue.announce_seconds

    # -- small steps -------------------------------------------------------------------------------

    def _dismiss(self, queued: QueuedCall, reason: Reason) -> None:
        queued.line.tally.dismissed[reason] += 1
        self._remove(queued, queued.since)
        self._effects.append(Dismiss(queued.call, reason))

    def _remove(self, queued: QueuedCall, now: float) -> None:
        for seat in tuple(queued.offered.values()):
            self._unring(seat, now)
        del self.calls[queued.call]
        if queued in queued.line.waiting:
            queued.line.waiting.remove(queued)

    def _unring(self, seat: Seat, now: float, *, told: bool = True) -> None:
        """Ring an agent no longer; nothing happens when he is not rung."""
        if not seat.call or seat.talking:
            return
        del self.calls[seat.call].offered[seat.name]
        if told:
            self._effects.append(Withdraw(seat.call, seat.name))
        seat.call = seat.queue = ""
        self._change(seat, now)

    def _let_go(self, seat: Seat, call: str, now: float) -> None:
        if seat.call == call:
            seat.call, seat.queue, seat.talking = "", "", False
            seat.idle_since = now
            self._change(seat, now)

    def _change(self, seat: Seat, now: float) -> None:
        seat.since = max(now, seat.since)
        self._effects.append(Changed(seat.name))

    def _remember(self, queued: QueuedCall, agent: str) -> None:
        if not queued.caller:
            return
        key = queued.line.queue.name, queued.caller
        self._last_agents[key] = agent
        self._last_agents.move_to_end(key)
        if len(self._last_agents) > CALLERS_KEPT:
            self._last_agents.popitem(last=False)


def _worth(queued: QueuedCall, seat: Seat, now: float) -> float:
    priority = seat.memberships[queued.line.queue.name].priority
    return now - queued.key[0] + priority * PRIORITY_SECONDS
