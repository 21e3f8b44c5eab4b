"""Which way a call leaves: preference, health, room, addresses; what becomes of failures."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from twisted.internet.defer import fail, succeed

from b2bua.calls.ports import Dialling
from b2bua.sip.digest import Challenge, DigestCredentials, hash_secret, verify
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request, Response
from b2bua.stack.resolver import Destination, ResolveFailed
from b2bua.stack.trunks.credentials import DigestAnswers, trunk_credentials
from b2bua.stack.trunks.hops import TrunkHops
from b2bua.stack.trunks.table import TrunkTable
from domain.snapshot import BoxSnapshot, ShownCaller, TrunkKind, TrunkSnapshot

DIALLING = Dialling(
    "call", "b1", "t", "4001003721", "13911112222", False, "13900001111", False, ("a", "b", "c")
)


class Flows:
    """Flows of a UDP listener on IPv4; remembers names of TLS peers."""

    def __init__(self):
        self.named = []

    def flow(self, listener, transport, remote):
        """Make a flow."""
        if listener == "none":
            return None
        return Flow(transport, ("127.0.0.1", 5060), remote, listener)

    def name_peer(self, flow, name, authorities):
        """Remember."""
        self.named.append((flow.remote, name, authorities))


class Names:
    """Resolves what it was given."""

    def __init__(self, **known):
        self.known = known

    def resolve(self, target, transport):
        """Give addresses, or fail."""
        hosts = self.known.get(target, [target])
        if not hosts:
            return fail(ResolveFailed(target))
        return succeed(tuple([Destination(transport, host, 5060, target) for host in hosts]))


def make(*trunks, phones=None, calls_in=None, **names):
    """Make hops over trunks; the clock is ``made.now``."""
    states = []
    table = TrunkTable(lambda *state: states.append(state))
    table.configure(BoxSnapshot(trunks=trunks))
    made = SimpleNamespace(table=table, now=0.0, states=states, flows=Flows())
    made.hops = TrunkHops(
        table,
        made.flows,
        Names(**names),
        phones or SimpleNamespace(hops=lambda dialling: ("phone",)),
        lambda: made.now,
        calls_in or (lambda name: 0),
    )
    return made


def targets(made, dialling=DIALLING):
    """Give the hops."""
    out = []
    made.hops.targets(dialling).addCallback(out.append)
    assert out, "it has not fired"
    return list(out[0])


def trunk(name, host="192.0.2.1", **fields):
    """Make a trunk's snapshot."""
    return TrunkSnapshot(name=name, target=host, **fields)


def names(hops):
    """Name the trunks of hops."""
    return [hop.trunk for hop in hops]


def test_trunks_come_in_order_of_preference():
    """The tenant's order, not the configuration's."""
    made = make(trunk("c"), trunk("b"), trunk("a"))
    assert names(targets(made)) == ["a", "b", "c"]


def test_unusable_trunks_are_left_out():
    """Disabled, inbound only, unknown, unregistered, without listener."""
    made = make(
        trunk("a", enabled=False),
        trunk("b", outbound=False),
        trunk("c", kind=TrunkKind.REGISTER),
    )
    assert targets(made) == []
    assert targets(make(trunk("a", listener="none"))) == []
    assert targets(make(trunk("a", host="2001:db8::1"))) == []


def test_every_address_of_a_trunk_is_tried():
    """SRV and multiple addresses fail over inside the trunk, before the next one."""
    made = make(trunk("a", "x"), trunk("b"), x=["192.0.2.1", "192.0.2.2"])
    assert [hop.flow.remote[0] for hop in targets(made)] == ["192.0.2.1", "192.0.2.2", "192.0.2.1"]


def test_a_dead_name_leads_to_the_next_trunk():
    """No address is a failure of the trunk, told once its circuit opens."""
    made = make(trunk("a", "dead"), trunk("b"), dead=[])
    assert names(targets(made)) == ["b"]
    targets(made)
    assert made.states == [("a", False, "dead has no address")]


@pytest.mark.parametrize("status", [0, 408, 503, 504])
def test_failures_open_the_circuit_and_calls_go_round_it(status):
    """Two silent, refused or overloaded attempts: the next call starts with the other trunk."""
    made = make(trunk("a"), trunk("b"))
    for _ in range(2):
        hop = targets(made)[0]
        assert hop.trunk == "a"
        assert made.hops.begin(hop)
        made.hops.tried(hop, status)
        made.hops.end(hop)
    assert names(targets(made)) == ["b"]
    assert made.states[0][:2] == ("a", False)
    assert made.table.get("a").calls_out == 0


@pytest.mark.parametrize("status", [180, 183, 200, 404, 486, 603])
def test_answers_of_the_called_party_say_nothing_against_the_trunk(status):
    """Busy and unknown numbers are the trunk's proper work."""
    made = make(trunk("a"))
    hop = targets(made)[0]
    for _ in range(5):
        made.hops.begin(hop)
        made.hops.tried(hop, status)
        made.hops.end(hop)
    assert names(targets(made)) == ["a"]


def test_a_caller_who_gave_up_says_nothing_about_the_trunk():
    """Impatient callers neither open the circuit nor hide that the trunk is silent."""
    made = make(trunk("a"), trunk("b"))
    for status in (408, 487, 408):
        made.hops.tried(SimpleNamespace(trunk="a"), status)
    assert names(targets(made)) == ["b"]


def test_with_every_trunk_down_a_call_is_still_tried():
    """A call would be lost anyway; but a peer that asked for peace gets it."""
    made = make(trunk("a"), trunk("b"))
    for name in ("a", "b"):
        for _ in range(2):
            made.hops.tried(SimpleNamespace(trunk=name), 408)
    assert names(targets(made)) == ["a", "b"]
    made.hops.tried(SimpleNamespace(trunk="a"), 503, 60.0)
    made = make(trunk("a"))
    made.hops.tried(SimpleNamespace(trunk="a"), 503, 60.0)
    assert targets(made) == []


def test_a_full_trunk_is_passed_over():
    """Channels count calls of both directions; begin is asked again at the moment of dialling."""
    made = make(trunk("a", channels=2), trunk("b"), calls_in=lambda name: 1 if name == "a" else 0)
    first = targets(made)[0]
    assert first.trunk == "a"
    assert made.hops.begin(first)
    assert names(targets(made)) == ["b"]
    assert not made.hops.begin(first)
    made.hops.end(first)
    assert made.hops.begin(first)


def test_calls_per_second():
    """Beyond the rate the next hop is tried."""
    made = make(trunk("a", calls_per_second=1.0))
    hop = targets(made)[0]
    assert made.hops.begin(hop)
    assert not made.hops.begin(hop)
    made.now = 1.0
    assert made.hops.begin(hop)


def test_recovery_without_probes():
    """One call tries after the wait; two good ones bring the trunk back, and it is told."""
    made = make(trunk("a", options_seconds=0.0), trunk("b"))
    for _ in range(2):
        made.hops.tried(SimpleNamespace(trunk="a"), 408)
    made.now = 10.0
    for _ in range(2):
        hop = targets(made)[0]
        assert hop.trunk == "a"
        assert made.hops.begin(hop)
        assert names(targets(made)) == ["b"]
        made.hops.tried(hop, 180)
        made.hops.end(hop)
    assert [state[:2] for state in made.states] == [("a", False), ("a", True)]


def test_a_403_falls_back_to_the_trunks_number():
    """Where the caller's number is shown, a spare with the trunk's own goes along."""
    made = make(trunk("a", shown_caller=ShownCaller.CALLER, trunk_number="01088880000"))
    hop = targets(made)[0]
    assert "13900001111" in hop.from_
    assert "01088880000" in hop.fallback.from_
    assert hop.fallback.fallback is None
    assert hop.contact_user == "01088880000"
    assert targets(make(trunk("a", trunk_number="01088880000")))[0].fallback is None


def test_an_extension_goes_to_its_phones():
    """Trunks have no say in it, nor limits."""
    made = make()
    dialling = Dialling("call", "b1", "t", "4001003721", "8001", True, "1", False, ())
    assert targets(made, dialling) == ["phone"]
    assert made.hops.begin(SimpleNamespace(trunk=None))
    made.hops.tried(SimpleNamespace(trunk=None), 480)
    made.hops.end(SimpleNamespace(trunk=None))


def test_a_registered_trunk_uses_what_its_registrar_gave():
    """Service-Route before the outbound proxy, the granted identity, credentials of the line."""
    made = make(
        trunk(
            "a",
            "d",
            kind=TrunkKind.REGISTER,
            username="u",
            password="p",
            outbound_proxy="192.0.2.9",
            domain="d",
        )
    )
    registration = made.table.get("a").registration
    registration.registered = True
    assert targets(made)[0].routes == ("<sip:192.0.2.9;lr>",)
    registration.service_routes = ("<sip:scscf;lr>",)
    registration.identity = "<sip:+8610@d>"
    hop = targets(made)[0]
    assert hop.routes == ("<sip:scscf;lr>",)
    assert hop.flow.remote[0] == "192.0.2.9"
    assert dict(hop.headers)["P-Asserted-Identity"] == "<sip:+8610@d>"
    assert hop.credentials is not None


def test_tls_peers_are_named():
    """The certificate must bear the trunk's configured name."""
    made = make(trunk("a", "x", transport="tls", tls_authorities="/ca.pem"), x=["192.0.2.1"])
    targets(made)
    assert made.flows.named == [(("192.0.2.1", 5060), "x", "/ca.pem")]


def test_a_reload_in_mid_call_is_survived():
    """The trunk of a call in progress is gone: ending the call harms nothing."""
    made = make(trunk("a"))
    hop = targets(made)[0]
    made.hops.begin(hop)
    made.table.configure(BoxSnapshot())
    made.hops.tried(hop, 503)
    made.hops.end(hop)
    assert not made.hops.begin(hop)


# credentials


def challenged(*challenges, status=401):
    """Make a 401 or 407."""
    name = "Proxy-Authenticate" if status == 407 else "WWW-Authenticate"
    return Response(status, "No", [(name, str(one)) for one in challenges])


def test_the_stronger_challenge_is_answered_and_counts():
    """SHA-256 before MD5; the nonce's count goes up; 407 is answered in its own header."""
    answers = DigestAnswers("u", "p", cnonce=lambda: "c")
    request = Request("INVITE", "sip:1@x", [])
    offered = (Challenge("r", "n1", "MD5", ("auth",)), Challenge("r", "n2", "SHA-256", ("auth",)))
    for count in (1, 2):
        header, value = answers(challenged(*offered, status=407), request)
        assert header == "Proxy-Authorization"
        credentials = DigestCredentials.parse(value)
        assert (credentials.algorithm, credentials.nc) == ("SHA-256", f"{count:08x}")
        assert verify(credentials, hash_secret("SHA-256", "u", "r", "p"), "INVITE")


def test_a_foreign_realm_gets_no_credentials():
    """With a realm configured nobody else's challenge is answered; without a password nobody's."""
    answers = DigestAnswers("u", "p", "mine")
    request = Request("INVITE", "sip:1@x", [])
    assert answers(challenged(Challenge("other", "n", "MD5")), request) is None
    assert answers(Response(401, "No", [("WWW-Authenticate", "Basic x")]), request) is None
    assert answers(challenged(Challenge("mine", "n", "MD5")), request)[0] == "Authorization"
    assert trunk_credentials(TrunkSnapshot(name="a")) is None
    assert trunk_credentials(TrunkSnapshot(name="a", username="u")) is None
