"""One TCP or TLS connection that carries SIP (RFC 3261 18, RFC 5626 3.5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol
from twisted.logger import Logger
from zope.interface import implementer

from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.sip.parse import Ping, StreamParser

if TYPE_CHECKING:
    from b2bua.stack.transports.stream import StreamPort

MAX_UNREAD = 1024 * 1024
"""Bytes that may wait for a peer that does not read; beyond it the connection is cut."""
INCOMPLETE_SECONDS = 28.0
"""A message must be whole within this time (the sweep adds up to 4 s); also a new connection's first one."""
UNREAD_SECONDS = 28.0
"""How long a peer may leave a full window unread."""
IDLE_SECONDS = 1900.0
"""Silence after which a known peer's connection is closed: above any session timer's refresh interval."""
STRANGER_IDLE_SECONDS = 28.0

_log = Logger()


@implementer(IPushProducer)
class Connection(Protocol):
    """A connection of a :class:`StreamPort`, accepted or opened by us."""

    def __init__(self, port: StreamPort, flow: Flow) -> None:
        self.flow = flow
        self._port = port
        self._parser = StreamParser()
        self._incomplete_since: float | None = None
        self._full_since: float | None = None
        self._unread = 0
        self._received_at = 0.0
        self._sent_at = 0.0
        self._open = False
        self._closing = False

    def connectionMade(self) -> None:
        """Begin; a peer that connects must soon send a message."""
        now = self._port.now()
        self._open = True
        self._received_at = self._sent_at = now
        self._incomplete_since = now
        transport: Any = self.transport
        transport.setTcpNoDelay(True)
        transport.setTcpKeepAlive(True)
        transport.registerProducer(self, True)
        self._port.opened(self)

    def dataReceived(self, data: bytes) -> None:
        """Take bytes in; nothing that they are gets past here as an exception."""
        now = self._port.now()
        self._received_at = now
        host = self.flow.remote[0]
        if host not in self._port.gate.admitted and not self._port.gate.admits_connection(host):
            self._port.counts.strangers += 1
            self.abort()
            return
        try:
            items = self._parser.feed(data)
        except Exception:
            self._port.counts.faults += 1
            _log.failure("parser failed on the stream of {flow}", flow=self.flow)
            self.abort()
            return
        for item in items:
            if isinstance(item, Ping):
                self._port.counts.keep_alives += 1
                self._write(b"\r\n")
                continue
            self._port.counts.received += 1
            if isinstance(item, Request):
                self._port.note_alias(self, item)
            try:
                self._port.receiver.received(item, self.flow)
            except Exception:
                self._port.counts.faults += 1
                _log.failure("a message of {flow} was not taken in", flow=self.flow)
        if not self._parser.pending:
            self._incomplete_since = None
        elif items or self._incomplete_since is None:
            self._incomplete_since = now
        if self._parser.dead:
            self.close()

    def send(self, data: bytes) -> None:
        """Send a message; the connection is cut when the peer has left too much unread."""
        if not self.is_open:
            return
        self._sent_at = self._port.now()
        if self._full_since is not None:
            self._unread += len(data)
            if self._unread > MAX_UNREAD:
                self._port.counts.closed_slow += 1
                self.abort()
                return
        self._write(data)

    def _write(self, data: bytes) -> None:
        transport: Any = self.transport
        transport.write(data)

    def pauseProducing(self) -> None:
        """Learn that Twisted's buffer is full: the peer reads too slowly."""
        self._full_since = self._port.now()

    def resumeProducing(self) -> None:
        """Learn that the buffer has emptied."""
        self._full_since = None
        self._unread = 0

    def stopProducing(self) -> None:
        """Learn that nothing more can be sent."""

    def check_times(self, now: float, known: bool) -> None:
        """Close what is idle, half said or unread for too long."""
        idle = now - max(self._received_at, self._sent_at)
        half_said = self._incomplete_since is not None and now - self._incomplete_since >= INCOMPLETE_SECONDS
        unread = self._full_since is not None and now - self._full_since >= UNREAD_SECONDS
        if half_said or unread:
            self._port.counts.closed_slow += 1
            self.abort()
        elif idle >= (IDLE_SECONDS if known else STRANGER_IDLE_SECONDS):
            self._port.counts.closed_idle += 1
            self.close()

    def close(self) -> None:
        """Close after what was written has been sent; the second time at once."""
        transport: Any = self.transport
        if not self._open or transport is None:
            return
        if self._closing:
            self.abort()
            return
        self._closing = True
        transport.unregisterProducer()
        transport.loseConnection()

    def abort(self) -> None:
        """Close now."""
        transport: Any = self.transport
        if self._open and transport is not None:
            transport.abortConnection()

    def connectionLost(self, reason: Any = None) -> None:
        """Tell the port; it counts as a failure when an answer may have been due."""
        if not self._open:
            return
        self._open = False
        clean = reason is not None and reason.check(ConnectionDone) is not None
        self._port.closed(self, failed=not clean or self._sent_at > self._received_at)

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent on it."""
        return self._open and not self._closing
