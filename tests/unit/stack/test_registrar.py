"""The registrar: bindings as RFC 3261 10.3 wants them, calls to phones, restarts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from twisted.internet.defer import succeed
from twisted.internet.task import Clock

from b2bua.calls.ports import Dialling
from b2bua.sip.core_admission import SILENCE, Admitted, Refused
from b2bua.sip.digest import Challenge, answer
from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.sip.parse import parse_message
from b2bua.stack.admission import Doorkeeper, Gates
from b2bua.stack.registrar import KEEP_ALIVE_SECONDS, PING, Registrar
from b2bua.stack.registrar_accounts import Accounts
from b2bua.stack.registrar_bindings import MAX_EXPIRES, Bindings
from b2bua.stack.registrar_file import SAVE_SECONDS, RegistrarFile
from b2bua.stack.trunks.table import TrunkTable
from domain.snapshot import BoxSnapshot, ExtensionSnapshot, TrunkSnapshot

TORTURE = Path(os.environ.get("SIP_TORTURE_DIR") or Path(__file__).parents[4] / "shared" / "torture")


def flow(host="198.51.100.1", port=4000, transport="udp", listener="office"):
    """Make a flow from a phone."""
    return Flow(transport, ("192.0.2.100", 5060), (host, port), listener)


def register(*contacts, call_id="c1", cseq=1, expires=None, name="8001", extra=()):
    """Make a REGISTER."""
    rows = [
        ("Via", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1"),
        ("From", f"<sip:{name}@box400>;tag=1"),
        ("To", f"<sip:{name}@box400>"),
        ("Call-ID", call_id),
        ("CSeq", f"{cseq} REGISTER"),
        *[("Contact", contact) for contact in contacts],
        *extra,
    ]
    if expires is not None:
        rows.append(("Expires", str(expires)))
    return parse_message(Request("REGISTER", "sip:box400", rows).encode())


def contacts_of(bindings):
    """List the contacts of bindings."""
    return [binding.contact for binding in bindings]


# bindings


def test_a_phone_is_bound_refreshed_and_unbound():
    """Register, refresh with a higher CSeq, unregister with Expires 0."""
    bindings = Bindings()
    (one,) = bindings.register("8001", register("<sip:8001@10.0.0.1:5060;ob>"), flow(), 5, 0.0)
    assert (one.contact, one.until, one.flow) == ("sip:8001@10.0.0.1:5060;ob", 3600.0, flow())
    (one,) = bindings.register(
        "8001", register("<sip:8001@10.0.0.1:5060;ob>", cseq=2, expires=120), flow(port=4001), 5, 10.0
    )
    assert (one.until, one.flow.remote[1]) == (130.0, 4001)
    assert bindings.owner_of(flow(port=4001)) == "8001"
    assert bindings.owner_of(flow()) is None
    assert (
        bindings.register("8001", register("<sip:8001@10.0.0.1:5060;ob>;expires=0", cseq=3), flow(), 5, 20)
        == ()
    )


def test_a_query_changes_nothing():
    """REGISTER without Contact lists what there is."""
    bindings = Bindings()
    bindings.register("8001", register("<sip:a@1.1.1.1>"), flow(), 5, 0.0)
    assert contacts_of(bindings.register("8001", register(cseq=2), flow(), 5, 1.0)) == ["sip:a@1.1.1.1"]


def test_several_phones_ring_by_q_then_the_newest():
    """q decides, then who came last."""
    bindings = Bindings()
    for number, q in ((1, "0.5"), (2, "1.0"), (3, "0.5"), (4, "nonsense")):
        bindings.register(
            "8001", register(f"<sip:a@10.0.0.{number}>;q={q}", call_id=str(number)), flow(), 9, float(number)
        )
    assert contacts_of(bindings.of("8001", 5.0)) == [
        "sip:a@10.0.0.4",
        "sip:a@10.0.0.2",
        "sip:a@10.0.0.3",
        "sip:a@10.0.0.1",
    ]


def test_the_number_of_phones_is_bounded():
    """One more than allowed: the one that ends first goes."""
    bindings = Bindings()
    for number in range(4):
        bindings.register(
            "8001", register(f"<sip:a@10.0.0.{number}>", call_id=str(number)), flow(), 3, float(number)
        )
    assert sorted(contacts_of(bindings.of("8001", 4.0))) == [f"sip:a@10.0.0.{n}" for n in (1, 2, 3)]


def test_the_same_instance_replaces_itself():
    """A phone that restarts with a new port leaves no ghost."""
    bindings = Bindings()
    instance = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"'
    bindings.register("8001", register(f"<sip:a@10.0.0.1:1000>;{instance}"), flow(), 5, 0.0)
    live = bindings.register(
        "8001", register(f"<sip:a@10.0.0.1:2000>;{instance}", call_id="new"), flow(), 5, 1.0
    )
    assert contacts_of(live) == ["sip:a@10.0.0.1:2000"]


def test_equal_contacts_are_one():
    """Host and parameter names ignore case (RFC 3261 19.1.4)."""
    bindings = Bindings()
    bindings.register("8001", register("<sip:a@Phone.Example;Transport=UDP>"), flow(), 5, 0.0)
    live = bindings.register("8001", register("<sip:a@phone.example;transport=udp>", cseq=2), flow(), 5, 0.0)
    assert len(live) == 1


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (register("<sip:a@1.1.1.1>", expires=30), 423),
        (register("<sip:a@1.1.1.1>;expires=59"), 423),
        (register("*"), 400),
        (register("*", expires=60), 400),
        (register("*", "<sip:a@1.1.1.1>", expires=0), 400),
        (register("<mailto:a@example.com>"), 400),
    ],
)
def test_what_cannot_be_is_refused(request_, status):
    """Too short a time, ``*`` used wrongly, no SIP address: nothing changes."""
    bindings = Bindings()
    with pytest.raises(SipError) as refused:
        bindings.register("8001", request_, flow(), 5, 0.0)
    assert refused.value.status == status
    if status == 423:
        assert refused.value.headers == (("Min-Expires", "60"),)


def test_all_or_nothing():
    """One wrong contact among good ones leaves everything as it was."""
    bindings = Bindings()
    with pytest.raises(SipError):
        bindings.register("8001", register("<sip:a@1.1.1.1>", "<sip:b@1.1.1.1>;expires=5"), flow(), 5, 0.0)
    assert bindings.of("8001", 0.0) == ()


def test_an_old_cseq_is_refused():
    """A REGISTER that was overtaken on its way does not undo the later one."""
    bindings = Bindings()
    bindings.register("8001", register("<sip:a@1.1.1.1>", cseq=5), flow(), 5, 0.0)
    for contacts in (("<sip:a@1.1.1.1>",), ("*",)):
        with pytest.raises(SipError) as refused:
            bindings.register("8001", register(*contacts, cseq=4, expires=0), flow(), 5, 0.0)
        assert refused.value.status == 400
    assert bindings.register("8001", register("*", cseq=6, expires=0), flow(), 5, 0.0) == ()


def test_times_are_bounded():
    """A phone cannot stay for ever; malformed times mean the default."""
    bindings = Bindings()
    (one,) = bindings.register("8001", register("<sip:a@1.1.1.1>", expires=10**9), flow(), 5, 0.0)
    assert one.until == MAX_EXPIRES
    (two,) = bindings.register("8002", register("<sip:a@1.1.1.1>;expires=soon", expires="x"), flow(), 5, 0.0)
    assert two.until == 3600


def test_what_runs_out_is_gone():
    """Live until the second it ends."""
    bindings = Bindings()
    bindings.register("8001", register("<sip:a@1.1.1.1>", expires=60), flow(), 5, 0.0)
    assert bindings.of("8001", 59.9)
    assert bindings.of("8001", 60.0) == ()
    assert [name for name, _ in bindings.expire(60.0)] == ["8001"]
    assert list(bindings.all()) == []


@pytest.mark.skipif(not TORTURE.is_dir(), reason="the torture messages are not beside the project")
@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("cparam01", "sip:+19725552222@gw1.example.net"),
        ("cparam02", "sip:+19725552222@gw1.example.net;unknownparam"),
        ("regescrt", "sip:user@example.com"),
    ],
)
def test_torture_contacts(file, uri):
    """RFC 4475: URI parameters survive into the Request-URI, header parameters and escaped headers do not."""
    request = parse_message((TORTURE / f"{file}.dat").read_bytes())
    (one,) = Bindings().register("x", request, flow(), 5, 0.0)
    assert one.request_uri == uri


# the edge


class Wire:
    """Remembers what was sent."""

    def __init__(self):
        self.sent = []

    def send(self, data, flow):
        """Remember."""
        self.sent.append((data, flow))


def make(stranger_status=0, phones=True):
    """Make a registrar with its gates and doorkeeper on a fake clock."""
    clock, wire = Clock(), Wire()
    table = TrunkTable()
    gates = Gates(table, clock.seconds)
    counter = iter(range(10**9))
    accounts = Accounts(b"k" * 32, lambda: next(counter).to_bytes(8, "big"))
    made = Registrar(accounts, gates.of, wire, clock, lambda: "tag")
    made.door = Doorkeeper(table, made)
    made.gates, made.clock, made.wire = gates, clock, wire
    box = BoxSnapshot(
        trunks=(TrunkSnapshot(name="carrier", sources=("192.0.2.1",), listener="office"),),
        extensions=(ExtensionSnapshot("8001", "t", "secret", listener="office", max_bindings=3),)
        if phones
        else (),
        stranger_status=stranger_status,
    )
    table.configure(box)
    gates.configure(box)
    made.configure(box)
    made.door.configure(box)
    return made


def request(method, where, authorization=None, to_tag="", name="8001", uri="sip:4001003721@box400"):
    """Make any request of a phone."""
    rows = [
        ("Via", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1"),
        ("From", f"<sip:{name}@box400>;tag=1"),
        ("To", f"<sip:x@box400>{to_tag}"),
        ("Call-ID", "i1"),
        ("CSeq", f"1 {method}"),
    ]
    if authorization is not None:
        rows.append(("Authorization", str(authorization)))
    made = parse_message(Request(method, uri, rows).encode())
    made.received_from(where)
    return made


def prove(made, message, where):
    """Get a request challenged, answer, and return what admission says then."""
    refused = made.door.admit(message, where)
    assert isinstance(refused, Refused)
    assert refused.status == 401
    challenge = Challenge.parse(refused.headers[0][1])
    credentials = answer(
        challenge, method=message.method, uri=message.uri, username="8001", password="secret", cnonce="c"
    )
    message.add("Authorization", str(credentials))
    return made.door.admit(message, where)


def sign_in(made, where=None, contact="<sip:8001@10.0.0.1:5060>", **kw):
    """Register a phone; returns the 200."""
    where = where or flow()
    message = register(contact, **kw)
    message.received_from(where)
    admitted = prove(made, message, where)
    assert admitted == Admitted(extension="8001")
    replies = []
    made.register(message, admitted, replies.append)
    return replies[0]


def test_a_phone_registers_and_is_rung():
    """401, then 200 with what is left of the time; calls go to its contact, back along its flow."""
    made = make()
    ok = sign_in(made, extra=(("Path", "<sip:edge;lr>"), ("Supported", "path")))
    assert ok.status == 200
    assert ok.get_all("Contact") == ["<sip:8001@10.0.0.1:5060>;expires=3600"]
    assert ok.get_all("Path") == ["<sip:edge;lr>"]
    assert ok.to.tag == "tag"
    (hop,) = made.hops(Dialling("c", "b1", "t", "4001003721", "8001", True, "13900001111", False, ()))
    assert (hop.uri, hop.flow, hop.trunk) == ("sip:8001@10.0.0.1:5060", flow(), None)
    assert (hop.from_, hop.to) == ("<sip:13900001111@box400>", "<sip:8001@box400>")
    assert hop.routes == ("<sip:edge;lr>",)
    assert not hop.follow_contact
    (hidden,) = made.hops(Dialling("c", "b1", "t", "4001003721", "8001", True, "13900001111", True, ()))
    assert "13900001111" not in str(hidden)


def test_an_extension_rings_for_its_tenant_only():
    """The same name with another tenant is nobody."""
    made = make()
    sign_in(made)
    assert made.hops(Dialling("c", "b1", "other", "1", "8001", True, "1", False, ())) == ()
    assert made.hops(Dialling("c", "b1", "t", "1", "8009", True, "1", False, ())) == ()


def test_strangers_are_met_with_silence():
    """INVITE and OPTIONS of who has not registered get nothing: scanners find no extension."""
    made = make()
    for method in ("INVITE", "OPTIONS", "SUBSCRIBE", "MESSAGE", "BYE"):
        assert made.door.admit(request(method, flow()), flow()) is SILENCE


def test_a_strangers_invite_is_refused_where_that_is_set():
    """At most one stateless refusal, if the operator wants it."""
    made = make(stranger_status=403)
    refused = made.door.admit(request("INVITE", flow()), flow())
    assert (refused.status, refused.headers) == (403, ())
    assert made.door.admit(request("OPTIONS", flow()), flow()) is SILENCE


def test_a_registered_phone_calls_with_its_secret():
    """INVITE is challenged too; in a dialog and for OPTIONS its flow is enough."""
    made = make()
    sign_in(made)
    where = flow()
    assert prove(made, request("INVITE", where), where) == Admitted(extension="8001")
    assert made.door.admit(request("OPTIONS", where), where) == Admitted(extension="8001")
    assert made.door.admit(request("BYE", where, to_tag=";tag=9"), where) == Admitted(extension="8001")
    assert isinstance(made.door.admit(request("BYE", where), where), Refused)
    other = flow(port=9)
    assert made.door.admit(request("OPTIONS", other), other) is SILENCE


def test_a_phone_speaks_in_its_own_name():
    """From of a call and To of a registration must be who authenticated."""
    made = make()
    sign_in(made)
    where = flow()
    assert prove(made, request("INVITE", where, name="8002"), where).status == 403
    message = register("<sip:x@1.1.1.1>", name="8002")
    assert prove(made, message, where).status == 403


def test_a_phone_behind_a_trunks_address():
    """The same host may be trunk and phone: the flow of a binding tells their calls apart."""
    made = make()
    where = flow("192.0.2.1", 7000)
    message = register("<sip:8001@192.0.2.1:7000>")
    message.received_from(where)
    assert made.door.admit(message, where).trunk == "carrier"
    replies = []
    made.register(message, Admitted(trunk="carrier"), replies.append)
    assert replies[0].status == 401
    challenge = Challenge.parse(replies[0].get_all("WWW-Authenticate")[0])
    credentials = answer(
        challenge, method="REGISTER", uri="sip:box400", username="8001", password="secret", cnonce="c"
    )
    message.add("Authorization", str(credentials))
    made.register(message, Admitted(trunk="carrier"), replies.append)
    assert replies[1].status == 200
    assert isinstance(made.door.admit(request("INVITE", where), where), Refused)
    trunk = flow("192.0.2.1", 5060)
    assert made.door.admit(request("INVITE", trunk), trunk).trunk == "carrier"


def test_the_gate_follows_the_bindings():
    """A registered phone's host is heard; when its last binding ends it is a stranger again."""
    made = make()
    sign_in(made)
    assert made.gates.of("office").is_registered("198.51.100.1")
    made.start()
    made.clock.advance(3601)
    assert not made.gates.of("office").is_registered("198.51.100.1")
    made.stop()
    assert not made.clock.getDelayedCalls()


def test_keep_alives_go_to_every_phone():
    """NAT bindings are kept open; a dead flow stops nothing."""
    made = make()
    sign_in(made)
    made.start()
    made.clock.advance(KEEP_ALIVE_SECONDS)
    assert made.wire.sent == [(PING, flow())]
    made.stop()


def test_a_closed_connection_unbinds_its_phone():
    """RFC 5626 4.2.2: a phone over TCP is reachable over its connection only."""
    made = make()
    where = flow(transport="tcp")
    sign_in(made, where, "<sip:8001@10.0.0.1:5060;transport=tcp>")
    made.flow_closed(flow())
    assert made.bindings.of("8001", 0.0)
    made.flow_closed(where)
    assert not made.bindings.of("8001", 0.0)


def test_a_deleted_extension_is_unbound():
    """After a reload its phones ring no more."""
    made = make()
    sign_in(made)
    made.configure(BoxSnapshot())
    assert not made.bindings.of("8001", 0.0)
    assert not made.gates.of("office").is_registered("198.51.100.1")


def test_a_too_short_registration_is_told_the_least():
    """423 with Min-Expires."""
    made = make()
    refused = sign_in(made, expires=10)
    assert (refused.status, refused.get("Min-Expires")) == (423, "60")


# the file


def saved(made, tmp_path, now_utc=1_000_000.0):
    """Watch a registrar with a file; writes at once."""

    def at_once(function, *arguments):
        function(*arguments)
        return succeed(None)

    file = RegistrarFile(
        tmp_path / "registrations.json", made, made.clock, lambda: now_utc + made.clock.seconds(), at_once
    )
    file.watch()
    return file


def find_flow(listener, transport, remote):
    """Make the flow again after a restart."""
    return Flow(transport, ("192.0.2.100", 5060), remote, listener) if listener == "office" else None


def test_phones_stay_reachable_over_a_restart(tmp_path):
    """What is registered is saved soon after, and back with what is left of its time."""
    made = make()
    file = saved(made, tmp_path)
    sign_in(made, contact="<sip:8001@10.0.0.1:5060;x=1>;q=0.5")
    sign_in(made, flow(port=1, transport="tcp"), "<sip:8001@10.0.0.2;transport=tcp>", call_id="tcp")
    assert not (tmp_path / "registrations.json").exists()
    made.clock.advance(SAVE_SECONDS)
    assert (tmp_path / "registrations.json").exists()
    file.close()
    again = make()
    assert saved(again, tmp_path, 1_001_000.0).load(find_flow) == 1
    (one,) = again.bindings.of("8001", 0.0)
    assert (one.contact, one.q, one.flow) == ("sip:8001@10.0.0.1:5060;x=1", 0.5, flow())
    assert one.until == pytest.approx(2605.0, abs=10)
    assert again.gates.of("office").is_registered("198.51.100.1")


@pytest.mark.parametrize("content", [b"", b"{", b'[{"name": 1}]', b"[]"])
def test_a_damaged_file_is_no_hindrance(tmp_path, content):
    """The box starts; phones come back by themselves."""
    made = make()
    (tmp_path / "registrations.json").write_bytes(content)
    assert saved(made, tmp_path).load(find_flow) == 0
    assert saved(make(), tmp_path / "none").load(find_flow) == 0


def test_what_is_outdated_or_unknown_is_not_restored(tmp_path):
    """Other extensions, other listeners, times gone by."""
    made = make()
    file = saved(made, tmp_path)
    sign_in(made)
    file.close()
    assert saved(make(), tmp_path, 2_000_000.0).load(find_flow) == 0
    assert saved(make(phones=False), tmp_path).load(find_flow) == 0
    assert saved(make(), tmp_path).load(lambda *where: None) == 0
    for one in make().clock.getDelayedCalls():
        one.cancel()


def test_the_box_itself_may_ask_whether_sip_is_well():
    """OPTIONS from the listener's own address is answered; all else from there meets silence."""
    made = make(phones=False)
    made.gates.own = {"office": "192.0.2.9"}
    itself = Flow("udp", ("192.0.2.9", 5060), ("192.0.2.9", 40000), "office")
    assert made.gates.of("office").admits("192.0.2.9", b"OPTIONS sip:box SIP/2.0\r\n")
    assert made.door.admit(request("OPTIONS", itself), itself) == Admitted()
    assert made.door.admit(request("INVITE", itself), itself) == SILENCE
    stranger = Flow("udp", ("192.0.2.9", 5060), ("203.0.113.9", 40000), "office")
    assert made.door.admit(request("OPTIONS", stranger), stranger) == SILENCE
    assert not made.gates.of("office").admits("203.0.113.9", b"OPTIONS sip:box SIP/2.0\r\n")
