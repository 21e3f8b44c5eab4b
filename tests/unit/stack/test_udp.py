"""UDP: what arrives is handed up with its flow, answers go to the packet's source, strangers cost little."""

from __future__ import annotations

import socket

import pytest
import pytest_twisted
from twisted.internet import reactor

from b2bua.sip.errors import SipError
from b2bua.sip.parse import parse_message
from b2bua.stack.strangers import Gate
from b2bua.stack.transport import TransportFailed
from b2bua.stack.transports.udp import MESSAGES_PER_TURN, UdpPort
from tests.unit.stack.net import Remembering, options, until


def open_port(receiver, bind="127.0.0.1", known=lambda host: True, phones=False):
    """Open a port whose gate knows the hosts that ``known`` says."""
    gate = Gate(lambda: 0.0, known, phones=phones)
    return UdpPort(reactor, "carrier", (bind, 0), gate, receiver, parse_message)


def peer(host="127.0.0.1"):
    """Open a peer's socket."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind((host, 0))
    sock.settimeout(2)
    return sock


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest_twisted.inlineCallbacks
def test_a_message_arrives_and_its_answer_goes_to_the_packets_source(host):
    """A peer's message is parsed and handed up; whatever its Via says, the answer reaches its socket."""
    receiver = Remembering()
    port = open_port(receiver, host)
    with peer(host) as sock:
        sock.sendto(options(), port.local)
        yield until(lambda: receiver.messages)
        flow = receiver.messages[0][1]
        assert flow.remote == sock.getsockname()[:2]
        assert (flow.transport, flow.local, flow.listener) == ("udp", port.local, "carrier")
        port.send(b"SIP/2.0 200 OK\r\n\r\n", flow.remote)
        assert sock.recv(100).startswith(b"SIP/2.0 200")
    port.close()


@pytest_twisted.inlineCallbacks
def test_what_cannot_be_parsed_is_handed_up_as_its_error():
    """A malformed message reaches the core as the error that says what to answer."""
    receiver = Remembering()
    port = open_port(receiver)
    with peer() as sock:
        sock.sendto(b"this is not a SIP message at all\r\n\r\n", port.local)
        yield until(lambda: receiver.messages)
    assert isinstance(receiver.messages[0][0], SipError)
    port.close()


@pytest_twisted.inlineCallbacks
def test_keep_alives_are_counted_and_dropped():
    """CRLF and empty datagrams keep NAT bindings open; nobody has to parse them."""
    receiver = Remembering()
    port = open_port(receiver)
    with peer() as sock:
        for data in (b"\r\n\r\n", b"", b"\0" * 4):
            sock.sendto(data, port.local)
        yield until(lambda: port.counts.keep_alives == 3)
    assert not receiver.messages
    port.close()


@pytest_twisted.inlineCallbacks
def test_strangers_are_dropped_before_parsing():
    """On a listener without phones, hosts outside the trunks' networks are counted and not heard."""
    receiver = Remembering()
    port = open_port(receiver, known=lambda host: host == "127.0.0.2")
    with peer("127.0.0.9") as stranger, peer("127.0.0.2") as trunk:
        stranger.sendto(options("stranger"), port.local)
        trunk.sendto(options("trunk"), port.local)
        yield until(lambda: receiver.messages)
    assert receiver.methods == ["OPTIONS"]
    assert receiver.messages[0][1].remote[0] == "127.0.0.2"
    assert port.counts.strangers == 1
    port.close()


@pytest_twisted.inlineCallbacks
def test_who_was_sent_a_request_may_answer():
    """The target of our own request is heard though no trunk names it as a source."""
    receiver = Remembering()
    port = open_port(receiver, known=lambda host: False)
    with peer("127.0.0.9") as target:
        port.send(options(), target.getsockname())
        target.recv(2000)
        target.sendto(b"SIP/2.0 200 OK\r\nCall-ID: x\r\n\r\n", port.local)
        yield until(lambda: receiver.messages)
    assert receiver.methods == ["200"]
    port.close()


@pytest_twisted.inlineCallbacks
def test_an_answer_of_ours_does_not_open_the_gate():
    """Refusing a stranger does not make it known."""
    receiver = Remembering()
    port = open_port(receiver, known=lambda host: False)
    with peer("127.0.0.9") as stranger:
        port.send(b"SIP/2.0 403 Forbidden\r\n\r\n", stranger.getsockname())
        stranger.recv(2000)
        stranger.sendto(options(), port.local)
        yield until(lambda: port.counts.strangers == 1)
    assert not receiver.messages
    port.close()


@pytest.mark.parametrize(
    "remote",
    [
        ("127.0.0.1", -1),
        ("127.0.0.1", 0),
        ("127.0.0.1", 70000),
        ("localhost", 5060),
        ("::1", 5060),
        ("", 5060),
    ],
)
def test_impossible_addresses_are_refused_without_harm(remote):
    """Ports out of range, host names and the wrong address family never reach the kernel."""
    port = open_port(Remembering())
    with pytest.raises(TransportFailed):
        port.send(options(), remote)
    port.close()


@pytest_twisted.inlineCallbacks
def test_a_closed_port_at_the_peer_is_told_to_the_core():
    """ICMP port unreachable fails the flow it is about, and the port goes on working."""
    receiver = Remembering()
    port = open_port(receiver)
    with peer() as gone:
        nowhere = gone.getsockname()
    port.send(options(), nowhere)
    yield until(lambda: receiver.failed)
    assert receiver.failed[0].remote == nowhere
    with peer() as sock:
        port.send(options(), nowhere)
        port.send(options(), nowhere)
        port.send(options("other"), sock.getsockname())
        assert sock.recv(2000).startswith(b"OPTIONS")
        sock.sendto(options("after"), port.local)
        yield until(lambda: receiver.messages)
    port.close()


@pytest_twisted.inlineCallbacks
def test_a_message_too_large_for_a_datagram_fails_at_once():
    """What the kernel refuses to send is an error for the one message."""
    port = open_port(Remembering())
    with peer() as sock, pytest.raises(TransportFailed):
        port.send(b"x" * 70000, sock.getsockname())
    port.close()
    yield


def test_one_turn_takes_a_bounded_number_of_messages():
    """A flood leaves time for timers: the rest waits in the kernel for the next turn."""
    receiver = Remembering()
    port = open_port(receiver)
    with peer() as sock:
        for number in range(MESSAGES_PER_TURN + 10):
            sock.sendto(options(str(number)), port.local)
        port.doRead()
        assert len(receiver.messages) == MESSAGES_PER_TURN
        port.doRead()
        assert len(receiver.messages) == MESSAGES_PER_TURN + 10
    port.close()


@pytest_twisted.inlineCallbacks
def test_a_bug_above_does_not_cost_the_listener():
    """An exception while a message is taken in is logged and counted; the next message is served."""
    from twisted.logger import globalLogPublisher

    seen = []
    globalLogPublisher.addObserver(seen.append)
    receiver = Remembering()
    receiver.explode = True
    port = open_port(receiver)
    with peer() as sock:
        sock.sendto(options("1"), port.local)
        sock.sendto(options("2"), port.local)
        yield until(lambda: len(receiver.messages) == 2)
    globalLogPublisher.removeObserver(seen.append)
    assert port.counts.faults == 2
    assert len([event for event in seen if "log_failure" in event]) == 2
    port.close()
