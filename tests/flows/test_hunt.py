"""Ringing the bound numbers over the real SIP stack (docs/call-flows/hunt.md)."""

from __future__ import annotations

from b2bua.sip.message import Request
from domain.outcomes import Outcome
from domain.snapshot import RingStrategy
from tests.flows.exchange import CARRIER, PHONES, TARGETS, Exchange, a_plan, sdp


def dial(exchange: Exchange) -> None:
    """Let the carrier deliver a call."""
    exchange.caller.send(exchange.caller.invite(body=sdp(CARRIER)))


def hang_up(exchange: Exchange, target: str) -> None:
    """End the answered call from the caller's side."""
    caller, phone = exchange.caller, exchange.phones[target]
    ok = caller.expect_response("200 INVITE")
    caller.send(caller.in_dialog("ACK", ok, 1))
    exchange.network.run(0.05)
    caller.send(caller.in_dialog("BYE", ok, 2))
    phone.respond(phone.expect_request("BYE"), 200)


def test_busy_then_no_answer_then_answered() -> None:
    """486 hands on at once, a phone that only rings after its time, the third one answers."""
    exchange = Exchange(a_plan(*TARGETS, no_answer_seconds=10))
    busy, silent, willing = (exchange.phones[target] for target in TARGETS)
    dial(exchange)
    busy.respond(busy.expect_request("INVITE"), 486)
    busy.expect("ACK")
    ringing = silent.expect_request("INVITE")
    silent.respond(ringing, 183, body=sdp(PHONES[TARGETS[1]]))
    exchange.caller.expect("180 INVITE")
    exchange.network.run(9.5)
    assert "CANCEL" not in silent.seen
    exchange.network.run(0.5)
    silent.respond(silent.expect_request("CANCEL"), 200)
    silent.respond(ringing, 487)
    silent.expect("ACK")
    willing.respond(willing.expect_request("INVITE"), 200, body=sdp(PHONES[TARGETS[2]]))
    willing.expect("ACK")
    hang_up(exchange, TARGETS[2])
    assert exchange.ended().outcome == Outcome.ANSWERED


def test_busy_everywhere_is_486_for_the_caller() -> None:
    """With one record."""
    exchange = Exchange(a_plan(*TARGETS[:2]))
    dial(exchange)
    for target in TARGETS[:2]:
        phone = exchange.phones[target]
        phone.respond(phone.expect_request("INVITE"), 486)
        phone.expect("ACK")
    refused = exchange.caller.expect_response("486 INVITE")
    exchange.caller.send(exchange.caller.in_dialog("ACK", refused, 1, branch=refused.via.branch))
    ended = exchange.ended()
    assert (ended.outcome, ended.sip_status) == (Outcome.BUSY, 486)


def test_a_phone_that_answers_while_it_is_given_up_is_ended() -> None:
    """Its 200 crosses the CANCEL: ACK and BYE, and the next phone rings."""
    exchange = Exchange(a_plan(*TARGETS[:2], no_answer_seconds=5))
    late, willing = (exchange.phones[target] for target in TARGETS[:2])
    dial(exchange)
    invite = late.expect_request("INVITE")
    late.respond(invite, 180)
    exchange.network.run(4.98)
    cancel = late.expect_request("CANCEL")
    late.respond(invite, 200, body=sdp(PHONES[TARGETS[0]]))
    late.respond(cancel, 200)
    late.expect("ACK")
    late.respond(late.expect_request("BYE"), 200)
    willing.respond(willing.expect_request("INVITE", within=1.0), 200, body=sdp(PHONES[TARGETS[1]]))
    hang_up(exchange, TARGETS[1])
    assert exchange.ended().outcome == Outcome.ANSWERED


def test_the_caller_gives_up_while_all_phones_ring() -> None:
    """Each gets its CANCEL."""
    exchange = Exchange(a_plan(*TARGETS, strategy=RingStrategy.SIMULTANEOUS))
    dial(exchange)
    invites: dict[str, Request] = {}
    for target in TARGETS:
        invites[target] = exchange.phones[target].expect_request("INVITE")
        exchange.phones[target].respond(invites[target], 180)
    caller = exchange.caller
    caller.expect("180 INVITE")
    invite = caller.invite()
    caller.send(
        caller.request(
            "CANCEL",
            call_id="call-1",
            from_=invite.get("From") or "",
            to=invite.get("To") or "",
            cseq=1,
            branch=f"z9hG4bK-{CARRIER[0]}-1",
        )
    )
    refused = caller.expect_response("487 INVITE")
    caller.send(caller.in_dialog("ACK", refused, 1, branch=refused.via.branch))
    for target in TARGETS:
        phone = exchange.phones[target]
        phone.respond(phone.expect_request("CANCEL"), 200)
        phone.respond(invites[target], 487)
    assert exchange.ended().outcome == Outcome.GAVE_UP_RINGING
