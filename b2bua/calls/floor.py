"""The live side of queues and agents: one scheduler a tenant, its timer, and who is to be told what.

Event-driven: whatever happens to a caller or an agent is told to the scheduler at once, and what it wants
done is done before the event is over, so that a free agent is rung without waiting for any timer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from domain.acd.configuration import Agent, Queue
from domain.acd.effects import Announce, Changed, Dismiss, Effect, Offer, Reason, Withdraw
from domain.acd.scheduler import Scheduler
from domain.days.schedule import is_open
from domain.snapshot import TenantSnapshot

if TYPE_CHECKING:
    from b2bua.calls.place import BeginCallBack
    from b2bua.calls.ports import Clock, Directory

_log = Logger()


class Waiting(Protocol):
    """Who waits in a queue, and does what the scheduler wants for him."""

    def offered(self, agent: Agent) -> None:
        """Ring this agent; to be followed by ``TenantFloor.answered`` or ``refused``."""

    def withdrawn(self, agent: str) -> None:
        """Ring him no longer."""

    def told(self, news: Announce) -> None:
        """Tell the caller how it stands."""

    def dismissed(self, reason: Reason) -> None:
        """Leave the queue."""


class Kept(msgspec.Struct, frozen=True):
    """What of an agent's state survives a restart."""

    logged_in: bool
    paused: str | None = None


def _forget(content: bytes) -> None:
    """Keep nothing; for tests and boxes without agents."""


def _nobody_looks() -> None:
    """Tell nobody."""


class TenantFloor:
    """One tenant's queues and agents."""

    def __init__(self, floor: Floor, tenant: str, kept: Mapping[str, Kept]) -> None:
        self.scheduler = Scheduler()
        self.tenant: TenantSnapshot | None = None
        self._floor = floor
        self._name = tenant
        self._kept = dict(kept)
        self._callers: dict[str, Waiting] = {}
        self._legs: dict[str, int] = {}
        """Target -> SIP legs up, for targets of agents and everybody else of the tenant."""
        self._agents_of: dict[str, list[str]] = {}
        """Target -> agents who sit there."""
        self._effects: deque[Effect] = deque()
        self._doing = False
        self._timer: Deferred[None] | None = None
        self._due: float | None = None

    # -- configuration -----------------------------------------------------------------------------

    def configure(self, tenant: TenantSnapshot) -> None:
        """Put a tenant's queues and agents in force."""
        if tenant is self.tenant:
            return
        self.tenant = tenant
        known = set(self.scheduler.seats)
        self._agents_of = {}
        for agent in tenant.agents:
            self._agents_of.setdefault(agent.target, []).append(agent.name)
        effects = self.scheduler.configure(tenant.queues, tenant.agents, self._now())
        for agent in tenant.agents:
            kept = self._kept.get(agent.name)
            if agent.name not in known and kept is not None:
                seat = self.scheduler.seats[agent.name]
                seat.logged_in, seat.paused = kept.logged_in, kept.paused
            effects += self.scheduler.engaged(agent.name, self._legs.get(agent.target, 0), self._now())
        self._do(effects)
        self.check_hours()

    def check_hours(self) -> None:
        """Open and close queues by their hours."""
        assert self.tenant is not None
        for queue in self.tenant.queues:
            line = self.scheduler.lines.get(queue.name)
            now_open = queue.hours is None or self._is_open(queue)
            if line is not None and line.is_open != now_open:
                self._do(self.scheduler.opening(queue.name, now_open, self._now()))

    def _is_open(self, queue: Queue) -> bool:
        assert queue.hours is not None
        calendar = self._floor.directory.facts.calendar_of(self._name)
        return is_open(queue.hours, self._floor.clock.utc(), calendar)

    def queue(self, name: str) -> Queue | None:
        """Return a queue as it is in force, or None."""
        line = self.scheduler.lines.get(name)
        return line.queue if line is not None else None

    # -- callers -----------------------------------------------------------------------------------

    def enter(self, call: str, queue: str, caller: str, waiting: Waiting, *, vip: bool = False) -> None:
        """Let a call wait; raises KeyError when there is no such queue."""
        found = self.scheduler.lines[queue].queue
        if found.hours is not None:
            self._do(self.scheduler.opening(queue, self._is_open(found), self._now()))
        self._callers[call] = waiting
        self._do(self.scheduler.enter(call, queue, caller, self._now(), vip=vip))

    def leave(self, call: str, *, by_key: bool = False) -> None:
        """Forget a call that waits no longer."""
        self._callers.pop(call, None)
        self._do(self.scheduler.leave(call, self._now(), by_key=by_key))

    def set_loads(self, loads: Mapping[str, int]) -> None:
        """Take what conversations in writing take of each agent."""
        self._do(self.scheduler.loaded(loads, self._now()))

    def keep(self, call: str, waiting: Waiting) -> None:
        """Keep the place of a call for a call-back, for which ``waiting`` sees to it from now on."""
        effects = self.scheduler.keep(call, self._now())
        self._callers[call] = waiting
        self._do([each for each in effects if not (isinstance(each, Withdraw) and each.call == call)])

    def keep_again(self, call: str, queue: str, caller: str, waited: float, waiting: Waiting) -> None:
        """Restore a kept place after a restart."""
        self._callers[call] = waiting
        self._do(self.scheduler.keep_again(call, queue, caller, waited, self._now()))

    def answered(self, call: str, agent: str) -> bool:
        """Connect a call with who answered it; False when it is not his any more."""
        effects = self.scheduler.answered(call, agent, self._now())
        self._do(effects or [])
        return effects is not None

    def refused(self, call: str, agent: str, *, missed: bool = True) -> None:
        """Take back an offer that was not answered."""
        self._do(self.scheduler.refused(call, agent, self._now(), missed=missed))

    def returned(self, call: str) -> None:
        """Let a call wait on whose agent is gone before they were connected."""
        self._do(self.scheduler.returned(call, self._now()))

    def talk_over(self, call: str, agent: str) -> None:
        """Let an agent wrap up a call, if he still has it."""
        served = self.scheduler.served.get(call)
        if served is not None and served[1].name == agent:
            self._callers.pop(call, None)
            self._do(self.scheduler.talk_over(call, self._now()))

    # -- agents ------------------------------------------------------------------------------------

    def log_in(self, agent: str) -> None:
        """Let an agent take calls; raises KeyError for one who is not there, as the next three do."""
        self._do(self.scheduler.log_in(agent, self._now()))

    def log_out(self, agent: str) -> None:
        """Let him take no more calls."""
        self._do(self.scheduler.log_out(agent, self._now()))

    def pause(self, agent: str, reason: str) -> None:
        """Let him take no calls for a while."""
        self._do(self.scheduler.pause(agent, reason, self._now()))

    def resume(self, agent: str) -> None:
        """End his pause or wrap-up."""
        self._do(self.scheduler.resume(agent, self._now()))

    def agents_at(self, target: str) -> list[str]:
        """Return who sits at a phone."""
        return self._agents_of.get(target, [])

    def leg_began(self, target: str) -> None:
        """Count a leg of a phone; whoever sits there is busy."""
        self._legs[target] = self._legs.get(target, 0) + 1
        self._engage(target)

    def leg_over(self, target: str) -> None:
        """Count it no longer."""
        left = self._legs.get(target, 0) - 1
        if left > 0:
            self._legs[target] = left
        else:
            self._legs.pop(target, None)
        self._engage(target)

    def _engage(self, target: str) -> None:
        for agent in self._agents_of.get(target, ()):
            self._do(self.scheduler.engaged(agent, self._legs.get(target, 0), self._now()))

    # -- doing what is wanted ----------------------------------------------------------------------

    def _now(self) -> float:
        return self._floor.clock.mono()

    def _do(self, effects: list[Effect]) -> None:
        """Carry effects out in order; what happens meanwhile is carried out after them."""
        self._effects += effects
        if self._doing:
            return
        self._doing = True
        changed = False
        try:
            while self._effects:
                effect = self._effects.popleft()
                if isinstance(effect, Changed):
                    changed = True
                else:
                    self._carry_out(effect)
        finally:
            self._doing = False
        if changed:
            self._keep_states()
        self._arm()
        self._floor.on_change()

    def _carry_out(self, effect: Offer | Withdraw | Announce | Dismiss) -> None:
        if isinstance(effect, Dismiss):
            gone = self._callers.pop(effect.call, None)
            if gone is not None:
                gone.dismissed(effect.reason)
            return
        waiting = self._callers.get(effect.call)
        if waiting is None:
            return
        match effect:
            case Offer(call=call, agent=agent):
                queued = self.scheduler.calls.get(call)
                if queued is not None and agent in queued.offered:  # else something came between
                    waiting.offered(queued.offered[agent].agent)
            case Withdraw(agent=agent):
                waiting.withdrawn(agent)
            case Announce():
                waiting.told(effect)

    def _keep_states(self) -> None:
        kept = {seat.name: Kept(seat.logged_in, seat.paused) for seat in self.scheduler.seats.values()}
        if kept != self._kept:
            self._kept = kept
            self._floor.save(self._name, kept)

    def _arm(self) -> None:
        due = self.scheduler.next_due(self._now())
        if due == self._due:
            return
        timer, self._timer, self._due = self._timer, None, due
        if timer is not None:
            timer.cancel()
        if due is not None:
            self._timer = self._floor.clock.after(max(0.001, due - self._now()))
            self._timer.addCallbacks(self._tick, _given_up).addErrback(_failed)

    def _tick(self, _: None) -> None:
        self._timer = self._due = None
        self._do(self.scheduler.tick(self._now()))


class Floor:
    """Every tenant's queues and agents."""

    clock: Clock
    directory: Directory

    def __init__(
        self,
        kept: Mapping[str, Mapping[str, Kept]] | None = None,
        save: Callable[[bytes], None] = _forget,
    ) -> None:
        """``kept``: tenant -> agent -> state, as the last run left it; each change is told to ``save``."""
        self._kept = {tenant: dict(agents) for tenant, agents in (kept or {}).items()}
        self._save = save
        self.begin_call_back: BeginCallBack | None = None
        """Calls a kept place back; set when the switchboard is there."""
        self.on_change: Callable[[], None] = _nobody_looks
        """Told after anything that may have changed a queue or an agent."""
        self.tenants: dict[str, TenantFloor] = {}

    def connect(self, clock: Clock, directory: Directory) -> None:
        """Give it what it works with; called once, by ``CallPorts``."""
        self.clock = clock
        self.directory = directory

    def of(self, tenant: TenantSnapshot) -> TenantFloor:
        """Return a tenant's floor, which begins with what this snapshot says."""
        found = self.tenants.get(tenant.id)
        if found is None:
            found = self.tenants[tenant.id] = TenantFloor(self, tenant.id, self._kept.get(tenant.id, {}))
            found.configure(tenant)
        return found

    def configure(self, tenants: Iterable[TenantSnapshot]) -> None:
        """Put what is configured now in force; tenants that are gone have neither queues nor agents."""
        present = set()
        for tenant in tenants:
            present.add(tenant.id)
            if tenant.queues or tenant.agents or tenant.id in self.tenants:
                self.of(tenant).configure(tenant)
        for name in self.tenants.keys() - present:
            self.tenants[name].configure(TenantSnapshot(name, ""))

    def check_hours(self) -> None:
        """Open and close queues by their hours; called every few seconds."""
        for tenant in self.tenants.values():
            tenant.check_hours()

    def leg_began(self, tenant: str, target: str) -> Callable[[], None] | None:
        """Count a leg of a tenant's phone; return what tells, once, that it is over, None: nobody need."""
        floor = self.tenants.get(tenant)
        if floor is None:
            return None
        floor.leg_began(target)
        over: list[bool] = []

        def leg_over() -> None:
            if not over:
                over.append(True)
                floor.leg_over(target)

        return leg_over

    def save(self, tenant: str, kept: dict[str, Kept]) -> None:
        """Keep the states of a tenant's agents."""
        self._kept[tenant] = kept
        self._save(msgspec.json.encode(self._kept))


def decode(content: bytes) -> dict[str, dict[str, Kept]]:
    """Read kept states; raises msgspec.DecodeError for what is none."""
    return msgspec.json.decode(content, type=dict[str, dict[str, Kept]])


def _given_up(failure: Failure) -> None:
    failure.trap(CancelledError)


def _failed(failure: Failure) -> None:
    _log.failure("a queue's timer failed", failure)
