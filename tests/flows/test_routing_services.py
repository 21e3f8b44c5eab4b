"""PIN, forwards, press 1 and caller memory over the real SIP stack (docs/call-flows/pin.md, forwards.md,
press-1.md, caller-memory.md)."""

from __future__ import annotations

from b2bua.sip.message import Request, Response
from domain.outcomes import Outcome
from domain.routing.plan import RoutePlan
from domain.routing.target import BoundNumber, RingStrategy
from domain.snapshot import NumberPlan
from storage.journal.events import Key, LegDialled, Step
from tests.flows.exchange import CARRIER, NUMBER, PHONES, TARGETS, Exchange, a_plan, sdp
from tests.flows.network import Peer

FIRST, SECOND, THIRD = TARGETS


def dial(exchange: Exchange, call_id: str = "call-1") -> None:
    """Let the carrier deliver a call."""
    exchange.caller.send(exchange.caller.invite(call_id, body=sdp(CARRIER)))


def answered(exchange: Exchange) -> Response:
    """Let the caller take the box's 200."""
    ok = exchange.caller.expect_response("200 INVITE")
    exchange.caller.send(exchange.caller.in_dialog("ACK", ok, 1))
    exchange.network.run(0.05)
    return ok


def keys(exchange: Exchange, peer: Peer, dialog: Request | Response, digits: str, cseq: int) -> None:
    """Press keys that go by SIP INFO."""
    for step, digit in enumerate(digits):
        info = peer.in_dialog("INFO", dialog, cseq + step)
        info.headers.append(("Content-Type", "application/dtmf-relay"))
        info.body = f"Signal={digit}\r\n".encode()
        peer.send(info)
        peer.expect("200 INFO")


def picks_up(exchange: Exchange, target: str) -> Request:
    """Let a phone answer; returns the INVITE."""
    phone = exchange.phones[target]
    invite = phone.expect_request("INVITE")
    phone.respond(invite, 200, body=sdp(PHONES[target], 6000))
    phone.expect("ACK")
    exchange.network.run(0.05)
    return invite


def refuses(exchange: Exchange, target: str, status: int) -> None:
    """Let a phone refuse."""
    phone = exchange.phones[target]
    phone.respond(phone.expect_request("INVITE"), status)
    phone.expect("ACK")


def caller_hangs_up(exchange: Exchange, ok: Response, target: str, cseq: int = 90) -> None:
    """End an answered call from the caller's side."""
    exchange.caller.send(exchange.caller.in_dialog("BYE", ok, cseq))
    phone = exchange.phones[target]
    phone.respond(phone.expect_request("BYE"), 200)


def dialled(exchange: Exchange) -> list[str]:
    """Return who was rung."""
    return [line.target for line in exchange.journal.of(LegDialled)]


def test_pin() -> None:
    """Answered, asked, wrong, right: then the phone rings; the journal has no digit."""
    exchange = Exchange(a_plan(FIRST, pin="2580"))
    dial(exchange)
    ok = answered(exchange)
    keys(exchange, exchange.caller, ok, "1234#", 2)
    assert dialled(exchange) == []
    keys(exchange, exchange.caller, ok, "2580#", 10)
    picks_up(exchange, FIRST)
    assert {key.digit for key in exchange.journal.of(Key)} == {"x"}
    caller_hangs_up(exchange, ok, FIRST)
    assert exchange.ended().outcome == Outcome.ANSWERED


def test_pin_wrong_three_times() -> None:
    """The box hangs up."""
    exchange = Exchange(a_plan(FIRST, pin="2580", busy_tone_seconds=1))
    dial(exchange)
    ok = answered(exchange)
    for attempt in range(3):
        keys(exchange, exchange.caller, ok, "11#", 2 + 10 * attempt)
    exchange.network.run(1.1)
    exchange.caller.respond(exchange.caller.expect_request("BYE"), 200)
    assert exchange.ended().outcome == Outcome.PIN_WRONG
    assert dialled(exchange) == []


def test_forwards() -> None:
    """Busy: the number for busy; it rings in vain: the number for no answer takes the call."""
    routing = RoutePlan(when_busy=(BoundNumber(SECOND),), when_no_answer=(BoundNumber(THIRD),))
    exchange = Exchange(a_plan(FIRST, routing=routing, no_answer_seconds=10))
    dial(exchange)
    refuses(exchange, FIRST, 486)
    silent = exchange.phones[SECOND]
    ringing = silent.expect_request("INVITE")
    silent.respond(ringing, 180)
    exchange.network.run(10.1)
    silent.respond(silent.expect_request("CANCEL"), 200)
    silent.respond(ringing, 487)
    silent.expect("ACK")
    picks_up(exchange, THIRD)
    ok = answered(exchange)
    caller_hangs_up(exchange, ok, THIRD)
    assert exchange.ended().outcome == Outcome.ANSWERED
    assert dialled(exchange) == [FIRST, SECOND, THIRD]


def test_press_1() -> None:
    """A mobile's voicemail answers first and presses nothing; who presses 1 has the call."""
    bound = (BoundNumber(FIRST, confirm_seconds=10), BoundNumber(SECOND, confirm_seconds=10))
    exchange = Exchange(NumberPlan(number=NUMBER, bound=bound, strategy=RingStrategy.SIMULTANEOUS))
    dial(exchange)
    picks_up(exchange, FIRST)
    assert "200 INVITE" not in exchange.caller.seen
    invite = picks_up(exchange, SECOND)
    assert "200 INVITE" not in exchange.caller.seen
    phone = exchange.phones[SECOND]
    keys(exchange, phone, invite, "1", 1)
    ok = answered(exchange)
    voicemail = exchange.phones[FIRST]
    voicemail.respond(voicemail.expect_request("BYE"), 200)
    assert exchange.media.leg("a").bridged is exchange.media.leg("b2")
    caller_hangs_up(exchange, ok, SECOND)
    assert exchange.ended().outcome == Outcome.ANSWERED
    steps = [step.name for step in exchange.journal.of(Step)]
    assert steps == ["asked-to-accept", "asked-to-accept", "accepted"]


def test_caller_memory() -> None:
    """The first call finds the second phone, the next call rings it at once."""
    exchange = Exchange(a_plan(FIRST, SECOND, routing=RoutePlan(memory_days=7)))
    for call in ("call-1", "call-2"):
        dial(exchange, call)
        if call == "call-1":
            refuses(exchange, FIRST, 486)
        picks_up(exchange, SECOND)
        ok = answered(exchange)
        caller_hangs_up(exchange, ok, SECOND)
        exchange.network.run(1)
    exchange.assert_nothing_left()
    assert dialled(exchange) == [FIRST, SECOND, SECOND]
