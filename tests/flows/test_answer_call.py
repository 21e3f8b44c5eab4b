"""Answering a call over the real SIP stack (docs/call-flows/answer-call.md)."""

from __future__ import annotations

import pytest

from b2bua.sdp import SessionDescription
from b2bua.sip.message import Request, Response
from domain.outcomes import HungUpBy, Outcome
from domain.snapshot import RingStrategy
from tests.flows.exchange import CARRIER, PHONES, TARGETS, Exchange, a_plan, sdp
from tests.flows.network import Network

WELCOME = "11" * 32


def bridged(exchange: Exchange) -> tuple[Response, Request]:
    """Set a call up between the carrier and the first phone; returns the 200 and the INVITE."""
    caller, phone = exchange.caller, exchange.phones[TARGETS[0]]
    caller.send(caller.invite(body=sdp(CARRIER)))
    invite = phone.expect_request("INVITE")
    phone.respond(invite, 180)
    caller.expect("180 INVITE")
    phone.respond(invite, 200, body=sdp(PHONES[TARGETS[0]], 6000))
    phone.expect("ACK")
    ok = caller.expect_response("200 INVITE")
    caller.send(caller.in_dialog("ACK", ok, 1))
    exchange.network.run(0.1)
    return ok, invite


def test_the_caller_hangs_up() -> None:
    """INVITE to BYE on both sides, with the box's own descriptions in between."""
    exchange = Exchange()
    ok, invite = bridged(exchange)
    a, b = exchange.media.leg("a"), exchange.media.leg("b1")
    assert a.bridged is b
    assert (a.remote and a.remote.port, b.remote and b.remote.port) == (4000, 6000)
    for body, endpoint in ((ok.body, a), (invite.body, b)):
        audio = SessionDescription.parse(body).audio
        assert audio is not None
        assert audio.port == endpoint.port
    caller, phone = exchange.caller, exchange.phones[TARGETS[0]]
    caller.send(caller.in_dialog("BYE", ok, 2))
    caller.expect("200 BYE")
    phone.respond(phone.expect_request("BYE"), 200)
    ended = exchange.ended()
    assert (ended.outcome, ended.by, ended.sip_status) == (Outcome.ANSWERED, HungUpBy.CALLER, 200)
    assert [leg for _, _, leg in exchange.traced] == ["a", "b1"]


def test_the_answerer_hangs_up() -> None:
    """The caller gets a BYE."""
    exchange = Exchange()
    _, invite = bridged(exchange)
    phone = exchange.phones[TARGETS[0]]
    phone.send(phone.in_dialog("BYE", invite, 1))
    phone.expect("200 BYE")
    exchange.caller.respond(exchange.caller.expect_request("BYE"), 200)
    ended = exchange.ended()
    assert (ended.outcome, ended.by) == (Outcome.ANSWERED, HungUpBy.ANSWERER)


def test_the_caller_gives_up_while_it_rings() -> None:
    """CANCEL crosses the box; 487 for the caller, CANCEL for the phone."""
    exchange = Exchange()
    caller, phone = exchange.caller, exchange.phones[TARGETS[0]]
    request = caller.invite(body=sdp(CARRIER))
    caller.send(request)
    invite = phone.expect_request("INVITE")
    phone.respond(invite, 180)
    caller.expect("180 INVITE")
    cancel = caller.request(
        "CANCEL",
        call_id=request.call_id,
        from_=request.get("From") or "",
        to=request.get("To") or "",
        cseq=1,
        branch=(request.via.branch or ""),
    )
    caller.send(cancel)
    caller.expect("200 CANCEL")
    refused = caller.expect_response("487 INVITE")
    caller.send(caller.in_dialog("ACK", refused, 1, branch=request.via.branch))
    phone.respond(phone.expect_request("CANCEL"), 200)
    phone.respond(invite, 487)
    phone.expect("ACK")
    ended = exchange.ended()
    assert (ended.outcome, ended.sip_status) == (Outcome.GAVE_UP_RINGING, 487)


def test_a_welcome_answers_at_once_and_the_caller_may_leave_during_it() -> None:
    """Nobody was rung."""
    exchange = Exchange(a_plan(welcome=WELCOME))
    caller = exchange.caller
    caller.send(caller.invite(body=sdp(CARRIER)))
    ok = caller.expect_response("200 INVITE")
    caller.send(caller.in_dialog("ACK", ok, 1))
    exchange.network.run(0.5)
    assert exchange.media.leg("a").playing == (WELCOME,)
    caller.send(caller.in_dialog("BYE", ok, 2))
    caller.expect("200 BYE")
    assert exchange.ended().outcome == Outcome.GAVE_UP_WELCOME
    assert exchange.phones[TARGETS[0]].seen == []


def test_an_unknown_number_is_refused() -> None:
    """404 with a record."""
    exchange = Exchange()
    caller = exchange.caller
    request = caller.invite(body=sdp(CARRIER))
    caller.send(Request("INVITE", "sip:4009999999@10.0.0.1", request.headers, request.body))
    refused = caller.expect_response("404 INVITE")
    caller.send(caller.in_dialog("ACK", refused, 1, branch=request.via.branch))
    assert exchange.ended().outcome == Outcome.NUMBER_UNKNOWN


def test_all_phones_ring_and_the_first_to_answer_wins() -> None:
    """The others get a CANCEL that says why."""
    exchange = Exchange(a_plan(*TARGETS, strategy=RingStrategy.SIMULTANEOUS))
    caller = exchange.caller
    caller.send(caller.invite(body=sdp(CARRIER)))
    invites = {target: exchange.phones[target].expect_request("INVITE") for target in TARGETS}
    for target, invite in invites.items():
        exchange.phones[target].respond(invite, 180)
    winner = TARGETS[1]
    exchange.phones[winner].respond(invites[winner], 200, body=sdp(PHONES[winner]))
    ok = caller.expect_response("200 INVITE")
    caller.send(caller.in_dialog("ACK", ok, 1))
    for target in (TARGETS[0], TARGETS[2]):
        phone = exchange.phones[target]
        cancel = phone.expect_request("CANCEL")
        assert "elsewhere" in (cancel.get("Reason") or "")
        phone.respond(cancel, 200)
        phone.respond(invites[target], 487)
    exchange.phones[winner].expect("ACK")
    caller.send(caller.in_dialog("BYE", ok, 2))
    phone = exchange.phones[winner]
    phone.respond(phone.expect_request("BYE"), 200)
    assert exchange.ended().outcome == Outcome.ANSWERED


def test_two_phones_answer_at_the_same_moment() -> None:
    """One wins; the other's call is ended with BYE, since its 200 crossed the CANCEL."""
    exchange = Exchange(a_plan(*TARGETS[:2], strategy=RingStrategy.SIMULTANEOUS))
    caller = exchange.caller
    caller.send(caller.invite(body=sdp(CARRIER)))
    invites = {target: exchange.phones[target].expect_request("INVITE") for target in TARGETS[:2]}
    for target, invite in invites.items():
        exchange.phones[target].respond(invite, 180)
    exchange.network.run(0.1)
    for target, invite in invites.items():
        exchange.phones[target].respond(invite, 200, body=sdp(PHONES[target]))
    ok = caller.expect_response("200 INVITE")
    caller.send(caller.in_dialog("ACK", ok, 1))
    loser = exchange.phones[TARGETS[1]]
    loser.respond(loser.expect_request("CANCEL"), 200)
    loser.respond(loser.expect_request("BYE"), 200)
    caller.send(caller.in_dialog("BYE", ok, 2))
    winner = exchange.phones[TARGETS[0]]
    winner.respond(winner.expect_request("BYE"), 200)
    assert exchange.ended().outcome == Outcome.ANSWERED


def test_hold_and_resume_by_reinvite() -> None:
    """The box answers; the other side hears nothing of it."""
    exchange = Exchange()
    ok, _ = bridged(exchange)
    caller, phone = exchange.caller, exchange.phones[TARGETS[0]]
    seen = len(phone.seen)
    held = sdp(CARRIER).replace(b"a=sendrecv", b"a=sendonly").replace(b"1 1 IN", b"1 2 IN")
    caller.send(caller.in_dialog("INVITE", ok, 2, body=held))
    answer = caller.expect_response("200 INVITE")
    assert b"a=recvonly" in answer.body
    caller.send(caller.in_dialog("ACK", ok, 2))
    remote = exchange.media.leg("a").remote
    assert remote is not None
    assert not remote.sending
    assert len(phone.seen) == seen
    caller.send(caller.in_dialog("BYE", ok, 3))
    phone.respond(phone.expect_request("BYE"), 200)
    assert exchange.ended().outcome == Outcome.ANSWERED


@pytest.mark.parametrize("seed", range(20))
def test_a_call_survives_loss_delay_and_doubles(seed: int) -> None:
    """Retransmissions carry it; the record is one and right."""
    exchange = Exchange(network=Network(seed=seed, duplicates=0.05, jitter=0.03))
    ok, _ = bridged(exchange)
    caller, phone = exchange.caller, exchange.phones[TARGETS[0]]
    caller.send(caller.in_dialog("BYE", ok, 2))
    caller.expect("200 BYE", within=2.0)
    phone.respond(phone.expect_request("BYE", within=2.0), 200)
    assert exchange.ended().outcome == Outcome.ANSWERED
