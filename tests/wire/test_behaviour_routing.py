"""Where messages go, on real sockets: route sets, Vias with and without rport, very large messages."""

from __future__ import annotations

import pytest

from tests.wire.conftest import STRAIGHT, Wire
from tests.wire.leg import Leg
from tests.wire.message import branch, read
from tests.wire.peer import UdpPeer


def recorded(proxy: UdpPeer, other: str, *, loose: bool) -> list[tuple[str, str]]:
    """Write the Record-Route of two proxies, the nearer one first."""
    parameter = ";lr" if loose else ""
    return [("Record-Route", f"<sip:{proxy.authority}{parameter}>, <sip:{other}{parameter}>")]


@pytest.mark.parametrize("loose", [True, False], ids=["loose", "strict"])
def test_requests_to_a_caller_behind_proxies(wire: Wire, loose: bool) -> None:
    """The box's BYE goes to the nearest proxy; a strict one is its Request-URI (RFC 3261 12.2.1.1)."""
    proxy = wire.udp(wire.place.carrier)
    other = f"{wire.place.ims}:5070"
    caller = wire.call(rows=recorded(proxy, other, loose=loose))
    callee = Leg.rung(wire.gateway)
    callee.answer()
    ok = caller.up()
    assert len(ok.all("record-route")) == 1, "copied as it came"
    wire.talk(caller, callee)
    callee.hang_up()
    bye = proxy.expect("BYE", call_id=caller.call_id)
    if loose:
        assert bye.uri == caller.contact.strip("<>")
        assert bye.all("route") == [f"<sip:{proxy.authority};lr>", f"<sip:{other};lr>"]
    else:
        assert bye.uri == f"sip:{proxy.authority}"
        assert bye.all("route") == [f"<sip:{other}>", caller.contact]
    caller.reply(200, to=bye)
    wire.answered(caller, by="answerer")


@pytest.mark.parametrize("loose", [True, False], ids=["loose", "strict"])
def test_requests_to_a_bound_number_behind_proxies(wire: Wire, loose: bool) -> None:
    """The route set of the 200 is taken in reverse order: ACK and BYE go to the nearest proxy."""
    proxy = wire.udp(wire.place.gateway)
    other = f"{wire.place.ims}:5070"
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    callee.reply(180)
    parameter = ";lr" if loose else ""
    # as it was recorded: the proxy next to the callee came last, so it stands first
    rows = [
        ("Record-Route", f"<sip:{other}{parameter}>"),
        ("Record-Route", f"<sip:{proxy.authority}{parameter}>"),
    ]
    callee.reply(200, rows)
    ack = proxy.expect("ACK", call_id=callee.call_id)
    target = callee.contact.strip("<>")
    expected = (
        (target, [f"<sip:{proxy.authority};lr>", f"<sip:{other};lr>"])
        if loose
        else (f"sip:{proxy.authority}", [f"<sip:{other}>", f"<{target}>"])
    )
    assert (ack.uri, ack.all("route")) == expected
    caller.up()
    wire.talk(caller, callee)
    caller.hang_up()
    bye = proxy.expect("BYE", call_id=callee.call_id)
    assert (bye.uri, bye.all("route")) == expected
    callee.peer = proxy
    callee.reply(200, to=bye)
    wire.answered(caller)


def test_a_route_to_the_box_itself(wire: Wire) -> None:
    """A preloaded Route that names us, as proxies write it, is no reason to refuse."""
    host, port = wire.place.sip
    caller = wire.call(rows=[("Route", f"<sip:{host}:{port};lr>")])
    callee = Leg.rung(wire.gateway)
    assert callee.invite is not None
    assert "route" not in callee.invite
    callee.answer()
    caller.up()
    wire.hang_up(caller, callee)


def test_answers_go_to_the_source_port_where_rport_asks_for_it(wire: Wire) -> None:
    """RFC 3581: the Via shows another port; received and rport tell the caller how he is seen."""
    via = f"SIP/2.0/UDP 192.0.2.77:5999;rport;branch={branch()}"
    caller = Leg.of(wire.carrier, "4009999999", wire.caller)
    wire.carrier.send(caller.invitation(via=via))
    refusal = caller.final()
    assert f"rport={wire.carrier.port}" in refusal["via"]
    assert f"received={wire.place.carrier}" in refusal["via"]
    wire.free(caller, "number-unknown", "box", 404)


def test_answers_go_to_the_port_of_the_via_without_rport(wire: Wire) -> None:
    """RFC 3261 18.2.2: to the address that the request came from, and the port that its Via names."""
    elsewhere = wire.udp(wire.place.carrier)
    via = f"SIP/2.0/UDP {wire.place.carrier}:{elsewhere.port};branch={branch()}"
    caller = Leg.of(wire.carrier, "4009999999", wire.caller)
    wire.carrier.send(caller.invitation(via=via))
    refusal = elsewhere.expect(404, call_id=caller.call_id)
    assert "rport" not in refusal["via"]
    caller.ack(refusal)
    wire.free(caller, "number-unknown", "box", 404)


def test_answers_never_leave_for_an_address_that_a_via_makes_up(wire: Wire) -> None:
    """maddr and a foreign host: the answer goes to the packet's source (no reflection)."""
    victim = wire.udp(wire.place.stranger, 5060)
    via = f"SIP/2.0/UDP {wire.place.stranger}:5060;maddr={wire.place.stranger};branch={branch()}"
    caller = Leg.of(wire.carrier, "4009999999", wire.caller)
    wire.carrier.send(caller.invitation(via=via))
    caller.final()
    assert victim.collect(0.1) == []


def test_several_vias_come_back_in_their_order(wire: Wire) -> None:
    """Proxies on the way: all of theirs are in the answer, ours first."""
    caller = Leg.of(wire.carrier, "4009999999", wire.caller)
    more = (
        "SIP/2.0/TCP p2.example.com;branch=z9hG4bKp2;received=192.0.2.2 ,SIP / 2.0 / UDP p3.example.com:5999"
    )
    wire.carrier.send(caller.invitation([("Via", more)]))
    refusal = caller.final()
    assert refusal.all("via")[1] == more


def test_a_huge_ims_invite(wire: Wire) -> None:
    """Some 20 KB of the headers that IMS cores add; it is a call like any other."""
    access = "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=4600112345678; " + "x" * 900
    rows = [
        *[("Via", f"SIP/2.0/UDP [2001:db8::{n}]:5060;branch=z9hG4bK{'b' * 200}{n}") for n in range(12)],
        *[("Record-Route", f"<sip:{wire.carrier.authority};lr;{'r' * 200}=1>")],
        ("P-Asserted-Identity", f'"{"名" * 60}" <sip:+8613800138000@ims.example>'.encode().decode("latin-1")),
        ("P-Access-Network-Info", access),
        ("P-Charging-Vector", f'icid-value="{"c" * 300}";orig-ioi=ims.example;term-ioi=box'),
        ("P-Charging-Function-Addresses", "ccf=192.0.2.1;ecf=192.0.2.2"),
        ("P-Early-Media", "supported"),
        ("P-Asserted-Service", "urn:urn-7:3gpp-service.ims.icsi.mmtel"),
        ("Accept-Contact", '*;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel"'),
        ("Supported", "100rel, timer, precondition, histinfo, from-change, 199, gruu"),
        ("Session-Expires", "1800"),
        ("Min-SE", "90"),
        *[("History-Info", f"<sip:+86{n:011}@ims.example?Reason=SIP>;index=1.{n}") for n in range(80)],
        *[(f"X-Vendor-{n}", "v" * 250) for n in range(40)],
    ]  # fmt: skip
    caller = wire.call(rows=rows)
    assert len(caller.sent["INVITE"]) > 18000
    caller.expect(100)
    callee = Leg.rung(wire.gateway)
    assert callee.invite is not None
    assert len(callee.invite.raw) < 1300, "none of it goes on"
    callee.answer()
    assert len(caller.up().all("via")) == 13
    wire.hang_up(caller, callee)


def test_nothing_of_the_caller_leaks_to_the_bound_number(wire: Wire) -> None:
    """Call-ID, tags, Contact, User-Agent and unknown headers are of one leg only."""
    caller = wire.call(rows=[("User-Agent", "secret-agent"), ("X-Account", "4711"), ("Subject", "private")])
    callee = Leg.rung(wire.gateway)
    assert callee.invite is not None
    text = str(callee.invite)
    for word in (
        caller.call_id,
        caller.local.split("tag=")[1],
        "secret-agent",
        "4711",
        "private",
        wire.place.carrier,
    ):
        assert word not in text, word
    assert callee.invite.tag("from") != ""
    callee.answer()
    answer = str(caller.up())
    for word in (callee.call_id, callee.tag, wire.place.gateway):
        assert word not in answer, word
    wire.hang_up(caller, callee)


def test_a_lone_line_feed_and_folded_headers(wire: Wire) -> None:
    """A sloppy but readable INVITE: LF line ends, folded and compact headers (RFC 3261 7.3.1)."""
    caller = Leg.of(wire.carrier, STRAIGHT, wire.caller)
    head, _, body = caller.invitation().partition(b"\r\n\r\n")
    sloppy = (
        head.replace(b"Via: ", b"v:\r\n  ")
        .replace(b"Call-ID:", b"i :")
        .replace(b"From: ", b"f:   ")
        .replace(b"Content-Type", b"c")
        .replace(b"Content-Length", b"l")
        .replace(b"\r\n", b"\n")
    )
    wire.carrier.send(sloppy + b"\n\n" + body)
    callee = Leg.rung(wire.gateway)
    callee.answer()
    caller.up()
    wire.hang_up(caller, callee)


def test_bytes_that_are_no_utf_8(wire: Wire) -> None:
    """A GBK display name, and such bytes in tag and Call-ID: they come back as they came."""
    caller = Leg.of(wire.carrier, STRAIGHT, wire.caller)
    name = "张三".encode("gbk").decode("latin-1")
    caller.call_id += "\xb2\xfe"
    wire.carrier.send(
        caller.invitation(from_=f'"{name}" <sip:{wire.caller}@{wire.place.carrier}>;tag=t\xfe{branch()[-6:]}')
    )
    callee = Leg.rung(wire.gateway)
    callee.answer()
    ok = caller.up()
    assert ok["from"] == caller.local
    assert ok.call_id == caller.call_id
    wire.talk(caller, callee)
    caller.hang_up()
    callee.hung_up()
    escaped = caller.call_id.replace("\xb2", "\\udcb2").replace("\xfe", "\\udcfe")
    record = wire.journal.record(escaped)
    assert (record.outcome, record.hung_up_by) == ("answered", "caller")
    assert read(ok.raw).raw == ok.raw
