"""What the box refuses, and how: the status, what the answer must carry, and the record it leaves."""

from __future__ import annotations

import pytest

from tests.wire.conftest import STRAIGHT, Wire
from tests.wire.leg import SDP_ROW, Leg
from tests.wire.message import Rows, Sip, branch, fresh, write
from tests.wire.peer import Peer


def ask(
    peer: Peer, method: str, rows: Rows = (), body: bytes = b"", *, to_tag: str = "", uri: str = ""
) -> Sip:
    """Send a request outside dialogs and return its final answer."""
    call_id = fresh("ask-")
    to = "<sip:4001003722@box>" + (f";tag={to_tag}" if to_tag else "")
    data = write(
        f"{method} {uri or 'sip:4001003722@box'} SIP/2.0",
        [
            ("Via", peer.via(branch())),
            *([] if any(name == "Max-Forwards" for name, _ in rows) else [("Max-Forwards", "70")]),
            ("From", f"<sip:asks@{peer.host}>;tag={fresh('a')}"),
            ("To", to),
            ("Call-ID", call_id),
            ("CSeq", f"1 {method}"),
            *rows,
        ],
    )
    peer.send(data)
    return peer.wait(lambda found: found.call_id == call_id and found.status >= 200, f"an answer to {method}")


def words(message: Sip, name: str) -> set[str]:
    """Return the values of a list header."""
    return {part.strip() for row in message.all(name) for part in row.split(",")}


TIMER_30 = [("Session-Expires", "30"), ("Supported", "timer")]
GZIPPED = [("Content-Encoding", "gzip"), SDP_ROW]
CSEQ_TWICE = [("CSeq", "2 INVITE")]
NO_SDP = b"v=0\r\nthis is no SDP\r\n"


@pytest.mark.parametrize(
    ("rows", "body", "status", "says"),
    [
        pytest.param([("Require", "teleport, 100rel")], None, 420, "Unsupported: teleport", id="420"),
        pytest.param([("Content-Type", "text/xml")], b"<x/>", 415, "Accept: application/sdp", id="415"),
        pytest.param(GZIPPED, b"\x1f\x8b", 415, "Accept-Encoding: identity", id="415-encoded"),
        pytest.param([("Accept", "text/html")], None, 406, "", id="406"),
        pytest.param([SDP_ROW], NO_SDP, 400, "", id="400-sdp"),
        pytest.param(TIMER_30, None, 422, "Min-SE: 90", id="422"),
        pytest.param(CSEQ_TWICE, None, 400, "", id="400-twice"),
        pytest.param([("Date", "today")], None, 400, "", id="400-date"),
    ],
)
def test_an_invite_that_is_refused(
    wire: Wire, rows: Rows, body: bytes | None, status: int, says: str
) -> None:
    """Nobody is rung; one record says bad request, and nothing is charged."""
    caller = wire.call(rows=rows, body=body)
    refusal = caller.final()
    assert refusal.status == status
    if says:
        name, _, value = says.partition(": ")
        assert value in words(refusal, name.lower())
    assert refusal.tag("to") != ""
    wire.free(caller, "bad-request", "box", status)
    wire.ping()
    assert wire.gateway.find(lambda message: message.method == "INVITE") is None


def test_a_repeated_invite_that_was_refused(wire: Wire) -> None:
    """Its refusal comes again, until the ACK; it has one record."""
    caller = wire.call(rows=[("Require", "teleport")])
    refusal = caller.expect(420)
    caller.repeat("INVITE")
    wire.ping()
    assert wire.carrier.repeats[refusal.raw] >= 1
    caller.ack(refusal)
    wire.free(caller, "bad-request", "box", 420)


def test_483_at_the_last_hop(wire: Wire) -> None:
    """An INVITE that may go no further (RFC 3261 16.3)."""
    caller = Leg.of(wire.carrier, STRAIGHT, wire.caller)
    data = caller.invitation().replace(b"Max-Forwards: 70", b"Max-Forwards: 0")
    caller.sent["INVITE"] = data
    wire.carrier.send(data)
    assert caller.final().status == 483
    wire.free(caller, "bad-request", "box", 483)


def test_hops_are_counted_through_the_box(wire: Wire) -> None:
    """So that two boxes which call each other come to an end."""
    caller = Leg.of(wire.carrier, STRAIGHT, wire.caller)
    data = caller.invitation().replace(b"Max-Forwards: 70", b"Max-Forwards: 5")
    caller.sent["INVITE"] = data
    wire.carrier.send(data)
    callee = Leg.rung(wire.gateway)
    assert callee.invite is not None
    assert callee.invite["max-forwards"] == "4"
    callee.answer()
    caller.up()
    wire.hang_up(caller, callee)


def test_482_for_a_call_that_came_by_two_ways(wire: Wire) -> None:
    """The same request under another branch (RFC 3261 8.2.2.2): refused, and one call is made."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    other = caller.sent["INVITE"]
    start = other.index(b"branch=")
    end = other.index(b"\r\n", start)
    merged = other[:start] + b"branch=" + branch().encode() + other[end:]
    wire.carrier.send(merged)
    refusal = caller.expect(482)
    rows = [(name, refusal[name.lower()]) for name in ("Via", "From", "To", "Call-ID")]
    wire.carrier.send(write(f"ACK {caller.target} SIP/2.0", [*rows, ("CSeq", "1 ACK")]))
    callee.answer()
    caller.up()
    wire.hang_up(caller, callee)


@pytest.mark.parametrize("method", ["BYE", "UPDATE", "INFO", "PRACK", "NOTIFY", "INVITE", "OPTIONS"])
def test_481_for_a_call_that_does_not_exist(wire: Wire, method: str) -> None:
    """A request inside a dialog that nobody knows."""
    refusal = ask(wire.carrier, method, [("RAck", "1 1 INVITE")], to_tag=fresh("gone"))
    assert refusal.status == 481


@pytest.mark.parametrize(
    ("method", "status"),
    [("MESSAGE", 405), ("SUBSCRIBE", 405), ("PUBLISH", 405), ("REFER", 405), ("FLY", 501), ("invite", 501)],
)
def test_methods_that_we_do_not_take(wire: Wire, method: str, status: int) -> None:
    """Outside calls: 405 for the ones that exist, 501 for others (case counts); Allow says what we take."""
    refusal = ask(wire.carrier, method)
    assert refusal.status == status
    assert {"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "PRACK", "UPDATE", "INFO"} <= words(refusal, "allow")


@pytest.mark.parametrize(
    ("method", "status"),
    [("MESSAGE", 405), ("FLY", 501), ("NOTIFY", 481), ("SUBSCRIBE", 405), ("OPTIONS", 200)],
)
@pytest.mark.parametrize("side", ["caller", "callee"])
def test_methods_inside_a_call(wire: Wire, side: str, method: str, status: int) -> None:
    """Refused or answered; the call goes on."""
    caller, callee = wire.bridge()
    leg = caller if side == "caller" else callee
    leg.send(method)
    assert leg.final(method).status == status
    wire.hang_up(caller, callee)


@pytest.mark.parametrize("side", ["caller", "callee"])
def test_a_trunk_may_not_transfer(wire: Wire, side: str) -> None:
    """REFER inside a call is forbidden; nobody new is rung, the call goes on."""
    caller, callee = wire.bridge()
    leg = caller if side == "caller" else callee
    leg.send("REFER", [("Refer-To", "<sip:0014155551234@elsewhere>"), ("Contact", leg.contact)])
    assert leg.final("REFER").status == 403
    record = wire.hang_up(caller, callee)
    assert len(record.legs) == 1


def test_420_inside_a_call(wire: Wire) -> None:
    """An option that we do not know refuses one request, not the call."""
    caller, callee = wire.bridge()
    caller.send("UPDATE", [("Require", "teleport")])
    refusal = caller.final("UPDATE")
    assert (refusal.status, words(refusal, "unsupported")) == (420, {"teleport"})
    wire.hang_up(caller, callee)


def test_422_inside_a_call(wire: Wire) -> None:
    """A refresh with too short an interval."""
    caller, callee = wire.bridge()
    caller.send("UPDATE", [("Session-Expires", "45"), ("Supported", "timer")])
    refusal = caller.final("UPDATE")
    assert (refusal.status, refusal["min-se"]) == (422, "90")
    wire.hang_up(caller, callee)


def test_options_says_what_we_can(wire: Wire) -> None:
    """Allow, Accept, Supported (RFC 3261 11.2); its last hop is no reason to refuse."""
    for rows in ((), (("Max-Forwards", "0"),)):
        answer = ask(wire.carrier, "OPTIONS", rows)
        assert answer.status == 200
        assert {"INVITE", "PRACK", "UPDATE"} <= words(answer, "allow")
        assert "application/sdp" in words(answer, "accept")
        assert {"100rel", "timer"} <= words(answer, "supported")


@pytest.mark.parametrize(
    ("uri", "status"),
    [("isbn:2983792873", 416), ("sip:", 400), ("sip:a b@c", 400), ("sip:4001003722@box?Route=x", 400)],
)
def test_request_uris_that_we_cannot_serve(wire: Wire, uri: str, status: int) -> None:
    """Unknown scheme, malformed, or with headers hidden in it."""
    assert ask(wire.carrier, "OPTIONS", uri=uri).status == status


def test_a_number_that_is_not_ours(wire: Wire) -> None:
    """404, and a record without a tenant."""
    caller = wire.call("4009999999")
    assert caller.final().status == 404
    record = wire.free(caller, "number-unknown", "box", 404)
    assert record.tenant in (None, "")


def test_a_trunk_that_may_not_call_in(wire: Wire) -> None:
    """403 for its INVITE: the gateway's address belongs to trunks that only take calls out."""
    peer = wire.udp(wire.place.gateway, 5082)
    caller = wire.call(peer=peer)
    assert caller.final().status == 403
    assert wire.journal.calls(caller.call_id) == []


def test_expires_of_an_invite(wire: Wire) -> None:
    """A caller who waits a second at most (RFC 3261 13.3.1) gets 487, and the bound number its CANCEL."""
    caller = wire.call(rows=[("Expires", "1")])
    callee = Leg.rung(wire.gateway)
    callee.reply(180)
    assert caller.final().status == 487
    callee.reply(200, to=callee.expect("CANCEL"))
    callee.reply(487)
    callee.expect("ACK")
    wire.free(caller, "gave-up-ringing", "caller", 487)
