"""Trunks and phones on real sockets: registering, calling, strangers, OPTIONS, all through the core."""

from __future__ import annotations

import socket

import pytest
import pytest_twisted
from twisted.internet import reactor

from b2bua.calls.ports import Dialling
from b2bua.sip.digest import Challenge, answer
from b2bua.sip.message import Request
from b2bua.sip.parse import parse_message
from b2bua.stack.driver import Driver
from b2bua.stack.peers import Peers
from b2bua.stack.reception import SipReception
from b2bua.stack.transports.listeners import Listeners
from domain.snapshot import BoxSnapshot, ExtensionSnapshot, ListenerSnapshot, TrunkKind, TrunkSnapshot
from tests.unit.stack.net import options, receive, until

TRUNK, PHONE, STRANGER = "127.0.0.2", "127.0.0.8", "127.0.0.9"


class Calls:
    """The call services, as far as these tests need them."""

    def __init__(self):
        self.arrived = []

    def arrive(self, leg):
        """Take a call and refuse it."""
        self.arrived.append(leg.invitation)
        leg.refuse(486, "Busy Here")

    def refused(self, invitation, status, reason):
        """Take note."""


class Box:
    """Listeners, driver and peers, without calls and media."""

    def __init__(self, box):
        self.calls = Calls()
        self.states = []
        self.guessed = []
        self.peers = Peers(
            reactor,
            on_trunk_state=lambda *state: self.states.append(state),
            on_guessing=lambda *guess: self.guessed.append(guess),
        )
        self.driver = Driver(
            reactor,
            None,
            SipReception(
                self.calls,
                self.peers.read_invitation,
                lambda *register: self.peers.registrar.register(*register),
                self.peers.prefers_reliable,
            ),
            lambda request, flow: self.peers.doorkeeper.admit(request, flow),
        )
        self.listeners = Listeners(reactor, self.driver, self.peers.gates.of)
        self.driver.transport = self.listeners
        self.peers.connect(self.listeners, self.driver.core.request)
        self.peers.configure(box)
        self.listeners.configure(box.listeners)

    def at(self, transport="udp"):
        """Give where the box listens."""
        return self.listeners.flow("carrier", transport, ("", 0)).local

    @pytest_twisted.inlineCallbacks
    def close(self):
        """End everything."""
        yield self.peers.stop()
        self.driver.close()
        yield self.listeners.close()


@pytest.fixture
def box():
    """A box with a trunk and an extension."""
    made = Box(
        BoxSnapshot(
            listeners=(ListenerSnapshot(name="carrier", port=0),),
            trunks=(TrunkSnapshot(name="carrier", sources=(TRUNK,), options_seconds=0.0),),
            extensions=(ExtensionSnapshot("8001", "t", "secret"),),
        )
    )
    yield made
    pytest_twisted.blockon(made.close())


def peer(host):
    """Open a peer's UDP socket."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, 0))
    return sock


def request(method, sock, number=1, authorization=None, uri="sip:box400", user="8001", extra=()):
    """Make the bytes of a phone's request."""
    host, port = sock.getsockname()
    transport = "UDP" if sock.type == socket.SOCK_DGRAM else "TCP"
    rows = [
        ("Via", f"SIP/2.0/{transport} {host}:{port};rport;branch=z9hG4bK{method}{number}"),
        ("From", f"<sip:{user}@box400>;tag=1"),
        ("To", f"<sip:{user}@box400>" if method == "REGISTER" else "<sip:x@box400>"),
        ("Call-ID", f"{method}-{port}"),
        ("CSeq", f"{number} {method}"),
        ("Max-Forwards", "70"),
        *extra,
    ]
    if authorization is not None:
        rows.append(("Authorization", authorization))
    return Request(method, uri, rows).encode()


def credentials(response, method, uri="sip:box400", password="secret", user="8001"):
    """Answer the first challenge of a 401."""
    challenge = Challenge.parse(response.get_all("WWW-Authenticate")[0])
    return str(answer(challenge, method=method, uri=uri, username=user, password=password, cnonce="c"))


@pytest_twisted.inlineCallbacks
def exchange(box, sock, data):
    """Send, and parse the answer."""
    if sock.type == socket.SOCK_DGRAM:
        sock.sendto(data, box.at())
    else:
        sock.sendall(data)
    return parse_message((yield receive(sock)))


@pytest_twisted.inlineCallbacks
def sign_in(box, sock, contact):
    """Register a phone."""
    rows = (("Contact", f"<{contact}>"),)
    refused = yield exchange(box, sock, request("REGISTER", sock, 1, extra=rows))
    assert refused.status == 401
    proof = credentials(refused, "REGISTER")
    return (yield exchange(box, sock, request("REGISTER", sock, 2, proof, extra=rows)))


@pytest_twisted.inlineCallbacks
def test_a_phone_registers_and_calls(box):
    """Over UDP: 401, 200; its INVITE is challenged and then reaches the call services."""
    with peer(PHONE) as phone:
        ok = yield sign_in(box, phone, f"sip:8001@10.0.0.1:{phone.getsockname()[1]}")
        assert ok.status == 200
        uri = "sip:8002@box400"
        rows = (("Contact", "<sip:8001@10.0.0.1>"),)
        refused = yield exchange(box, phone, request("INVITE", phone, 1, uri=uri, extra=rows))
        assert refused.status == 401
        proof = credentials(refused, "INVITE", uri)
        trying = yield exchange(box, phone, request("INVITE", phone, 2, proof, uri=uri, extra=rows))
        assert trying.status in (100, 486)
        yield until(lambda: box.calls.arrived)
    (invitation,) = box.calls.arrived
    assert (invitation.extension, invitation.called, invitation.caller) == ("8001", "8002", "8001")
    dialling = Dialling("c", "b1", "t", "4001003721", "8001", True, "13900001111", False, ())
    (hop,) = box.peers.registrar.hops(dialling)
    assert hop.flow.remote[0] == PHONE


@pytest_twisted.inlineCallbacks
def test_a_phone_over_tcp_is_reached_by_its_connection(box):
    """When the connection ends, the binding does too."""
    with socket.create_connection(box.at("tcp"), 5, (PHONE, 0)) as phone:
        ok = yield sign_in(box, phone, "sip:8001@10.0.0.1;transport=tcp")
        assert ok.status == 200
        dialling = Dialling("c", "b1", "t", "4001003721", "8001", True, "13900001111", False, ())
        (hop,) = box.peers.registrar.hops(dialling)
        box.listeners.send(options("to-phone"), hop.flow)
        assert b"to-phone" in (yield receive(phone))
    yield until(lambda: not box.peers.registrar.hops(dialling))


@pytest_twisted.inlineCallbacks
def test_a_stranger_finds_nothing(box):
    """INVITE, OPTIONS and a scanner's methods: silence. REGISTER: the same 401 for every name."""
    with peer(STRANGER) as stranger, peer(TRUNK) as trunk:
        for number, method in enumerate(("INVITE", "OPTIONS", "MESSAGE", "SUBSCRIBE", "BYE", "ACK")):
            stranger.sendto(request(method, stranger, number), box.at())
        known = yield exchange(box, stranger, request("REGISTER", stranger, 50, user="8001"))
        nobody = yield exchange(box, stranger, request("REGISTER", stranger, 51, user="nobody"))
        shapes = [(one.status, one.reason, [name for name, _ in one.headers]) for one in (known, nobody)]
        assert shapes[0] == shapes[1]
        answered = yield exchange(box, trunk, request("OPTIONS", trunk))
        assert answered.status == 200
    assert not box.calls.arrived
    assert box.peers.gates.dropped == 6


@pytest_twisted.inlineCallbacks
def test_a_guesser_is_silenced(box):
    """After ten wrong passwords nothing comes back any more, and the operator is told."""
    with peer(STRANGER) as stranger:
        reply = yield exchange(box, stranger, request("REGISTER", stranger, 1))
        number = 2
        while not box.guessed:
            proof = credentials(reply, "REGISTER", password=f"guess{number}")
            reply = yield exchange(box, stranger, request("REGISTER", stranger, number, proof))
            number += 1
        stranger.sendto(request("REGISTER", stranger, number), box.at())
        dropped = box.peers.gates.dropped
        yield until(lambda: box.peers.gates.dropped > dropped)
    assert box.guessed[0][:2] == (STRANGER, "")
    assert number == 12


@pytest_twisted.inlineCallbacks
def test_a_broken_request_of_a_stranger_gets_nothing(box):
    """What cannot be parsed is answered for trunks only."""
    broken = b"OPTIONS sip:box SIP/2.0\r\nVia: nonsense\r\n\r\n"
    with peer(STRANGER) as stranger, peer(TRUNK) as trunk:
        stranger.sendto(broken, box.at())
        answered = yield exchange(box, trunk, options().replace(b"Max-Forwards: 70", b"Max-Forwards: x"))
        assert answered.status == 400
        stranger.setblocking(False)
        with pytest.raises(BlockingIOError):
            stranger.recv(100)


@pytest_twisted.inlineCallbacks
def test_a_trunk_is_probed_and_comes_back(box):
    """A closed port at the trunk: ICMP tells within a moment; an answering one brings it back."""
    with peer("127.0.0.3") as carrier:
        target = f"127.0.0.3:{carrier.getsockname()[1]}"
    down = TrunkSnapshot(name="out", target=target, options_seconds=30.0)
    box.peers.configure(BoxSnapshot(trunks=(down,)))
    box.peers.reach_out()
    yield until(lambda: box.states)
    assert box.states[0][:2] == ("out", False)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest_twisted.inlineCallbacks
def test_one_box_registers_with_another(transport):
    """Our REGISTER client against our registrar: challenged with SHA-256, granted, and rung on its line."""
    carrier = Box(
        BoxSnapshot(
            listeners=(ListenerSnapshot(name="carrier", bind="127.0.0.21", port=0),),
            extensions=(ExtensionSnapshot("01088880000", "t", "line-secret"),),
            realm="carrier.example",
        )
    )
    host, port = carrier.at(transport)
    line = TrunkSnapshot(
        name="line",
        kind=TrunkKind.REGISTER,
        target=f"{host}:{port}",
        transport=transport,
        domain="carrier.example",
        username="01088880000",
        password="line-secret",
        realm="carrier.example",
        options_seconds=0.0,
    )
    here = ListenerSnapshot(name="carrier", bind="127.0.0.22", port=0)
    customer = Box(BoxSnapshot(listeners=(here,), trunks=(line,)))
    customer.peers.reach_out()
    yield until(lambda: customer.states)
    assert customer.states == [("line", True, "registered")]
    assert carrier.peers.accounts.counts.proved == 1
    dialling = Dialling("c", "b1", "t", "1", "01088880000", True, "13900001111", False, ())
    (hop,) = carrier.peers.registrar.hops(dialling)
    invite = Request(
        "INVITE",
        hop.uri,
        [
            ("Via", f"SIP/2.0/{transport.upper()} {host}:{port};rport;branch=z9hG4bKx1"),
            ("From", f"{hop.from_};tag=9"),
            ("To", hop.to),
            ("Call-ID", "ring"),
            ("CSeq", "1 INVITE"),
            ("Max-Forwards", "70"),
            ("Contact", f"<sip:{host}:{port}>"),
        ],
    )
    carrier.listeners.send(invite.encode(), hop.flow)
    yield until(lambda: customer.calls.arrived)
    (invitation,) = customer.calls.arrived
    assert (invitation.trunk, invitation.called, invitation.caller) == ("line", "01088880000", "13900001111")
    yield customer.close()
    yield until(lambda: not carrier.peers.registrar.hops(dialling))
    yield carrier.close()
