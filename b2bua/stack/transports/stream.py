"""SIP over TCP and TLS: a listening port with its connections, used both ways and opened on demand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.protocol import ClientFactory, Factory
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory

from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.stack.strangers import Gate
from b2bua.stack.transport import Receiver, TransportFailed
from b2bua.stack.transports.connection import Connection
from b2bua.stack.transports.counts import Counts
from b2bua.stack.transports.ip import is_wildcard, version_of
from b2bua.stack.transports.reactor import DelayedCall, Network
from b2bua.stack.transports.tls import TlsIdentity

MAX_CONNECTIONS = 2000
MAX_PER_SOURCE = 64
MAX_PER_STRANGER = 4
MAX_QUEUED = 64 * 1024
"""Bytes kept for a connection that is being opened."""
CONNECT_SECONDS = 4.0
SWEEP_SECONDS = 4.0

Remote = tuple[str, int]
_log = Logger()


class StreamPort:
    """A bound TCP or TLS port of a listener and every connection to or from it."""

    def __init__(
        self,
        network: Network,
        listener: str,
        bind: Remote,
        gate: Gate,
        receiver: Receiver,
        tls: TlsIdentity | None = None,
    ) -> None:
        """Listen on an IP literal (port 0 takes any); raises ``twisted.internet.error.CannotListenError``."""
        self.counts = Counts()
        self.gate = gate
        self.receiver = receiver
        self.transport = "tls" if tls is not None else "tcp"
        self._network = network
        self.on_closed: Callable[[Flow], None] | None = None
        """Called when a connection is gone, for whatever reason."""
        self._listener = listener
        self._tls = tls
        self._version = version_of(bind[0])
        self._bind_host = bind[0]
        self._connections: dict[Remote, Connection] = {}
        self._aliases: dict[Remote, Connection] = {}
        self._opening: dict[Remote, _Opening] = {}
        self._per_source: Counter[str] = Counter()
        self._sweep: DelayedCall | None = None
        self._finished: list[Deferred[None]] = []
        self._closing = False
        factory: Any = _Accepting(self)
        if tls is not None:
            factory = _AcceptingTls(tls.server_context(), False, factory)
            factory.noisy = False
        self._listening = network.listenTCP(bind[1], factory, backlog=256, interface=bind[0])
        self.local: Remote = (bind[0], self._listening.getHost().port)

    def now(self) -> float:
        """Give monotonic seconds."""
        return self._network.seconds()

    def send(self, data: bytes, remote: Remote) -> None:
        """Send on the connection to this address, opening one where there is none; raises TransportFailed."""
        self.counts.sent += 1
        connection = self._connections.get(remote) or self._aliases.get(remote)
        if connection is not None and connection.is_open:
            connection.send(data)
            return
        opening = self._opening.get(remote)
        if opening is None:
            opening = self._open(remote)
        opening.queue(data)

    def _open(self, remote: Remote) -> _Opening:
        host, port = remote
        if self._closing or version_of(host) != self._version or not 0 < port < 65536:
            raise TransportFailed(f"{self.transport} to {host!r} port {port} is not possible")
        opening = _Opening(self, self.flow(remote))
        factory: Any = opening
        if self._tls is not None:
            try:
                context = self._tls.client_context(remote)
            except ValueError as error:
                raise TransportFailed(str(error)) from error
            factory = TLSMemoryBIOFactory(context, True, factory)
            factory.noisy = False
        self._opening[remote] = opening
        source = None if is_wildcard(self._bind_host) else (self._bind_host, 0)
        self.gate.addressed(host)
        self._network.connectTCP(host, port, factory, timeout=CONNECT_SECONDS, bindAddress=source)
        return opening

    def flow(self, remote: Remote) -> Flow:
        """Give the flow between this port and a peer's socket."""
        return Flow(transport=self.transport, local=self.local, remote=remote, listener=self._listener)

    def accept(self, host: str, port: int) -> Connection | None:
        """Decide about a connection that a peer opened; None closes it at once."""
        if not self.gate.admits_connection(host):
            self.counts.strangers += 1
            return None
        most = MAX_PER_SOURCE if host in self.gate.admitted else MAX_PER_STRANGER
        if self._closing or self._per_source[host] >= most or len(self._connections) >= MAX_CONNECTIONS:
            self.counts.refused_connections += 1
            return None
        return Connection(self, self.flow((host, port)))

    def opened(self, connection: Connection) -> None:
        """Enter a connection; what waited for it is sent."""
        remote = connection.flow.remote
        self._connections[remote] = connection
        self._per_source[remote[0]] += 1
        if self._sweep is None:
            self._sweep = self._network.callLater(SWEEP_SECONDS, self._check_times)
        opening = self._opening.pop(remote, None)
        if opening is not None:
            for data in opening.take():
                connection.send(data)

    def closed(self, connection: Connection, *, failed: bool) -> None:
        """Strike a connection out."""
        remote = connection.flow.remote
        if self._connections.get(remote) is connection:
            del self._connections[remote]
        for alias in [key for key, value in self._aliases.items() if value is connection]:
            del self._aliases[alias]
        self._per_source[remote[0]] -= 1
        if self._per_source[remote[0]] <= 0:
            del self._per_source[remote[0]]
        if failed:
            self.failed(connection.flow)
        if self.on_closed is not None:
            try:
                self.on_closed(connection.flow)
            except Exception:
                self.counts.faults += 1
                _log.failure("the end of {flow} was not taken in", flow=connection.flow)
        self._finish()

    def open_failed(self, flow: Flow) -> None:
        """Learn that a connection could not be opened; what waited for it is lost."""
        self._opening.pop(flow.remote, None)
        self.failed(flow)
        self._finish()

    def failed(self, flow: Flow) -> None:
        """Tell the receiver that what was sent on a flow may not have arrived."""
        self.counts.unreachable += 1
        try:
            self.receiver.flow_failed(flow)
        except Exception:
            self.counts.faults += 1
            _log.failure("the failure of {flow} was not taken in", flow=flow)

    def note_alias(self, connection: Connection, request: Request) -> None:
        """Reuse a connection for requests to the peer's sent-by when it asks so (``alias``, RFC 5923 5).

        Only for a sent-by address that is the very source of the connection: anything else could draw
        another peer's calls to it.
        """
        if "alias" not in (request.get("Via") or ""):
            return
        try:
            via = request.via
        except SipError:
            return
        host = connection.flow.remote[0]
        if via.param("alias") is not None and via.host.strip("[]") == host:
            self._aliases[host, via.port or (5061 if self._tls else 5060)] = connection

    def name_peer(self, remote: Remote, name: str, authorities: str) -> None:
        """Note what the certificate of a peer that we connect to must be (TLS only)."""
        if self._tls is not None:
            self._tls.expect(remote, name, authorities)

    def has(self, remote: Remote) -> bool:
        """Tell whether a connection with this peer's socket is open."""
        return remote in self._connections or remote in self._aliases

    def _check_times(self) -> None:
        self._sweep = None
        now = self.now()
        for connection in list(self._connections.values()):
            connection.check_times(now, connection.flow.remote[0] in self.gate.admitted)
        if self._connections:
            self._sweep = self._network.callLater(SWEEP_SECONDS, self._check_times)

    def close(self) -> Deferred[None]:
        """Stop listening, close every connection; fires when all are gone."""
        self._closing = True
        done: Deferred[None] = Deferred()
        stopped = maybeDeferred(self._listening.stopListening)
        for opening in list(self._opening.values()):
            opening.give_up()
        for connection in list(self._connections.values()):
            connection.abort()
        if self._sweep is not None and self._sweep.active():
            self._sweep.cancel()
        self._sweep = None

        def listening_stopped(_: object) -> None:
            self._finished.append(done)
            self._finish()

        stopped.addCallback(listening_stopped)
        return done

    def _finish(self) -> None:
        if self._closing and not self._connections and not self._opening:
            if self._sweep is not None and self._sweep.active():
                self._sweep.cancel()
            waiting, self._finished = self._finished, []
            for done in waiting:
                done.callback(None)


class _Accepting(Factory):
    """Makes connections of what peers open."""

    noisy = False

    def __init__(self, port: StreamPort) -> None:
        self._port = port

    def buildProtocol(self, addr: Any) -> Connection | None:
        return self._port.accept(addr.host, addr.port)


class _AcceptingTls(TLSMemoryBIOFactory):
    """Lets the connections that are refused go before any TLS is spoken."""

    def buildProtocol(self, addr: Any) -> Any:
        protocol: Any = super().buildProtocol(addr)  # wraps what it gets, None too
        return None if protocol.wrappedProtocol is None else protocol


class _Opening(ClientFactory):
    """A connection that we are opening, with what waits to be sent on it."""

    noisy = False

    def __init__(self, port: StreamPort, flow: Flow) -> None:
        self._port = port
        self._flow = flow
        self._waiting: list[bytes] = []
        self._size = 0
        self._connector: Any = None

    def startedConnecting(self, connector: Any) -> None:
        self._connector = connector

    def queue(self, data: bytes) -> None:
        """Keep a message until the connection is up; raises TransportFailed when too much waits."""
        self._size += len(data)
        if self._size > MAX_QUEUED:
            raise TransportFailed(f"too much waits for {self._flow.remote}")
        self._waiting.append(data)

    def take(self) -> list[bytes]:
        waiting, self._waiting = self._waiting, []
        return waiting

    def give_up(self) -> None:
        if self._connector is not None:
            self._connector.stopConnecting()

    def buildProtocol(self, addr: Any) -> Connection:
        return Connection(self._port, self._flow)

    def clientConnectionFailed(self, connector: Any, reason: Any) -> None:
        self._port.open_failed(self._flow)
