"""Agents' phones on real sockets: every edge of REGISTER, calls to and from extensions, guessing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wire.conftest import Wire
from tests.wire.digest import challenge, credentials, fields, proves
from tests.wire.leg import Leg
from tests.wire.message import fresh, response
from tests.wire.phone import Phone, contacts

TO_8001 = "4001003725"


@pytest.fixture
def phone(wire: Wire) -> Iterator[Phone]:
    """Return a phone of extension 8001 that is not registered; afterwards it is not, either."""
    made = Phone(wire.udp(wire.desk()))
    yield made
    made.leave()


# REGISTER (RFC 3261 10.3)


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_a_phone_registers(phone: Phone, algorithm: str) -> None:
    """It is challenged with both algorithms, SHA-256 first (RFC 8760), and may use either."""
    asked = phone.ask([("Contact", phone.contact)])
    assert asked.status == 401
    assert [fields(row)["algorithm"] for row in asked.all("www-authenticate")] == ["SHA-256", "MD5"]
    granted = phone.register(algorithm=algorithm)
    assert granted.status == 200
    (seconds,) = contacts(granted).values()
    assert 290 <= seconds <= 300


def test_what_is_bound_can_be_asked_for(phone: Phone) -> None:
    """A REGISTER without Contact changes nothing and lists all (10.2.3)."""
    assert contacts(phone.register()).keys() == {phone.contact.strip("<>")}
    assert contacts(phone.register([])).keys() == {phone.contact.strip("<>")}


def test_423_for_too_short_a_binding(phone: Phone) -> None:
    """Min-Expires says how long it must be; nothing is bound."""
    refused = phone.register([("Contact", phone.contact), ("Expires", "30")])
    assert (refused.status, refused["min-expires"]) == (423, "60")
    assert contacts(phone.register([])) == {}
    assert phone.register([("Contact", phone.contact + ";expires=10"), ("Expires", "3600")]).status == 423


def test_the_expiry_of_a_contact_goes_before_that_of_the_header(phone: Phone) -> None:
    """Each Contact may have its own; one that is too long is cut."""
    other = f"<sip:8001@{phone.peer.host}:5099>"
    rows = [("Contact", f"{phone.contact};expires=99999, {other};expires=120"), ("Expires", "600")]
    bound = contacts(phone.register(rows))
    assert bound[phone.contact.strip("<>")] == 7200
    assert 110 <= bound[other.strip("<>")] <= 120


def test_one_binding_is_taken_back(phone: Phone) -> None:
    """Expires 0 removes what it names, and only that."""
    other = f"<sip:8001@{phone.peer.host}:5099>"
    phone.register([("Contact", f"{phone.contact}, {other}")])
    left = contacts(phone.register([("Contact", f"{other};expires=0")]))
    assert left.keys() == {phone.contact.strip("<>")}


def test_a_star_removes_everything(phone: Phone) -> None:
    """Contact: * with Expires: 0."""
    phone.register([("Contact", f"{phone.contact}, <sip:8001@{phone.peer.host}:5099>")])
    gone = phone.leave()
    assert (gone.status, contacts(gone)) == (200, {})


@pytest.mark.parametrize("rows", [
    [("Contact", "*"), ("Expires", "60")],
    [("Contact", "*")],
    [("Contact", "*, <sip:8001@127.0.0.1>"), ("Expires", "0")],
    [("Contact", "<mailto:x@y>")],
    [("Contact", "<sip:8001@127.0.0.1")],
])  # fmt: skip
def test_contacts_that_cannot_be(phone: Phone, rows: list[tuple[str, str]]) -> None:
    """400, and what was bound stays."""
    phone.register()
    assert phone.register(rows).status == 400
    assert len(contacts(phone.register([]))) == 1


def test_an_outdated_register_changes_nothing(phone: Phone) -> None:
    """10.3 step 7: a CSeq of the same Call-ID that is not higher came late over the network."""
    assert phone.register(cseq=50).status == 200
    assert phone.register([("Contact", phone.contact), ("Expires", "0")], cseq=20).status == 400
    assert phone.register([("Contact", "*"), ("Expires", "0")], cseq=30).status == 400
    assert len(contacts(phone.register([], cseq=60))) == 1
    phone.call_id = fresh("restarted-")  # another Call-ID begins anew
    assert phone.register(cseq=1).status == 200


def test_more_devices_than_allowed(wire: Wire) -> None:
    """8002 may have two: the third takes the place of the one that ends first."""
    phone = Phone(wire.udp(wire.desk()), "8002")
    uris = [f"sip:8002@{phone.peer.host}:{port}" for port in (5071, 5072, 5073)]
    for uri, seconds in zip(uris, (600, 300, 900), strict=True):
        bound = phone.register([("Contact", f"<{uri}>;expires={seconds}")])
    assert contacts(bound).keys() == {uris[0], uris[2]}
    assert contacts(phone.leave()) == {}


def test_parameters_of_contact_and_of_its_uri(wire: Wire, phone: Phone) -> None:
    """As in RFC 4475 cparam01, cparam02 and regescrt: those of the URI are in the Request-URI of calls,
    those of the header are not, and hidden headers never become real ones."""
    authority = phone.peer.authority
    rows = [("Contact", f"<sip:8001@{authority};unknown=of-uri?Route=%3Csip:127.0.0.9%3E>;unknown=of-header")]
    assert phone.register(rows).status == 200
    caller = wire.call(TO_8001)
    callee = Leg.rung(phone.peer)
    assert callee.invite is not None
    assert callee.invite.uri == f"sip:8001@{authority};unknown=of-uri"
    assert "route" not in callee.invite
    callee.reply(486)
    callee.expect("ACK")
    assert caller.final().status == 486
    wire.free(caller, "busy", "box", 486)


def test_escaped_nulls_are_names_of_their_own(phone: Phone) -> None:
    """As in RFC 4475 escnull: two contacts that differ in them are two bindings."""
    host = phone.peer.host
    bound = contacts(phone.register([("Contact", f"<sip:%00@{host}>"), ("Contact", f"<sip:%00%00@{host}>")]))
    assert len(bound) == 2


def test_a_name_that_is_not_his(phone: Phone) -> None:
    """8001's password registers nobody else."""
    other = f"<sip:8002@{phone.peer.box[0]}>"
    assert phone.register(to=other).status == 403


# proof


def test_a_nonce_that_we_never_gave(phone: Phone) -> None:
    """It gets a fresh challenge."""
    rows = [("Contact", phone.contact)]
    realm = fields(phone.ask(rows)["www-authenticate"])["realm"]
    forged = challenge("made-up", realm=realm)
    proof = credentials(forged, phone.name, phone.secret, "REGISTER", phone.uri)
    assert phone.ask(rows, proof).status == 401


def test_a_proof_that_is_sent_twice(phone: Phone) -> None:
    """A replay is refused, a higher count of the same nonce is taken."""
    rows = [("Contact", phone.contact)]
    asked = phone.ask(rows)
    proof = phone.proof(asked, "REGISTER", phone.uri)
    assert phone.ask(rows, proof).status == 200
    assert phone.ask(rows, proof).status == 401
    assert phone.ask(rows, phone.proof(asked, "REGISTER", phone.uri, count=9)).status == 200


def test_a_proof_for_another_method_or_uri(phone: Phone) -> None:
    """It proves nothing."""
    rows = [("Contact", phone.contact)]
    asked = phone.ask(rows)
    assert phone.ask(rows, phone.proof(asked, "INVITE", phone.uri)).status == 401
    asked = phone.ask(rows)
    assert phone.ask(rows, phone.proof(asked, "REGISTER", "sip:elsewhere")).status == 401


def test_guessing_ends_in_silence(wire: Wire) -> None:
    """After some wrong passwords a host is heard no more; a phone elsewhere is served as before."""
    guesser = Phone(wire.udp(wire.desk()), secret="wrong-wrong-wrong")
    rows = [("Contact", guesser.contact)]
    asked = guesser.ask(rows)
    for count in range(1, 40):
        guesser.offer_proof(rows, guesser.proof(asked, "REGISTER", guesser.uri, count=count))
    wire.ping()
    answers = guesser.peer.collect(0.2)
    assert {answer.status for answer in answers} == {401}
    assert len(answers) <= 20
    guesser.offer_proof(rows, "")
    wire.ping()
    assert guesser.peer.collect(0.2) == []
    honest = Phone(wire.udp(wire.desk()))
    assert honest.register().status == 200
    honest.leave()


# calls


def test_a_call_to_an_extension(wire: Wire, phone: Phone) -> None:
    """It rings where it registered from, hears who calls, answers, and hangs up."""
    phone.register()
    caller = wire.call(TO_8001)
    callee = Leg.rung(phone.peer)
    assert callee.invite is not None
    assert f"sip:{wire.caller}@" in callee.invite["from"]
    assert TO_8001 in callee.invite["diversion"]
    callee.answer()
    caller.up()
    wire.talk(caller, callee)
    callee.hang_up()
    caller.hung_up()
    record = wire.answered(caller, by="answerer")
    assert (record.answered_by, record.legs[0].is_extension) == ("8001", True)


def test_an_extension_that_is_not_registered(wire: Wire) -> None:
    """Nobody can be rung."""
    caller = wire.call(TO_8001)
    assert caller.final().status == 480
    wire.free(caller, "refused-by-target", "box", 480)


def test_a_silent_device_holds_no_other_up(wire: Wire, phone: Phone) -> None:
    """One device is off and answers nothing; the other one rings at once."""
    phone.register([("Contact", f"{phone.contact};q=1.0")])
    second = Phone(wire.udp(wire.desk()))
    assert second.register([("Contact", f"{second.contact};q=0.5")]).status == 200
    caller = wire.call(TO_8001)
    Leg.rung(phone.peer)
    callee = Leg.rung(second.peer)
    callee.answer()
    caller.up()
    wire.hang_up(caller, callee)
    second.leave()


@pytest.mark.parametrize(("name", "address"), [("8001.second", ""), ("8001", "<sip:8001@second>")])
def test_two_tenants_have_an_8001(wire: Wire, phone: Phone, name: str, address: str) -> None:
    """Each number rings its own tenant's phone, whichever way the second one's phone writes its name."""
    phone.register()
    other = Phone(wire.udp(wire.desk()), name, "another-tenants-secret")
    assert other.register(to=address).status == 200
    assert Phone(wire.udp(wire.desk()), name).register(to=address).status == 401
    for number, mine, theirs in ((TO_8001, phone, other), ("4001003741", other, phone)):
        caller = wire.call(number)
        callee = Leg.rung(mine.peer)
        callee.answer()
        caller.up()
        assert theirs.peer.find(lambda message: message.method == "INVITE" and not message.status) is None
        wire.hang_up(caller, callee)
    assert other.register([("Contact", "*"), ("Expires", "0")], to=address).status == 200


def test_all_devices_of_an_extension_ring(wire: Wire, phone: Phone) -> None:
    """One is picked up, the other one learns that the call was completed elsewhere."""
    phone.register()
    second = Phone(wire.udp(wire.desk()))
    assert second.register().status == 200
    caller = wire.call(TO_8001)
    rung, callee = Leg.rung(phone.peer), Leg.rung(second.peer)
    rung.reply(180)
    callee.reply(180)
    caller.expect(180)
    callee.answer()
    caller.up()
    cancel = rung.expect("CANCEL")
    assert cancel["reason"] == 'SIP;cause=200;text="Call completed elsewhere"'
    rung.reply(200, to=cancel)
    rung.reply(487)
    rung.expect("ACK")
    wire.hang_up(caller, callee)
    second.leave()


def test_a_call_from_an_extension(wire: Wire, phone: Phone) -> None:
    """It proves who it is, then calls the 400 number like anybody."""
    phone.register()
    caller = phone.call("4001003722")
    callee = Leg.rung(wire.gateway)
    callee.answer()
    caller.up()
    record = wire.hang_up(caller, callee)
    assert (record.extension, record.trunk_in, record.answered_by) == ("8001", None, "13900001111")


def test_a_call_in_the_name_of_another_extension(wire: Wire, phone: Phone) -> None:
    """Its own password does not make it another one: 403, no call."""
    phone.register()
    caller = Leg.of(phone.peer, "4001003722", "8002")
    phone.peer.send(caller.invitation())
    asked = caller.final()
    caller.cseq += 1
    header = "Authorization" if asked.status == 401 else "Proxy-Authorization"
    phone.peer.send(caller.invitation([(header, phone.proof(asked, "INVITE", caller.target))]))
    assert caller.final().status == 403
    assert wire.journal.calls(caller.call_id) == []


def test_an_invite_of_a_phone_that_is_not_registered(wire: Wire) -> None:
    """It gets nothing."""
    stranger = Phone(wire.udp(wire.desk()))
    caller = Leg.of(stranger.peer, "4001003722", "8001")
    stranger.peer.send(caller.invitation())
    wire.ping()
    assert stranger.peer.collect(0.2) == []
    assert wire.journal.calls(caller.call_id) == []


def test_a_phone_over_tcp(wire: Wire) -> None:
    """Calls to it go along its connection; when that is closed, it is not registered any more."""
    phone = Phone(wire.tcp(wire.desk()))
    assert phone.register().status == 200
    caller = wire.call(TO_8001)
    callee = Leg.rung(phone.peer)
    callee.answer()
    caller.up()
    wire.hang_up(caller, callee)
    phone.peer.close()
    wire.ping()
    caller = wire.call(TO_8001)
    assert caller.final().status == 480
    wire.record(caller)


def test_a_supervisor_dials_in(wire: Wire, phone: Phone) -> None:
    """*55 and who talks: 8002 hears both and is heard by nobody; 8001, which may not, gets no talk."""
    phone.register()
    supervisor = Phone(wire.udp(wire.desk()), "8002")
    supervisor.register()
    caller, callee = wire.bridge()
    listener = supervisor.call("*5513900001111")
    listener.up()
    wire.talk(caller, callee)
    listener.talk(bytes([0x80]) * 160)
    assert listener.listen_for_audio(1) != b""
    other = phone.call("*5513900001111")
    other.up()
    other.hung_up()
    assert wire.record(other).outcome == "agent-code"
    record = wire.hang_up(caller, callee)
    listener.hung_up()
    assert [(each.who, each.part) for each in record.participants] == [
        ("13900001111", "talk"),
        ("8002", "listen"),
    ]
    line = wire.record(listener)
    assert (line.direction, line.tenant, line.extension) == ("supervision", "demo", "8002")
    supervisor.leave()


# the box registers, too


LINE = """
trunks:
  line:
    kind: register
    target: "@GATEWAY@:5094"
    domain: ims.example
    username: "01066667777"
    password: the-line-password
    register_seconds: 600
    options_seconds: 0
"""
GONE = "trunks: {line: {absent: true}}\n"


def test_a_trunk_that_the_box_registers_at(wire: Wire, tmp_path: Path) -> None:
    """401, 423 and a stale nonce on the way; then calls come to its line; removed, it leaves."""
    registrar = wire.udp(wire.place.gateway, 5094)
    file = tmp_path / "line.yaml"
    file.write_text(LINE.replace("@GATEWAY@", wire.place.gateway))
    wire.box.cli("apply", str(file))
    first = registrar.expect("REGISTER")
    assert "authorization" not in first
    registrar.send(response(first, 401, [("WWW-Authenticate", challenge("n1", realm="ims"))], tag="x"), first)
    second = registrar.expect("REGISTER")
    assert second.cseq == first.cseq + 1
    assert proves(second, "authorization", "the-line-password", "n1")
    stale = challenge("n2", realm="ims", stale=True)
    registrar.send(response(second, 401, [("WWW-Authenticate", stale)], tag="x"), second)
    third = registrar.expect("REGISTER")
    assert proves(third, "authorization", "the-line-password", "n2")
    registrar.send(response(third, 423, [("Min-Expires", "1200")], tag="x"), third)
    fourth = registrar.expect("REGISTER")
    assert fourth["expires"] == "1200"
    rows = [
        ("Contact", f"<{fourth.contact}>;expires=1200"),
        ("P-Associated-URI", "<sip:01066667777@ims.example>"),
    ]
    registrar.send(response(fourth, 200, rows, tag="x"), fourth)
    caller = Leg.of(registrar, "4001003722", wire.caller)
    registrar.send(caller.invitation(uri=fourth.contact, to="<sip:4001003722@ims.example>"))
    refused = caller.final()
    assert refused.status == 404, "the line has no 400 number of its own"
    assert wire.record(caller).trunk_in == "line"
    file.write_text(GONE)
    wire.box.cli("apply", str(file))
    last = registrar.expect("REGISTER")
    assert last["expires"] == "0"
    registrar.send(response(last, 200, tag="x"), last)
