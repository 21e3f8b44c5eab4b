"""Connect to a web server's address after it was looked up and checked; bound what it may send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import (
    IAddress,
    IHostResolution,
    IProtocolFactory,
    IResolutionReceiver,
    IStreamClientEndpoint,
)
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.web.client import URI
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from b2bua.calls.web import WebError

MOST_RECEIVED: Final = 192 * 1024
"""Bytes that one connection may bring, headers and TLS included."""
ADDRESSES_TRIED: Final = 2

MayBeAsked = Callable[[str], bool]
"""Tells whether an address (a literal) may be connected to."""


@implementer(IAgentEndpointFactory)
class CheckedEndpoints:
    """Gives the Agent of one request endpoints that connect to checked addresses only.

    TLS is verified by ``policy`` (IPolicyForHTTPS).
    """

    def __init__(self, reactor: Any, policy: Any, may_be_asked: MayBeAsked) -> None:
        self._reactor = reactor
        self._policy = policy
        self._may_be_asked = may_be_asked
        self._connections: list[Any] = []

    def abort(self) -> None:
        """Close what was connected, at once: a peer who does not want to part keeps nothing open."""
        for factory in self._connections:
            for protocol in list(factory.protocols):
                protocol.transport.abortConnection()
        self._connections.clear()

    def endpointForURI(self, uri: URI) -> Any:
        """Return the endpoint for a URI of http or https."""
        host = uri.host.decode("ascii").strip("[]")
        endpoint: Any = _CheckedEndpoint(self._reactor, host, uri.port, self._may_be_asked, self._connections)
        if uri.scheme == b"http":
            return endpoint
        options = self._policy.creatorForNetloc(host.encode("ascii"), uri.port)
        return wrapClientTLS(options, endpoint)


@implementer(IStreamClientEndpoint)
class _CheckedEndpoint:
    def __init__(
        self, reactor: Any, host: str, port: int, may_be_asked: MayBeAsked, connections: list[Any]
    ) -> None:
        self._reactor = reactor
        self._host = host
        self._port = port
        self._may_be_asked = may_be_asked
        self._connections = connections

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:
        """Look the host up, check every address, connect to the first that answers."""
        factory = _bounded(protocolFactory)
        self._connections.append(factory)
        return Deferred.fromCoroutine(self._connect(factory))

    async def _connect(self, factory: Any) -> Any:
        addresses = await _look_up(self._reactor, self._host, self._port)
        if not addresses:
            raise WebError("unknown host", again=True)
        # One forbidden address forbids the name: who answers differently next time gains nothing.
        if not all(self._may_be_asked(address.host) for address in addresses):
            raise WebError("private address", again=False)
        failure: ConnectError | None = None
        for address in addresses[:ADDRESSES_TRIED]:
            kind = TCP6ClientEndpoint if isinstance(address, IPv6Address) else TCP4ClientEndpoint
            try:
                wrapper = await kind(self._reactor, address.host, self._port).connect(factory)
            except ConnectError as error:
                failure = error
            else:
                return wrapper.wrappedProtocol
        assert failure is not None
        raise failure


def _look_up(reactor: Any, host: str, port: int) -> Deferred[list[IPv4Address | IPv6Address]]:
    """Resolve a host without blocking; an empty list when it is unknown."""
    found: Deferred[list[IPv4Address | IPv6Address]] = Deferred()
    reactor.nameResolver.resolveHostName(_Addresses(found), host, portNumber=port)
    return found


@implementer(IResolutionReceiver)
class _Addresses:
    """Collects the addresses of a host."""

    def __init__(self, found: Deferred[list[IPv4Address | IPv6Address]]) -> None:
        self._found = found
        self._addresses: list[IPv4Address | IPv6Address] = []

    def resolutionBegan(self, resolution: IHostResolution) -> None:
        """Take note of nothing: who waits no longer lets the thread finish."""

    def addressResolved(self, address: IAddress) -> None:
        """Keep an address of the internet."""
        if isinstance(address, IPv4Address | IPv6Address) and address not in self._addresses:
            self._addresses.append(address)

    def resolutionComplete(self) -> None:
        """Tell what was found."""
        self._found.callback(self._addresses)


class _BoundedProtocol(ProtocolWrapper):
    """Ends a connection that brings too much."""

    received = 0

    def dataReceived(self, data: bytes) -> None:
        """Count, then pass on."""
        self.received += len(data)
        if self.received > MOST_RECEIVED:
            transport: Any = self.transport
            transport.abortConnection()
            return
        super().dataReceived(data)  # type: ignore[no-untyped-call]


class _Bounded(WrappingFactory):
    """Makes protocols whose connections may bring only so much."""

    protocol = _BoundedProtocol
    noisy = False


def _bounded(factory: IProtocolFactory) -> Any:
    return _Bounded(factory)  # type: ignore[no-untyped-call]
