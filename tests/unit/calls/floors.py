"""A stage with a queue: callers to the number wait in it, agents 8001 and 8002 sit at extensions."""

from __future__ import annotations

from b2bua.calls.floor import TenantFloor
from domain.acd.configuration import Agent, Membership, Queue
from domain.acd.seat import AgentState
from domain.routing.destination import Destination
from domain.snapshot import BoxSnapshot, ExtensionSnapshot, NumberPlan, TenantSnapshot, TrunkSnapshot
from storage.records.fold import fold
from storage.records.record import CallRecord
from tests.twins.directory import SHIPPED
from tests.twins.legs import MemoryInboundLeg, MemoryOutboundLeg
from tests.twins.stage import NUMBER, Stage, sdp

MOBILE = "13911112222"


def an_agent(name: str, *, target: str = "", queue: str = "sales", **fields: object) -> Agent:
    """Make an agent, logged in, who sits at the extension of his job number."""
    given = {"logged_in": True, "queues": (Membership(queue),), **fields}
    return Agent(name, target=target or name, **given)  # type: ignore[arg-type]


class QueueStage(Stage):
    """Twins around a real switchboard; ``queue`` gives fields of the queue ``sales``."""

    def __init__(
        self, *agents: Agent, queues: tuple[Queue, ...] = (), bound: str = "", **queue: object
    ) -> None:
        given = {"announce_seconds": 0.0, "wrap_up_seconds": 0.0, **queue}
        plan = NumberPlan(number=NUMBER, entry=Destination.parse("queue:sales"))
        tenant = TenantSnapshot(
            id="acme",
            name="Acme",
            numbers=(plan,),
            queues=(Queue("sales", **given), *queues),  # type: ignore[arg-type]
            agents=agents or (an_agent("8001"), an_agent("8002")),
        )
        names = ("8001", "8002", "8003")
        super().__init__(
            plan,
            tenant=tenant,
            box=BoxSnapshot(
                trunks=(TrunkSnapshot(name="carrier-a"),),
                extensions=tuple(ExtensionSnapshot(name=name, tenant="acme", secret="s") for name in names),
            ),
            shipped=SHIPPED,
        )
        self.switchboard.ports.floor.configure([tenant])

    @property
    def floor(self) -> TenantFloor:
        """The tenant's queues and agents."""
        return self.switchboard.ports.floor.of(self.tenant)

    def state(self, agent: str) -> AgentState:
        """Return what an agent does."""
        return self.floor.scheduler.seats[agent].state

    def rung(self) -> list[str]:
        """Return who was rung, in order."""
        return [dialling.target for dialling in self.dialler.dialled]

    def answer(self, leg: str = "b1") -> MemoryOutboundLeg:
        """Let who is rung answer."""
        found = self.leg(leg)
        found.peer_answers(sdp(port=42000))
        return found

    def connect(self, leg: str = "b1") -> MemoryOutboundLeg:
        """Let who is rung answer, and the announcements before the talk end."""
        found = self.answer(leg)
        for _ in range(8):
            self.clock.advance(1)
        return found

    def heard(self, leg: str = "a") -> list[str]:
        """Return everything that was played to a leg, in order."""
        asked = self.endpoint(leg).asked
        return [" ".join(each.detail[0]) for each in asked if each.verb == "play"]  # type: ignore[index]

    def record(self) -> CallRecord:
        """Return the record of the one call, which is over."""
        (call,) = {event.call for event in self.journal.events if event.__struct_config__.tag == "end"}
        return fold(event for event in self.journal.events if getattr(event, "call", "") == call)

    def caller_hangs_up(self, caller: MemoryInboundLeg) -> None:
        """Let him go, and all that was due end."""
        caller.peer_hangs_up()
        self.clock.advance(60)
