"""Trunks on real sockets: the next one after a 503 or silence, passwords, and what numbers look like."""

from __future__ import annotations

import time

import pytest

from tests.wire.conftest import Wire
from tests.wire.digest import challenge, fields, proves
from tests.wire.leg import Leg
from tests.wire.message import fresh
from tests.wire.peer import UdpPeer

FAILOVER, SILENCE, SHOWN, DIGEST, TEL = (f"40010037{n}" for n in (31, 32, 33, 34, 35))
SECRET = "open-sesame-400"


def finish(wire: Wire, caller: Leg, callee: Leg) -> Leg:
    """Let the bound number answer, both talk, and the caller hang up."""
    callee.answer()
    caller.up()
    wire.hang_up(caller, callee)
    return callee


# the next trunk


def test_503_leads_to_the_next_trunk(wire: Wire) -> None:
    """At once, in the same call: one record, one charge. A trunk that says for how long is spared so long."""
    refusing, spare = wire.udp(wire.place.gateway, 5081), wire.udp(wire.place.gateway, 5082)
    for rows in ([], [("Retry-After", "30")]):
        caller = wire.call(FAILOVER)
        refused = Leg.rung(refusing)
        refused.reply(503, rows)
        began = time.monotonic()
        refused.expect("ACK")
        callee = Leg.rung(spare)
        assert time.monotonic() - began < 3
        callee.answer()
        caller.up()
        record = wire.hang_up(caller, callee)
        assert [leg.trunks for leg in record.legs] == [("refuses", "spare")]
        assert record.trunk_out == "spare"
    caller = wire.call(FAILOVER)
    callee = Leg.rung(spare)
    callee.answer()
    caller.up()
    record = wire.hang_up(caller, callee)
    assert [leg.trunks for leg in record.legs] == [("spare",)]


def test_silence_leads_to_the_next_trunk(wire: Wire) -> None:
    """Within 3 s; the silent trunk's late answer is acknowledged and hung up, and charges nobody."""
    silent, spare = wire.udp(wire.place.gateway, 5083), wire.udp(wire.place.gateway, 5082)
    caller = wire.call(SILENCE)
    unheard = Leg.rung(silent)
    began = time.monotonic()
    callee = Leg.rung(spare)
    assert time.monotonic() - began < 3.5, "2.5 s by configuration; the machine may be busy"
    callee.answer()
    caller.up()
    unheard.reply(200)
    unheard.expect("ACK")
    unheard.hung_up()
    record = wire.hang_up(caller, callee)
    assert record.trunk_out == "spare"


def test_nobody_at_the_trunk(wire: Wire) -> None:
    """The kernel says that nobody listens: the next trunk at once, and with none left 503."""
    caller = wire.call(TEL)
    assert caller.final().status == 503
    wire.free(caller, "trunk-down", "box", 503)


# what is shown


def test_403_makes_the_trunk_show_its_own_number(wire: Wire) -> None:
    """The carrier does not let us show the caller: once more with the trunk's number, in the same call."""
    gateway = wire.udp(wire.place.gateway, 5084)
    caller = wire.call(SHOWN)
    first = Leg.rung(gateway)
    assert first.invite is not None
    assert f"sip:{wire.caller}@" in first.invite["from"]
    first.reply(403)
    first.expect("ACK")
    second = Leg.rung(gateway)
    assert second.invite is not None
    assert "sip:01088886666@" in second.invite["from"]
    assert second.call_id != first.call_id
    finish(wire, caller, second)


def test_a_caller_who_withholds_his_number_is_never_shown(wire: Wire) -> None:
    """Privacy: id; also on a trunk that shows callers (RFC 3323, RFC 3325)."""
    gateway = wire.udp(wire.place.gateway, 5084)
    caller = wire.call(SHOWN, [("Privacy", "id"), ("P-Asserted-Identity", f"<sip:{wire.caller}@carrier>")])
    callee = Leg.rung(gateway)
    assert callee.invite is not None
    assert wire.caller not in str(callee.invite)
    assert "anonymous@anonymous.invalid" in callee.invite["from"]
    assert callee.invite["privacy"] == "id"
    callee.answer()
    caller.up()
    record = wire.hang_up(caller, callee)
    assert (record.anonymous, record.caller) == (True, wire.caller)


def test_a_caller_without_a_number(wire: Wire) -> None:
    """From anonymous@anonymous.invalid: the record has none, the call is a call."""
    gateway = wire.udp(wire.place.gateway, 5084)
    caller = wire.call(SHOWN, from_=f'"Anonymous" <sip:anonymous@anonymous.invalid>;tag={fresh("t")}')
    callee = Leg.rung(gateway)
    callee.answer()
    caller.up()
    record = wire.hang_up(caller, callee)
    assert (record.anonymous, record.caller) == (True, "")


def test_the_400_number_is_shown_as_who_diverted(wire: Wire) -> None:
    """The trunk's own number in From and P-Asserted-Identity, the 400 number in Diversion (RFC 5806)."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    assert callee.invite is not None
    assert "sip:01088886666@" in callee.invite["from"]
    assert "sip:01088886666@" in callee.invite["p-asserted-identity"]
    assert "4001003722" in callee.invite["diversion"]
    finish(wire, caller, callee)


# numbers that come in


@pytest.mark.parametrize(
    "uri",
    [
        "tel:4001003722;phone-context=+86",
        "tel:400-100-3722;phone-context=carrier.example",
        "tel:+864001003722",
        "sip:+864001003722@box;user=phone",
        "sip:4001003722;phone-context=+86@box;user=phone",
        "SIP:4001003722@BOX:5060;Transport=UDP",
        "sip:4001003722:secret@box",
    ],
)
def test_ways_to_write_the_called_number(wire: Wire, uri: str) -> None:
    """tel: and sip: URIs, with and without +86; all ring the same number."""
    caller = wire.call(uri=uri)
    callee = Leg.rung(wire.gateway)
    callee.answer()
    caller.up()
    assert wire.hang_up(caller, callee).number == "4001003722"


def test_a_tel_uri_as_caller(wire: Wire) -> None:
    """From tel:+86...: the record has the national number."""
    caller = wire.call(
        from_=f"<tel:+86{wire.caller}>;tag={fresh('t')}", to="<tel:4001003722;phone-context=+86>"
    )
    callee = Leg.rung(wire.gateway)
    callee.answer()
    caller.up()
    assert wire.hang_up(caller, callee).caller == wire.caller


def test_a_trunk_that_is_written_tel_uris(wire: Wire) -> None:
    """Request-URI, From and To of its calls are tel:."""
    gateway = wire.udp(wire.place.gateway, 5086)
    caller = wire.call(TEL)
    callee = Leg.rung(gateway)
    assert callee.invite is not None
    assert callee.invite.uri.startswith("tel:13900001111;phone-context=")
    assert "<tel:13900001111" in callee.invite["to"]
    finish(wire, caller, callee)


def ims(wire: Wire) -> UdpPeer:
    """Return the IMS core of a carrier, whose trunk reads other headers."""
    return wire.udp(wire.place.ims)


def test_an_ims_carrier_names_caller_and_called_in_other_headers(wire: Wire) -> None:
    """P-Asserted-Identity holds the caller, without the 0 of his area; Diversion the 400 number."""
    rows = [
        ("P-Asserted-Identity", "<sip:+861062345678@ims;user=phone>, <tel:+861062345678>"),
        ("Diversion", "<sip:4001003722@ims>;reason=unconditional, <sip:4009999999@ims>;reason=unknown"),
    ]
    caller = wire.call("01088880000", rows, peer=ims(wire))
    callee = Leg.rung(wire.gateway)
    callee.answer()
    caller.up()
    record = wire.hang_up(caller, callee)
    assert (record.trunk_in, record.caller, record.number) == ("ims", "01062345678", "4001003722")


def test_an_ims_carrier_without_those_headers(wire: Wire) -> None:
    """From and Request-URI stand in for them."""
    caller = wire.call(peer=ims(wire))
    callee = Leg.rung(wire.gateway)
    callee.answer()
    caller.up()
    record = wire.hang_up(caller, callee)
    assert (record.caller, record.number) == (wire.caller, "4001003722")


def test_an_ims_carrier_with_broken_headers(wire: Wire) -> None:
    """What cannot be read is passed over; it never costs the call."""
    rows = [
        ("P-Asserted-Identity", '"unclosed <sip:x'),
        ("Diversion", ";;;,<>"),
        ("Privacy", "none;critical"),
    ]
    caller = wire.call(rows=rows, peer=ims(wire))
    callee = Leg.rung(wire.gateway)
    callee.answer()
    caller.up()
    assert wire.hang_up(caller, callee).number == "4001003722"


def test_a_landing_number_stands_for_its_400_number(wire: Wire) -> None:
    """The carrier brings the call to a number of its own."""
    caller = wire.call("01088880000", peer=wire.udp(wire.place.landing))
    callee = Leg.rung(wire.gateway)
    callee.answer()
    caller.up()
    record = wire.hang_up(caller, callee)
    assert (record.trunk_in, record.called_raw, record.number) == ("landing", "01088880000", "4001003722")


# passwords


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize(("status", "asks", "proof"), [
    (401, "WWW-Authenticate", "authorization"), (407, "Proxy-Authenticate", "proxy-authorization")
])  # fmt: skip
def test_a_trunk_asks_for_our_password(
    wire: Wire, status: int, asks: str, proof: str, algorithm: str
) -> None:
    """The INVITE comes again with the proof; a stale nonce is answered anew, and a BYE is challenged, too."""
    gateway = wire.udp(wire.place.gateway, 5085)
    caller = wire.call(DIGEST)
    first = Leg.rung(gateway)
    first.reply(status, [(asks, challenge("nonce-1", algorithm=algorithm))])
    first.expect("ACK")
    second = Leg.rung(gateway)
    assert (second.call_id, second.invite.cseq) == (first.call_id, first.invite.cseq + 1)  # type: ignore[union-attr]
    assert proves(second.invite, proof, SECRET, "nonce-1")  # type: ignore[arg-type]
    second.reply(status, [(asks, challenge("nonce-2", stale=True, algorithm=algorithm))])
    second.expect("ACK")
    callee = Leg.rung(gateway)
    assert proves(callee.invite, proof, SECRET, "nonce-2")  # type: ignore[arg-type]
    callee.answer()
    caller.up()
    wire.talk(caller, callee)
    caller.hang_up()
    bye = callee.expect("BYE")
    if proof not in bye:
        callee.reply(status, [(asks, challenge("nonce-3", algorithm=algorithm))], to=bye)
        bye = callee.expect("BYE")
        assert proves(bye, proof, SECRET, "nonce-3")
    callee.reply(200, to=bye)
    record = wire.answered(caller)
    assert len(record.legs) == 1


def test_a_trunk_that_refuses_our_password(wire: Wire) -> None:
    """The same challenge again without stale: once is enough (RFC 3261 22.1), the caller gets his refusal."""
    gateway = wire.udp(wire.place.gateway, 5085)
    caller = wire.call(DIGEST)
    for _ in range(2):
        leg = Leg.rung(gateway)
        leg.reply(401, [("WWW-Authenticate", challenge(fresh("nonce")))])
        leg.expect("ACK")
    assert caller.final().status == 480
    wire.free(caller, "refused-by-target", "box", 480)


def test_a_trunk_without_password_never_gets_one(wire: Wire) -> None:
    """A challenge of somebody who was not configured to ask is a refusal; nothing is sent to him."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    callee.reply(407, [("Proxy-Authenticate", challenge("n"))])
    assert "proxy-authorization" not in callee.expect("ACK")
    assert caller.final().status == 480
    wire.free(caller, "refused-by-target", "box", 480)


def test_a_challenge_that_cannot_be_read(wire: Wire) -> None:
    """A refusal like any other."""
    gateway = wire.udp(wire.place.gateway, 5085)
    caller = wire.call(DIGEST)
    leg = Leg.rung(gateway)
    leg.reply(401, [("WWW-Authenticate", "Bearer what"), ("WWW-Authenticate", "Digest realm=")])
    assert fields(leg.expect("ACK")["authorization"]) == {}
    assert caller.final().status == 480
    wire.free(caller, "refused-by-target", "box", 480)
