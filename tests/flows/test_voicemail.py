"""Leaving a message over the real SIP stack (docs/call-flows/voicemail.md)."""

from __future__ import annotations

import msgspec

from domain.outcomes import HungUpBy, Outcome
from domain.routing.destination import Destination
from domain.voice.voicemail import Voicemail
from storage.journal.events import MessageEnded
from tests.flows.exchange import CARRIER, Exchange, a_plan, sdp


def mailbox() -> Exchange:
    """Return a box whose calls go to voicemail, with a greeting of a second."""
    exchange = Exchange(a_plan(entry=Destination.parse("voicemail:service")))
    box = Voicemail("service", greeting="11" * 32)
    exchange.directory.tenants[0] = msgspec.structs.replace(exchange.directory.tenants[0], voicemails=(box,))
    return exchange


def test_a_caller_leaves_a_message_and_hangs_up() -> None:
    """He is answered at once, hears the greeting, speaks, and sends BYE."""
    exchange = mailbox()
    caller = exchange.caller
    caller.send(caller.invite(body=sdp(CARRIER)))
    ok = caller.expect_response("200 INVITE")
    caller.send(caller.in_dialog("ACK", ok, 1))
    exchange.network.run(2.0)
    exchange.media.leg("a").speak()
    exchange.network.run(4.0)
    caller.send(caller.in_dialog("BYE", ok, 2))
    caller.expect("200 BYE")
    ended = exchange.ended()
    assert (ended.outcome, ended.by, ended.sip_status) == (Outcome.MESSAGE_LEFT, HungUpBy.CALLER, 200)
    (message,) = exchange.journal.of(MessageEnded)
    assert message.kept
    assert 4.0 < message.seconds < 6.0


def test_a_key_by_info_ends_the_message() -> None:
    """Phones without RFC 4733: '#' in an INFO; the box hangs up."""
    exchange = mailbox()
    caller = exchange.caller
    caller.send(caller.invite(body=sdp(CARRIER)))
    ok = caller.expect_response("200 INVITE")
    caller.send(caller.in_dialog("ACK", ok, 1))
    exchange.network.run(2.0)
    exchange.media.leg("a").speak()
    exchange.network.run(3.0)
    info = caller.in_dialog("INFO", ok, 2, body=b"Signal=#\r\nDuration=160\r\n")
    info.set("Content-Type", "application/dtmf-relay")
    caller.send(info)
    caller.expect("200 INFO")
    caller.respond(caller.expect_request("BYE", within=5.0), 200)
    ended = exchange.ended()
    assert (ended.outcome, ended.by) == (Outcome.MESSAGE_LEFT, HungUpBy.BOX)
