"""TCP: whatever way the bytes come, whole messages go up; connections are used both ways and die cleanly."""

from __future__ import annotations

import socket

import pytest
import pytest_twisted
from twisted.internet import reactor

from b2bua.sip.errors import SipError
from b2bua.stack.strangers import Gate
from b2bua.stack.transport import TransportFailed
from b2bua.stack.transports.stream import StreamPort
from tests.unit.stack.net import Remembering, name_of, options, receive, until


def open_port(receiver, host="127.0.0.1", known=lambda host: True, phones=False):
    """Listen, with a gate that knows the hosts ``known`` says."""
    return StreamPort(reactor, "carrier", (host, 0), Gate(lambda: 0.0, known, phones=phones), receiver)


def call_to(port, source="127.0.0.1"):
    """Connect a peer."""
    sock = socket.create_connection(port.local, 5, (source, 0))
    sock.settimeout(5)
    return sock


@pytest_twisted.inlineCallbacks
def test_a_message_split_at_every_boundary_arrives_whole():
    """TCP may cut anywhere: each cut of a message with a body gives the same one message."""
    receiver = Remembering()
    port = open_port(receiver)
    data = options(body=b"v=0\r\n")
    with call_to(port) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for cut in range(1, len(data), 7):
            sock.sendall(data[:cut])
            yield until(lambda: port.counts.received == len(receiver.messages))
            sock.sendall(data[cut:])
        yield until(lambda: len(receiver.messages) == len(range(1, len(data), 7)))
    assert {message.body for message, _ in receiver.messages} == {b"v=0\r\n"}
    yield port.close()


@pytest_twisted.inlineCallbacks
def test_pipelined_messages_arrive_in_order():
    """Many messages in one segment are each handed up, in order."""
    receiver = Remembering()
    port = open_port(receiver)
    with call_to(port) as sock:
        sock.sendall(b"".join(options(f"call-{n}") for n in range(50)))
        yield until(lambda: len(receiver.messages) == 50)
    assert [name_of(message) for message, _ in receiver.messages] == [f"call-{n}" for n in range(50)]
    yield port.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest_twisted.inlineCallbacks
def test_answers_go_back_over_the_connection(host):
    """What is sent along the flow of a request comes out of the peer's own connection."""
    receiver = Remembering()
    port = open_port(receiver, host)
    with call_to(port, host) as sock:
        sock.sendall(options())
        yield until(lambda: receiver.messages)
        flow = receiver.messages[0][1]
        assert flow.remote == sock.getsockname()[:2]
        assert flow.transport == "tcp"
        port.send(b"SIP/2.0 200 OK\r\n\r\n", flow.remote)
        assert (yield receive(sock)).startswith(b"SIP/2.0 200")
    yield port.close()


@pytest_twisted.inlineCallbacks
def test_a_double_crlf_is_answered_with_one():
    """RFC 5626 3.5.1: the ping of a phone gets its pong."""
    receiver = Remembering()
    port = open_port(receiver)
    with call_to(port) as sock:
        sock.sendall(b"\r\n\r\n")
        yield until(lambda: port.counts.keep_alives == 1)
        assert (yield receive(sock)) == b"\r\n"
    yield port.close()


@pytest_twisted.inlineCallbacks
def test_a_request_opens_a_connection_and_uses_it_again():
    """A trunk over TCP: connect on demand, one connection for all, requests of the peer come back on it."""
    receiver = Remembering()
    port = open_port(receiver)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        remote = server.getsockname()
        port.send(options("one"), remote)
        port.send(options("two"), remote)
        yield until(lambda: port.has(remote))
        peer, address = server.accept()
        port.send(options("three"), remote)
        assert address[0] == "127.0.0.1"
        got = yield receive(peer, len(options("one") + options("two") + options("three")))
        assert got.count(b"OPTIONS sip:box") == 3
        peer.sendall(options("back"))
        yield until(lambda: receiver.messages)
        assert receiver.messages[0][1] == port.flow(remote)
        peer.close()
        yield until(lambda: not port.has(remote))
    yield port.close()


@pytest_twisted.inlineCallbacks
def test_a_refused_connection_fails_its_flow():
    """Nobody listens at the peer: the core learns it at once, so that the next trunk is tried."""
    receiver = Remembering()
    port = open_port(receiver)
    with socket.create_server(("127.0.0.1", 0)) as server:
        remote = server.getsockname()
    port.send(options(), remote)
    yield until(lambda: receiver.failed)
    assert receiver.failed == [port.flow(remote)]
    yield port.close()


def impossible():
    """Remote addresses that no connection can go to."""
    return [("127.0.0.1", 0), ("127.0.0.1", 70000), ("localhost", 5060), ("::1", 5060)]


@pytest.mark.parametrize("remote", impossible())
@pytest_twisted.inlineCallbacks
def test_impossible_addresses_are_refused(remote):
    """Host names, wrong ports and the other address family are errors at once."""
    port = open_port(Remembering())
    with pytest.raises(TransportFailed):
        port.send(options(), remote)
    yield port.close()


@pytest_twisted.inlineCallbacks
def test_a_stream_that_lost_its_framing_is_answered_and_closed():
    """Without a Content-Length nothing after can be found: the error goes up, the connection ends."""
    receiver = Remembering()
    port = open_port(receiver)
    with call_to(port) as sock:
        sock.sendall(b"OPTIONS sip:box SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\n\r\n")
        yield until(lambda: receiver.messages)
        assert isinstance(receiver.messages[0][0], SipError)
        yield until(lambda: not port.has(sock.getsockname()))
        assert (yield receive(sock)) == b""
    yield port.close()


@pytest_twisted.inlineCallbacks
def test_strangers_are_not_let_in():
    """On a listener without phones, a strange host's connection is closed before a byte is read."""
    receiver = Remembering()
    port = open_port(receiver, known=lambda host: host == "127.0.0.2")
    with call_to(port, "127.0.0.9") as stranger:
        yield until(lambda: port.counts.strangers == 1)
        assert (yield receive(stranger)) == b""
    with call_to(port, "127.0.0.2") as trunk:
        trunk.sendall(options())
        yield until(lambda: receiver.messages)
    yield port.close()


@pytest_twisted.inlineCallbacks
def test_one_source_cannot_take_all_connections():
    """A strange host gets four connections on a listener with phones, no more."""
    port = open_port(Remembering(), known=lambda host: False, phones=True)
    socks = [call_to(port, "127.0.0.9") for _ in range(6)]
    yield until(lambda: port.counts.refused_connections == 2)
    for sock in socks:
        sock.close()
    yield port.close()


@pytest_twisted.inlineCallbacks
def test_an_alias_is_used_for_requests_to_the_sent_by():
    """RFC 5923: a peer that says alias is called back over its own connection."""
    receiver = Remembering()
    port = open_port(receiver)
    aliased = options().replace(b";rport", b";alias")
    with call_to(port) as sock:
        sock.sendall(aliased)
        yield until(lambda: receiver.messages)
        assert port.has(("127.0.0.1", 5060))
        port.send(options("to-alias"), ("127.0.0.1", 5060))
        assert b"to-alias" in (yield receive(sock))
        sock.sendall(aliased.replace(b"127.0.0.1:5060", b"127.0.0.7:5060"))
        yield until(lambda: len(receiver.messages) == 2)
        assert not port.has(("127.0.0.7", 5060))
    yield until(lambda: not port.has(("127.0.0.1", 5060)))
    yield port.close()


@pytest_twisted.inlineCallbacks
def test_a_bug_above_does_not_cost_the_connection():
    """An exception while a message is taken in is logged and counted; the next message is served."""
    from twisted.logger import globalLogPublisher

    seen = []
    globalLogPublisher.addObserver(seen.append)
    receiver = Remembering()
    receiver.explode = True
    port = open_port(receiver)
    with call_to(port) as sock:
        sock.sendall(options("1") + options("2"))
        yield until(lambda: len(receiver.messages) == 2)
    globalLogPublisher.removeObserver(seen.append)
    assert port.counts.faults == 2
    yield port.close()


@pytest_twisted.inlineCallbacks
def test_a_closed_connection_is_told():
    """The registrar hears of a phone's connection that ended, and drops what was registered over it."""
    closed = []
    receiver = Remembering()
    port = open_port(receiver)
    port.on_closed = closed.append
    with call_to(port) as sock:
        sock.sendall(options())
        yield until(lambda: receiver.messages)
    yield until(lambda: closed)
    assert closed == [receiver.messages[0][1]]
    assert receiver.failed == []
    yield port.close()
