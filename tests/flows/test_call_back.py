"""Calling back over the real SIP stack (docs/call-flows/call-back.md)."""

from __future__ import annotations

from b2bua.calls.call_back import CallBacks
from domain.customers.contact import Contact
from domain.outcomes import HungUpBy, Outcome
from tests.flows.exchange import NUMBER, PHONES, TARGETS, Exchange, a_plan, sdp

CUSTOMER = TARGETS[1]
MISSED = Contact("01M8172EV8WM5RPGMQH3500BQN", "acme", NUMBER, CUSTOMER)


def test_agent_and_customer_are_connected() -> None:
    """The box sends both INVITEs, and the BYE of one to the other."""
    exchange = Exchange(a_plan(TARGETS[0]))
    one = CallBacks(exchange.switchboard).begin(MISSED, TARGETS[0])
    agent, customer = exchange.phones[TARGETS[0]], exchange.phones[CUSTOMER]
    invite = agent.expect_request("INVITE")
    agent.respond(invite, 200, body=sdp(PHONES[TARGETS[0]], 6000))
    agent.expect("ACK")
    exchange.network.run(0.1)
    assert exchange.media.leg("b1").playing == ("ringback",)
    to_customer = customer.expect_request("INVITE")
    customer.respond(to_customer, 180)
    customer.respond(to_customer, 200, body=sdp(PHONES[CUSTOMER], 6100))
    customer.expect("ACK")
    exchange.network.run(0.1)
    assert exchange.media.leg("a").bridged is exchange.media.leg("b1")
    customer.send(customer.in_dialog("BYE", to_customer, 1))
    customer.expect("200 BYE")
    agent.respond(agent.expect_request("BYE"), 200)
    ended = exchange.ended()
    assert (ended.outcome, ended.by) == (Outcome.ANSWERED, HungUpBy.CALLER)
    assert one.over.called
    assert [leg for _, _, leg in exchange.traced] == ["b1", "a"]


def test_the_agent_hangs_up_while_the_customer_rings() -> None:
    """The customer's phone gets a CANCEL."""
    exchange = Exchange(a_plan(TARGETS[0]))
    CallBacks(exchange.switchboard).begin(MISSED, TARGETS[0])
    agent, customer = exchange.phones[TARGETS[0]], exchange.phones[CUSTOMER]
    invite = agent.expect_request("INVITE")
    agent.respond(invite, 200, body=sdp(PHONES[TARGETS[0]], 6000))
    agent.expect("ACK")
    to_customer = customer.expect_request("INVITE")
    customer.respond(to_customer, 180)
    exchange.network.run(0.1)
    agent.send(agent.in_dialog("BYE", invite, 1))
    agent.expect("200 BYE")
    customer.respond(customer.expect_request("CANCEL"), 200)
    customer.respond(to_customer, 487)
    customer.expect("ACK")
    assert exchange.ended().outcome == Outcome.AGENT_LEFT
