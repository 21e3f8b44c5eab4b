"""All places where SIP is spoken: opens them, sends along flows, says what we are called there."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted.internet.defer import Deferred, DeferredList, succeed
from twisted.internet.error import CannotListenError

from b2bua.sip.flow import Flow
from b2bua.sip.message import Message
from b2bua.sip.parse import parse_message
from b2bua.stack.strangers import Gate
from b2bua.stack.transport import Receiver, TransportFailed
from b2bua.stack.transports.counts import Counts
from b2bua.stack.transports.ip import bracketed, is_wildcard, source_towards
from b2bua.stack.transports.reactor import Network
from b2bua.stack.transports.stream import StreamPort
from b2bua.stack.transports.tls import TlsIdentity
from b2bua.stack.transports.udp import UdpPort
from domain.snapshot import ListenerSnapshot

Remote = tuple[str, int]
Port = UdpPort | StreamPort


class ListenFailed(Exception):
    """A listener cannot be opened: its address is taken or not ours, or its certificate is unusable."""

    def __init__(self, listener: str, why: object) -> None:
        super().__init__(f"listener {listener}: {why}")
        self.listener = listener
        """Its name in the configuration."""


class Listeners:
    """The transport under the SIP stack (:class:`b2bua.stack.transport.Transport`)."""

    def __init__(
        self,
        network: Network,
        receiver: Receiver,
        gate_of: Callable[[str], Gate],
        parse: Callable[[bytes], Message] = parse_message,
    ) -> None:
        self._network = network
        self._receiver = receiver
        self._gate_of = gate_of
        self._parse = parse
        self.on_closed: Callable[[Flow], None] | None = None
        """Called when a TCP or TLS connection is gone."""
        self._snapshots: dict[str, ListenerSnapshot] = {}
        self._ports: dict[tuple[str, str], Port] = {}
        self._udp: dict[str, UdpPort] = {}
        self._sent_by: dict[tuple[str, str, str], tuple[str, int]] = {}

    def configure(self, snapshots: Iterable[ListenerSnapshot]) -> Deferred[None]:
        """Open what is new, close what is gone, open anew what has moved; fires when all of that is done.

        Raises ListenFailed where a new listener cannot be opened (what was opened until then stays open);
        errbacks it where a moved one cannot.
        """
        wanted = {snapshot.name: snapshot for snapshot in snapshots}
        closing: list[Deferred[None]] = []
        moved: list[ListenerSnapshot] = []
        for name, old in list(self._snapshots.items()):
            new = wanted.get(name)
            if new is not None and _sockets(new) == _sockets(old):
                self._snapshots[name] = new
                continue
            closing.append(self._close_listener(name))
            if new is not None:
                moved.append(new)
        self._sent_by.clear()
        for name, snapshot in wanted.items():
            if name not in self._snapshots and snapshot not in moved:
                self._open_listener(snapshot)

        def closed(_: object) -> None:
            for snapshot in moved:
                self._open_listener(snapshot)

        return DeferredList(closing).addCallback(closed)

    def _open_listener(self, snapshot: ListenerSnapshot) -> None:
        name, gate = snapshot.name, self._gate_of(snapshot.name)
        self._snapshots[name] = snapshot
        try:
            for transport in snapshot.transports:
                bind = (snapshot.bind, snapshot.tls_port if transport == "tls" else snapshot.port)
                if transport == "udp":
                    port = UdpPort(self._network, name, bind, gate, self._receiver, self._parse)
                    self._ports[name, "udp"] = self._udp[name] = port
                elif transport == "tcp":
                    self._ports[name, "tcp"] = StreamPort(self._network, name, bind, gate, self._receiver)
                elif transport == "tls":
                    identity = TlsIdentity(
                        snapshot.tls_certificate, snapshot.tls_key, snapshot.tls_client_authorities
                    )
                    self._ports[name, "tls"] = StreamPort(
                        self._network, name, bind, gate, self._receiver, identity
                    )
                else:
                    raise ValueError(f"no transport {transport!r}")
                stream = self._ports[name, transport]
                if isinstance(stream, StreamPort):
                    stream.on_closed = self._closed
        except (OSError, ValueError, CannotListenError) as error:
            self._close_listener(name)
            raise ListenFailed(name, error) from error

    def _close_listener(self, name: str) -> Deferred[None]:
        del self._snapshots[name]
        self._udp.pop(name, None)
        waits: list[Deferred[None]] = []
        for key in [key for key in self._ports if key[0] == name]:
            port = self._ports.pop(key)
            if isinstance(port, UdpPort):
                port.close()
            else:
                waits.append(port.close())
        return DeferredList(waits).addCallback(lambda _: None) if waits else succeed(None)

    def _closed(self, flow: Flow) -> None:
        if self.on_closed is not None:
            self.on_closed(flow)

    def close(self) -> Deferred[None]:
        """Close everything; fires when no socket is left."""
        return self.configure(())

    # Sending

    def send(self, data: bytes, flow: Flow) -> None:
        """Send one whole message along a flow (see :class:`b2bua.stack.transport.Transport`)."""
        if flow.transport == "udp":
            udp = self._udp.get(flow.listener)
            if udp is not None:
                udp.send(data, flow.remote)
                return
        port = self._ports.get((flow.listener, flow.transport))
        if port is None:
            raise TransportFailed(f"listener {flow.listener} speaks no {flow.transport}")
        port.send(data, flow.remote)

    def reliable(self, flow: Flow) -> bool:
        """Whether the flow needs no retransmission."""
        return flow.transport != "udp"

    def sent_by(self, flow: Flow) -> tuple[str, int]:
        """Give the host (IPv6 in brackets) and port that Via and Contact show on this flow."""
        key = (flow.listener, flow.transport, flow.remote[0])
        shown = self._sent_by.get(key)
        if shown is None:
            if len(self._sent_by) >= 4096:
                self._sent_by.clear()
            shown = self._sent_by[key] = self._shown(flow)
        return shown

    def _shown(self, flow: Flow) -> tuple[str, int]:
        port = self._ports.get((flow.listener, flow.transport))
        number = port.local[1] if port is not None else flow.local[1]
        snapshot = self._snapshots.get(flow.listener)
        host = (snapshot.advertise or snapshot.bind) if snapshot is not None else flow.local[0]
        if snapshot is not None and not snapshot.advertise and is_wildcard(host):
            host = source_towards(flow.remote[0])
        return bracketed(host), number

    def flow(self, listener: str, transport: str, remote: Remote) -> Flow | None:
        """Give the flow from a listener to an address, or None when it does not speak this transport."""
        port = self._ports.get((listener, transport))
        if port is None:
            return None
        return Flow(transport=transport, local=port.local, remote=remote, listener=listener)

    def name_peer(self, flow: Flow, name: str, authorities: str) -> None:
        """Say which name the certificate of a TLS peer must bear and who vouches for it (PEM file or "")."""
        port = self._ports.get((flow.listener, flow.transport))
        if isinstance(port, StreamPort):
            port.name_peer(flow.remote, name, authorities)

    def counts(self) -> dict[tuple[str, str], Counts]:
        """Give the counters by (listener, transport)."""
        return {key: port.counts for key, port in self._ports.items()}


def _sockets(snapshot: ListenerSnapshot) -> tuple[object, ...]:
    """What the sockets of a listener hang on; all else may change under them."""
    return (
        snapshot.bind,
        snapshot.port,
        snapshot.transports,
        snapshot.tls_port,
        snapshot.tls_certificate,
        snapshot.tls_key,
        snapshot.tls_client_authorities,
    )
