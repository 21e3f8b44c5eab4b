"""Connect to a web server's address after it was looked up and checked; bound what it may send."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TookTooLong
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IProtocolFactory, IStreamClientEndpoint
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.web.client import URI
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from b2bua.calls.web import WebError
from b2bua.look_ups import LookUps, addresses_of

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

    def __init__(self, reactor: Any, look_ups: LookUps, policy: Any, may_be_asked: MayBeAsked) -> None:
        self._reactor = reactor
        self._look_ups = look_ups
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
        endpoint: Any = _CheckedEndpoint(
            self._reactor, self._look_ups, host, uri.port, self._may_be_asked, self._connections
        )
        if uri.scheme == b"http":
            return endpoint
        options = self._policy.creatorForNetloc(host.encode("ascii"), uri.port)
        return wrapClientTLS(options, endpoint)


@implementer(IStreamClientEndpoint)
class _CheckedEndpoint:
    def __init__(
        self,
        reactor: Any,
        look_ups: LookUps,
        host: str,
        port: int,
        may_be_asked: MayBeAsked,
        connections: list[Any],
    ) -> None:
        self._reactor = reactor
        self._look_ups = look_ups
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
        try:
            addresses = await self._look_ups.run(partial(addresses_of, self._host))
        except (OSError, UnicodeError, TookTooLong):
            raise WebError("unknown host", again=True) from None
        # One forbidden address forbids the name: who answers differently next time gains nothing.
        if not all(self._may_be_asked(address) for address in addresses):
            raise WebError("private address", again=False)
        failure: ConnectError | None = None
        for address in addresses[:ADDRESSES_TRIED]:
            kind = TCP6ClientEndpoint if ":" in address else TCP4ClientEndpoint
            try:
                wrapper = await kind(self._reactor, address, self._port).connect(factory)
            except ConnectError as error:
                failure = error
            else:
                return wrapper.wrappedProtocol
        assert failure is not None
        raise failure


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
