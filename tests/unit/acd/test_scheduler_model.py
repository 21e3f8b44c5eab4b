"""Whatever happens, no call and no agent is lost or offered twice, and everybody is served in the end."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.acd.configuration import Agent, Membership, Queue, Strategy
from domain.acd.effects import Announce, Dismiss, Effect, Offer, Withdraw
from domain.acd.scheduler import Scheduler
from domain.acd.seat import AgentState

QUEUES = ("x", "y", "z")
AGENTS = ("1", "2", "3", "4")
SECONDS = st.sampled_from([0.0, 0.1, 1.0, 5.0, 12.0, 60.0, 400.0])

memberships = st.lists(
    st.builds(Membership, st.sampled_from(QUEUES), st.integers(1, 10), st.integers(0, 10)),
    unique_by=lambda each: each.queue,
    max_size=3,
).map(tuple)
agents = st.lists(
    st.builds(
        Agent,
        st.sampled_from(AGENTS),
        queues=memberships,
        wrap_up_seconds=st.sampled_from([None, 0.0, 7.0]),
        logged_in=st.booleans(),
    ),
    unique_by=lambda each: each.name,
    max_size=4,
)
queues = st.lists(
    st.builds(
        Queue,
        st.sampled_from(QUEUES),
        strategy=st.sampled_from(Strategy),
        missed_limit=st.sampled_from([0, 1, 3]),
        max_waiting=st.sampled_from([1, 3, 50]),
        max_wait_seconds=st.sampled_from([10.0, 900.0]),
        announce_seconds=st.sampled_from([0.0, 10.0]),
    ),
    unique_by=lambda each: each.name,
    min_size=1,
    max_size=3,
)


class World(RuleBasedStateMachine):
    """What the live side believes, kept beside the scheduler and compared with it after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.scheduler = Scheduler()
        self.now = 0.0
        self.numbers = 0
        self.waiting: set[str] = set()
        self.ringing: set[tuple[str, str]] = set()
        self.talking: dict[str, str] = {}
        self.legs: dict[str, int] = {}
        """Legs of each agent's phone beside those of the queue."""

    def take(self, effects: list[Effect]) -> None:
        """Do what the scheduler wants; each wish must make sense at its moment."""
        for effect in effects:
            match effect:
                case Offer(call=call, agent=agent):
                    assert call in self.waiting
                    assert agent not in {one for _, one in self.ringing}, "rung for two calls"
                    assert agent not in self.talking.values(), "rung while he talks"
                    assert not self.legs.get(agent), "rung while he talks otherwise"
                    self.ringing.add((call, agent))
                case Withdraw(call=call, agent=agent):
                    self.ringing.remove((call, agent))
                case Dismiss(call=call):
                    self.waiting.remove(call)
                    assert all(one != call for one, _ in self.ringing)
                case Announce(call=call):
                    assert call in self.waiting
                    assert not self.scheduler.calls[call].kept

    def due(self) -> None:
        """Let the scheduler do what is due now."""
        self.take(self.scheduler.tick(self.now))

    # -- what may happen ---------------------------------------------------------------------------

    @initialize(queues=queues, agents=agents)
    def begin(self, queues: list[Queue], agents: list[Agent]) -> None:
        """Start with some queues and agents."""
        self.configure(queues, agents)

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        """Time passes; the live side's timer fires when it is due, perhaps late."""
        due = self.scheduler.next_due(self.now)
        self.now += seconds
        if due is not None and due <= self.now:
            self.due()

    @rule(queue=st.sampled_from(QUEUES), caller=st.sampled_from(["", "139", "138"]), vip=st.booleans())
    def enter(self, queue: str, caller: str, vip: bool) -> None:
        """A caller comes."""
        self.numbers += 1
        call = f"c{self.numbers}"
        self.waiting.add(call)
        self.take(self.scheduler.enter(call, queue, caller, self.now, vip=vip))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), by_key=st.booleans())
    def leave(self, data: st.DataObject, by_key: bool) -> None:
        """A caller hangs up or presses a key."""
        call = data.draw(st.sampled_from(sorted(self.waiting)))
        effects = self.scheduler.leave(call, self.now, by_key=by_key)
        self.take([each for each in effects if isinstance(each, Withdraw) and each.call == call])
        self.waiting.remove(call)
        assert all(one != call for one, _ in self.ringing), "still rung for who has left"
        self.take([each for each in effects if not (isinstance(each, Withdraw) and each.call == call)])

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def keep(self, data: st.DataObject) -> None:
        """A caller hangs up and keeps his place."""
        call = data.draw(st.sampled_from(sorted(self.waiting)))
        self.take(self.scheduler.keep(call, self.now))

    @precondition(lambda self: self.ringing)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        """An agent picks up."""
        call, agent = data.draw(st.sampled_from(sorted(self.ringing)))
        effects = self.scheduler.answered(call, agent, self.now)
        assert effects is not None, "an offer that stands was refused him"
        self.ringing.remove((call, agent))
        self.waiting.remove(call)
        self.talking[call] = agent
        # Those withdrawn from are let go of before anybody is rung again.
        self.take(effects)

    @precondition(lambda self: self.ringing)
    @rule(data=st.data(), missed=st.booleans())
    def refuse(self, data: st.DataObject, missed: bool) -> None:
        """An agent does not pick up."""
        call, agent = data.draw(st.sampled_from(sorted(self.ringing)))
        self.ringing.remove((call, agent))
        self.take(self.scheduler.refused(call, agent, self.now, missed=missed))

    @rule(call=st.sampled_from(["c1", "c2", "c3"]), agent=st.sampled_from(AGENTS))
    def answer_too_late(self, call: str, agent: str) -> None:
        """An answer or refusal crosses the end of its offer; nobody gets a call by it."""
        if (call, agent) not in self.ringing:
            assert self.scheduler.answered(call, agent, self.now) is None
            assert self.scheduler.refused(call, agent, self.now) == []

    @precondition(lambda self: self.talking)
    @rule(data=st.data(), returned=st.booleans())
    def talk_over(self, data: st.DataObject, returned: bool) -> None:
        """A talk ends, or the agent was gone before it began."""
        call = data.draw(st.sampled_from(sorted(self.talking)))
        del self.talking[call]
        if returned:
            self.waiting.add(call)
            self.take(self.scheduler.returned(call, self.now))
        else:
            self.take(self.scheduler.talk_over(call, self.now))

    @rule(agent=st.sampled_from(AGENTS), what=st.sampled_from(["log_in", "log_out", "pause", "resume"]))
    def agent_says(self, agent: str, what: str) -> None:
        """An agent logs in or out, or pauses, at any moment."""
        if agent in self.scheduler.seats:
            extra: tuple[Any, ...] = ("why",) if what == "pause" else ()
            self.take(getattr(self.scheduler, what)(agent, *extra, self.now))

    @rule(agent=st.sampled_from(AGENTS), legs=st.integers(0, 2))
    def calls_otherwise(self, agent: str, legs: int) -> None:
        """An agent's phone is used for something else."""
        if agent in self.scheduler.seats:
            self.legs[agent] = legs
            self.take(self.scheduler.engaged(agent, legs, self.now))

    @rule(queue=st.sampled_from(QUEUES), is_open=st.booleans())
    def opening(self, queue: str, is_open: bool) -> None:
        """A queue opens or closes."""
        self.take(self.scheduler.opening(queue, is_open, self.now))

    @rule(queues=queues, agents=agents)
    def configure(self, queues: list[Queue], agents: list[Agent]) -> None:
        """Queues and agents appear and vanish. Who comes back in mid-talk brings his legs along."""
        names = {agent.name for agent in agents}
        known = self.scheduler.seats.keys()
        self.legs = {name: legs for name, legs in self.legs.items() if name in names & known}
        busy = [agent for agent in self.talking.values() if agent in names - known]
        taken = [each for each in agents if each.name not in busy]
        self.legs = {name: legs for name, legs in self.legs.items() if name in {each.name for each in taken}}
        self.take(self.scheduler.configure(queues, taken, self.now))

    # -- what must always hold ---------------------------------------------------------------------

    @invariant()
    def both_sides_agree(self) -> None:
        """The scheduler knows every call once, and every agent has at most one."""
        scheduler = self.scheduler
        assert set(scheduler.calls) == self.waiting
        in_lines = [queued.call for line in scheduler.lines.values() for queued in line.waiting]
        assert sorted(in_lines) == sorted(self.waiting)
        offered = {(call, agent) for call, queued in scheduler.calls.items() for agent in queued.offered}
        assert offered == self.ringing
        assert {call: seat.name for call, (_, seat, _) in scheduler.served.items()} == self.talking
        for seat in scheduler.seats.values():
            if seat.state is AgentState.RINGING:
                assert (seat.call, seat.name) in self.ringing

    @invariant()
    def nobody_waits_for_nothing(self) -> None:
        """No agent who may be offered a call is left idle while one of his queues has a caller for him."""
        for line in self.scheduler.lines.values():
            if line.queue.strategy is Strategy.STICKY:
                continue  # a caller may wait for one agent there, for a while
            idle = [seat for seat in line.members if seat.is_free(self.now)]
            ready = [queued for queued in line.waiting if queued.ready_at <= self.now]
            unoffered = [queued for queued in ready if not queued.offered]
            if line.queue.strategy is Strategy.RING_ALL:
                unoffered = [queued for queued in ready if not (queued.kept and queued.offered)]
            assert not (idle and unoffered)

    @invariant()
    def what_is_due_is_done(self) -> None:
        """After a tick nothing is due at this same moment, or the live side would turn for ever."""
        self.due()
        due = self.scheduler.next_due(self.now)
        assert due is None or due > self.now

    @invariant()
    def somebody_will_wake_up(self) -> None:
        """Whoever waits unoffered has a moment at which something will be done for him."""
        if any(not queued.offered and not queued.kept for queued in self.scheduler.calls.values()):
            assert self.scheduler.next_due(self.now) is not None

    def teardown(self) -> None:
        """Let everybody be served: agents log in and answer all, and each caller gets one in the end."""
        everybody = [Agent(name, queues=tuple(Membership(each) for each in QUEUES)) for name in AGENTS]
        for agent in everybody:
            self.legs.pop(agent.name, None)
        for call in list(self.talking):
            del self.talking[call]
            self.take(self.scheduler.talk_over(call, self.now))
        self.take(self.scheduler.configure([Queue(each) for each in QUEUES], everybody, self.now))
        for each in QUEUES:
            self.take(self.scheduler.opening(each, True, self.now))
        for agent in everybody:
            self.take(self.scheduler.engaged(agent.name, 0, self.now))
            self.take(self.scheduler.log_in(agent.name, self.now))
        for _ in range(2 * self.numbers + 10):
            self.both_sides_agree()
            for call, agent_name in sorted(self.ringing):
                effects = self.scheduler.answered(call, agent_name, self.now)
                if effects is None:
                    continue
                self.ringing.remove((call, agent_name))
                self.waiting.remove(call)
                self.talking[call] = agent_name
                self.take(effects)
            for call in list(self.talking):
                del self.talking[call]
                self.take(self.scheduler.talk_over(call, self.now))
            self.now += 31.0
            self.due()
        assert not self.waiting, "somebody starved"


World.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestScheduler = World.TestCase
