"""Registering trunks: challenge, refresh, Min-Expires, back-off, what the network grants, clean end."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

from twisted.internet.defer import succeed
from twisted.internet.task import Clock

from b2bua.sip.digest import Challenge, DigestCredentials, hash_secret, verify
from b2bua.sip.flow import Flow
from b2bua.sip.message import Response
from b2bua.stack.registration import TrunkRegistration
from b2bua.stack.registrations import Registrations
from b2bua.stack.resolver import Destination
from b2bua.stack.trunks.hops import TrunkHops
from b2bua.stack.trunks.table import TrunkTable
from domain.snapshot import BoxSnapshot, TrunkKind, TrunkSnapshot

IMS = TrunkSnapshot(
    name="ims",
    kind=TrunkKind.REGISTER,
    target="pcscf",
    domain="ims.example",
    username="+861088880000@ims.example",
    password="secret",
    outbound_proxy="pcscf",
    realm="ims.example",
)
CONTACT = "<sip:+861088880000@box.example:5060>"


class Carrier:
    """A registrar that answers as each test says; keeps what it was sent."""

    def __init__(self, clock):
        self.clock = clock
        self.requests = []
        self.script = []
        self.usual = None

    def send(self, method, uri, flow, rows, user):
        """Take a REGISTER."""
        rows = dict(rows)
        self.requests.append((round(self.clock.seconds(), 1), uri, flow.remote[0], rows))
        reply = self.script.pop(0) if self.script else self.usual
        if reply is None:
            return
        if isinstance(reply, int):
            user.on_no_response(reply)
        else:
            user.on_response(reply(rows) if callable(reply) else reply)

    def times(self):
        """When requests came."""
        return [request[0] for request in self.requests]


def challenge(nonce="n", *, stale=False, realm="ims.example"):
    """Make a 401 with MD5 and SHA-256."""
    return Response(
        401,
        "Unauthorized",
        [
            ("WWW-Authenticate", str(Challenge(realm, nonce, algorithm, ("auth",), stale=stale)))
            for algorithm in ("MD5", "SHA-256")
        ],
    )


def ok(rows):
    """Grant what was asked, if the credentials are right."""
    raw = rows.get("Authorization")
    if raw is None:
        return challenge()
    credentials = DigestCredentials.parse(raw)
    secret = hash_secret(credentials.algorithm, credentials.username, "ims.example", "secret")
    assert credentials.algorithm == "SHA-256"
    assert verify(credentials, secret, "REGISTER")
    return Response(
        200,
        "OK",
        [
            ("Contact", f"<sip:other@x>;expires=77, {CONTACT};expires={rows['Expires']}"),
            ("Service-Route", "<sip:scscf1;lr>, <sip:scscf2;lr>"),
            ("P-Associated-URI", "<sip:+861088880000@ims.example>, <tel:+861088880000>"),
        ],
    )


def make(trunk=IMS, hosts=("192.0.2.1",)):
    """Make a registering trunk with its carrier."""
    clock = Clock()
    states = []
    table = TrunkTable(lambda *state: states.append((round(clock.seconds(), 1), *state[1:])))
    table.configure(BoxSnapshot(trunks=(trunk,)))
    carrier = Carrier(clock)
    flows = SimpleNamespace(
        flow=lambda listener, transport, remote: Flow(transport, ("127.0.0.1", 5060), remote, listener)
    )
    resolver = SimpleNamespace(
        resolve=lambda target, transport: succeed(
            tuple([Destination(transport, host, 5060, target) for host in hosts])
        )
    )
    hops = TrunkHops(table, flows, resolver, None, clock.seconds)
    counter = iter(range(1000))

    def registration(one):
        return TrunkRegistration(
            one,
            table,
            hops,
            carrier.send,
            lambda flow: ("box.example", 5060),
            clock,
            lambda: 1.0,
            lambda: f"token{next(counter)}",
        )

    registrations = Registrations(table, registration)
    return SimpleNamespace(
        clock=clock,
        table=table,
        carrier=carrier,
        registrations=registrations,
        states=states,
        trunk=table.get(trunk.name),
    )


def end(made):
    """Stop, and see that nothing is pending."""
    made.carrier.usual = Response(200, "OK", [])
    ended = []
    made.registrations.stop().addCallback(ended.append)
    assert ended
    assert not made.clock.getDelayedCalls()


def test_it_registers_as_an_ims_line():
    """Challenged, answered with the stronger algorithm, granted; routes and identity are kept."""
    made = make()
    made.carrier.usual = ok
    made.registrations.configure()
    first, second = made.carrier.requests
    assert first[1] == "sip:ims.example"
    rows = first[3]
    assert rows["Route"] == "<sip:pcscf;lr>"
    assert rows["To"] == "<sip:+861088880000@ims.example>"
    assert rows["From"].startswith("<sip:+861088880000@ims.example>;tag=")
    assert rows["Contact"] == f"{CONTACT};expires=3600"
    assert second[3]["Call-ID"] == rows["Call-ID"]
    assert (rows["CSeq"], second[3]["CSeq"]) == ("1 REGISTER", "2 REGISTER")
    assert DigestCredentials.parse(second[3]["Authorization"]).username == IMS.username
    registration = made.trunk.registration
    assert registration.registered
    assert registration.service_routes == ("<sip:scscf1;lr>", "<sip:scscf2;lr>")
    assert registration.identity == "<sip:+861088880000@ims.example>"
    assert made.trunk.usable()
    assert made.states == [(0.0, True, "registered")]
    end(made)


def test_it_refreshes_before_the_end():
    """A minute before an hour is over; told once, not each time."""
    made = make()
    made.carrier.usual = ok
    made.registrations.configure()
    made.clock.advance(3539)
    assert len(made.carrier.requests) == 2
    made.clock.advance(2)
    assert len(made.carrier.requests) == 4
    assert made.states == [(0.0, True, "registered")]
    end(made)


def test_the_granted_time_counts_not_the_wanted():
    """A registrar that grants two minutes is asked again within them."""
    made = make()
    made.carrier.usual = Response(200, "OK", [("Contact", f"{CONTACT};expires=120")])
    made.registrations.configure()
    made.clock.advance(89)
    assert len(made.carrier.requests) == 1
    made.clock.advance(2)
    assert len(made.carrier.requests) == 2
    end(made)


def test_min_expires_is_obeyed():
    """423: asked again with the least that the registrar takes, and so ever after."""
    made = make()
    made.carrier.script = [Response(423, "Too Brief", [("Min-Expires", "7200")])]
    made.carrier.usual = Response(200, "OK", [("Expires", "7200")])
    made.registrations.configure()
    assert [request[3]["Expires"] for request in made.carrier.requests] == ["3600", "7200"]
    assert made.trunk.registration.registered
    end(made)


def test_a_senseless_423_does_not_loop():
    """Min-Expires below what was asked: a refusal like any other."""
    made = make()
    made.carrier.usual = Response(423, "Too Brief", [("Min-Expires", "60")])
    made.registrations.configure()
    assert len(made.carrier.requests) == 1
    assert made.states == [(0.0, False, "REGISTER refused: 423")]
    end(made)


def test_a_wrong_password_backs_off():
    """The second challenge is not answered again; tries come less and less often; told once."""
    made = make()
    made.carrier.usual = challenge()
    made.registrations.configure()
    assert len(made.carrier.requests) == 2
    made.clock.pump([1.0] * 1000)
    starts = sorted(set(made.carrier.times()))
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert gaps == sorted(gaps)
    assert gaps[0] >= 5
    assert gaps[-1] <= 300
    assert made.states == [(0.0, False, "REGISTER refused: wrong password or realm")]
    assert not made.trunk.usable()
    end(made)


def test_a_stale_nonce_is_answered_again():
    """The password was right, the nonce old."""
    made = make()
    made.carrier.script = [challenge("old"), challenge("new", stale=True)]
    made.carrier.usual = ok
    made.registrations.configure()
    assert len(made.carrier.requests) == 3
    assert made.trunk.registration.registered
    end(made)


def test_a_foreign_realm_learns_nothing():
    """Credentials go to the configured realm only."""
    made = make()
    made.carrier.usual = challenge(realm="evil")
    made.registrations.configure()
    assert not any("Authorization" in request[3] for request in made.carrier.requests)
    end(made)


def test_the_second_address_is_tried_when_the_first_is_silent():
    """Failover between the registrar's addresses, at once."""
    made = make(hosts=("192.0.2.1", "192.0.2.2"))
    made.carrier.script = [408]
    made.carrier.usual = ok
    made.registrations.configure()
    assert [request[2] for request in made.carrier.requests] == ["192.0.2.1", "192.0.2.2", "192.0.2.2"]
    assert made.trunk.registration.address == ("192.0.2.2", 5060)
    end(made)


def test_retry_after_is_honoured():
    """An overloaded registrar is left alone as long as it asks."""
    made = make()
    made.carrier.script = [Response(503, "Busy", [("Retry-After", "120")])]
    made.carrier.usual = ok
    made.registrations.configure()
    made.clock.advance(119)
    assert len(made.carrier.requests) == 1
    made.clock.advance(2)
    assert made.trunk.registration.registered
    end(made)


def test_an_absurd_retry_after_does_not_keep_the_trunk_away_for_days():
    """Ten minutes later it is tried again."""
    made = make()
    made.carrier.script = [Response(503, "Busy", [("Retry-After", "999999 (moved)")])]
    made.carrier.usual = ok
    made.registrations.configure()
    made.clock.pump([5.0] * 121)
    assert made.trunk.registration.registered
    end(made)


def test_a_registration_that_cannot_be_refreshed_is_told_when_it_ends():
    """While the old one lasts, calls go on; then the trunk is down; it comes back by itself."""
    made = make()
    made.carrier.usual = ok
    made.registrations.configure()
    made.carrier.usual = 408
    made.clock.pump([5.0] * 718)
    assert made.trunk.registration.registered
    made.clock.pump([5.0] * 4)
    assert not made.trunk.registration.registered
    made.carrier.usual = ok
    made.clock.pump([5.0] * 61)
    assert made.trunk.registration.registered
    assert [state[1:] for state in made.states] == [
        (True, "registered"),
        (False, "registration has run out"),
        (True, "registered"),
    ]
    end(made)


def test_a_lost_connection_is_registered_anew():
    """Over TCP the carrier reaches us by the connection only."""
    made = make()
    made.carrier.usual = ok
    made.registrations.configure()
    made.registrations.flow_closed(Flow("udp", ("127.0.0.1", 5060), ("192.0.2.9", 5060), "carrier"))
    made.clock.advance(5)
    assert len(made.carrier.requests) == 2
    made.registrations.flow_closed(Flow("udp", ("127.0.0.1", 5060), ("192.0.2.1", 5060), "carrier"))
    made.clock.advance(5)
    assert len(made.carrier.requests) == 4
    end(made)


def test_it_unregisters_at_the_end():
    """Expires 0, challenged as well; an end does not wait longer than two seconds."""
    made = make()
    made.carrier.usual = ok
    made.registrations.configure()
    ended = []
    made.carrier.script = [challenge("late")]
    made.registrations.stop().addCallback(ended.append)
    assert ended
    assert [request[3]["Expires"] for request in made.carrier.requests[2:]] == ["0", "0"]
    made = make()
    made.carrier.usual = ok
    made.registrations.configure()
    made.carrier.usual = None
    ended = []
    made.registrations.stop().addCallback(ended.append)
    assert not ended
    made.clock.advance(2.0)
    assert ended
    assert not made.clock.getDelayedCalls()


def test_a_reload_with_another_password_registers_anew():
    """The changed trunk says goodbye and comes back."""
    import msgspec

    made = make()
    made.carrier.usual = ok
    made.registrations.configure()
    made.table.configure(BoxSnapshot(trunks=(msgspec.structs.replace(IMS, register_seconds=600),)))
    made.registrations.configure()
    assert len(made.carrier.requests) == 2
    made.table.configure(BoxSnapshot(trunks=(msgspec.structs.replace(IMS, domain="ims2.example"),)))
    made.registrations.configure()
    uris = [(request[1], request[3]["Expires"]) for request in made.carrier.requests[2:]]
    goodbye, hello = ("sip:ims.example", "0"), ("sip:ims2.example", "3600")
    assert uris[:4] == [goodbye, goodbye, hello, hello]
    made.table.configure(BoxSnapshot())
    made.registrations.configure()
    end(made)
