"""A queue over the real SIP stack (docs/call-flows/queue.md): an offer is missed, the next one answered."""

from __future__ import annotations

import msgspec

from b2bua.sip.message import Response
from domain.acd.configuration import Agent, Membership, Queue, Strategy
from domain.acd.seat import AgentState
from domain.routing.destination import Destination
from storage.journal.events import Unqueued
from storage.records.fold import fold
from tests.flows.exchange import CARRIER, PHONES, TARGETS, Exchange, a_plan, sdp


def in_queue() -> tuple[Exchange, Response]:
    """Let the carrier call a number with a queue of two agents; return the exchange and the 200."""
    exchange = Exchange(a_plan(entry=Destination.parse("queue:sales")))
    queue = Queue("sales", strategy=Strategy.ORDERED, ring_seconds=20, wrap_up_seconds=5, announce_seconds=0)
    agents = tuple(
        Agent(f"800{n}", target=target, queues=(Membership("sales"),), logged_in=True)
        for n, target in enumerate(TARGETS[:2], 1)
    )
    (tenant,) = exchange.directory.tenants
    tenant = msgspec.structs.replace(tenant, queues=(queue,), agents=agents)
    exchange.directory.tenants = [tenant]
    exchange.switchboard.ports.floor.configure([tenant])
    caller = exchange.caller
    caller.send(caller.invite(body=sdp(CARRIER)))
    ok = caller.expect_response("200 INVITE")
    caller.send(caller.in_dialog("ACK", ok, 1))
    exchange.network.run(0.1)
    return exchange, ok


def state(exchange: Exchange, agent: str) -> AgentState:
    """Return what an agent does."""
    return exchange.switchboard.ports.floor.tenants["acme"].scheduler.seats[agent].state


def test_the_second_agent_answers_and_hangs_up() -> None:
    """The first one's phone is silent: CANCEL after its time. The second has the call, then wraps it up."""
    exchange, _ = in_queue()
    first, second = (exchange.phones[target] for target in TARGETS[:2])
    rung = first.expect_request("INVITE")
    first.respond(rung, 180)
    exchange.network.run(20.5)
    first.expect("CANCEL")
    invite = second.expect_request("INVITE")
    second.respond(invite, 200, body=sdp(PHONES[TARGETS[1]]))
    second.expect("ACK")
    assert state(exchange, "8002") is AgentState.TALKING
    exchange.network.run(3)
    second.send(second.in_dialog("BYE", invite, 1))
    second.expect("200 BYE")
    exchange.caller.respond(exchange.caller.expect_request("BYE"), 200)
    assert state(exchange, "8002") is AgentState.WRAP_UP
    exchange.network.run(6)
    assert state(exchange, "8002") is AgentState.IDLE
    assert [(event.why, event.agent) for event in exchange.journal.of(Unqueued)] == [("answered", "8002")]
    assert exchange.ended().outcome == "answered"


def test_the_caller_gives_up() -> None:
    """His BYE cancels the agent's phone; nothing is left of the call."""
    exchange, ok = in_queue()
    first = exchange.phones[TARGETS[0]]
    rung = first.expect_request("INVITE")
    first.respond(rung, 180)
    exchange.network.run(2)
    exchange.caller.send(exchange.caller.in_dialog("BYE", ok, 2))
    exchange.caller.expect("200 BYE")
    cancel = first.expect_request("CANCEL")
    first.respond(cancel, 200)
    first.respond(rung, 487)
    assert exchange.ended().outcome == "gave-up-queue"
    record = fold(exchange.journal.events)
    assert record.queue == "sales"
    assert record.wait_ms >= 2000
