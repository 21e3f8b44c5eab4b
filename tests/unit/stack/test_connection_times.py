"""How long a TCP connection may be silent, half said or unread."""

from __future__ import annotations

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from b2bua.stack.strangers import Gate
from b2bua.stack.transports.connection import MAX_UNREAD
from b2bua.stack.transports.stream import StreamPort
from tests.unit.stack.net import Remembering, options


class Listening:
    """A port that is not one."""

    def getHost(self):
        """Give where it would listen."""
        return type("Host", (), {"port": 5060})

    def stopListening(self):
        """Stop."""


class Network(Clock):
    """A reactor without sockets."""

    def listenTCP(self, port, factory, backlog=50, interface=""):
        """Listen to nobody."""
        return Listening()


class Wire(StringTransport):
    """A peer's end, with the options that TCP has."""

    aborted = False

    def setTcpNoDelay(self, on):
        """Do nothing."""

    def setTcpKeepAlive(self, on):
        """Do nothing."""

    def abortConnection(self):
        """Cut."""
        self.aborted = True
        self.disconnecting = True
        self.protocol.connectionLost(Failure(ConnectionDone()))


def connect(host="192.0.2.1", known=lambda host: True, phones=False):
    """Make a port with one accepted connection."""
    network = Network()
    gate = Gate(network.seconds, known, phones=phones)
    port = StreamPort(network, "carrier", ("127.0.0.1", 5060), gate, Remembering())
    connection = port.accept(host, 4000)
    wire = Wire()
    wire.protocol = connection
    connection.makeConnection(wire)
    return network, port, connection, wire


def end(network, port):
    """Close, and see that nothing is pending."""
    port.close()
    assert not network.getDelayedCalls()


def test_a_message_that_stays_incomplete_is_cut_within_32_seconds():
    """A peer that sends half a message does not hold its memory for long."""
    network, port, connection, wire = connect()
    connection.dataReceived(options() + options()[:50])
    network.pump([4.0] * 6)
    assert not wire.aborted
    network.pump([4.0] * 2)
    assert wire.aborted
    assert port.counts.closed_slow == 1
    end(network, port)


def test_a_connection_without_a_first_message_is_cut():
    """Connecting and saying nothing ends as soon."""
    network, port, _, wire = connect()
    network.pump([4.0] * 8)
    assert wire.aborted
    end(network, port)


def test_dripping_bytes_does_not_help():
    """One byte now and then does not make the message's time longer."""
    network, port, connection, wire = connect()
    for octet in options()[:8]:
        connection.dataReceived(bytes([octet]))
        network.advance(4.0)
    assert wire.aborted
    end(network, port)


def test_a_known_peer_may_be_silent_for_half_an_hour():
    """A call with session timers keeps its connection; beyond that it is closed in peace."""
    network, port, connection, wire = connect()
    connection.dataReceived(options())
    network.pump([4.0] * 450)
    assert not wire.disconnecting
    network.pump([4.0] * 25)
    assert wire.disconnecting
    assert not wire.aborted
    assert port.counts.closed_idle == 1
    connection.connectionLost(Failure(ConnectionDone()))
    end(network, port)


def test_a_peer_that_does_not_read_is_cut():
    """What waits for it is bounded in size ..."""
    network, port, connection, wire = connect()
    connection.dataReceived(options())
    connection.pauseProducing()
    for _ in range(MAX_UNREAD // 1000 + 2):
        connection.send(b"x" * 1000)
    assert wire.aborted
    end(network, port)


def test_a_peer_that_does_not_read_for_long_is_cut():
    """... and in time."""
    network, port, connection, wire = connect()
    connection.dataReceived(options())
    connection.pauseProducing()
    network.pump([4.0] * 8)
    assert wire.aborted
    end(network, port)


def test_a_peer_that_reads_again_is_forgiven():
    """A short stop of the peer costs nothing."""
    network, port, connection, wire = connect()
    connection.dataReceived(options())
    connection.pauseProducing()
    network.advance(4.0)
    connection.resumeProducing()
    network.pump([4.0] * 10)
    assert not wire.aborted
    end(network, port)
