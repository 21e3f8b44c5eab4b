"""Where the requests of a dialog go: addresses at once, names as soon as the DNS has told (RFC 3263)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from b2bua.sip.dialog import Found
from b2bua.sip.flow import Flow
from b2bua.sip.uri import Uri
from b2bua.stack.resolver import Destination, ResolveFailed
from b2bua.stack.transports.ip import version_of

FindFlow = Callable[[str, str, tuple[str, int]], Flow | None]
"""(listener, transport, remote address) -> flow, None where the listener does not speak the transport."""

Resolve = Callable[[str, str | None], Deferred[tuple[Destination, ...]]]
"""(``host[:port]``, transport) -> addresses, the best first; errbacks ResolveFailed."""

_log = Logger()


class NextFlow:
    """Implements ``Paths.route``."""

    def __init__(self, find_flow: FindFlow | None, resolve: Resolve | None = None) -> None:
        """Without ``find_flow`` dialogs stay on the flow they came by, without ``resolve`` those that name
        their next hop do."""
        self._find_flow = find_flow
        self._resolve = resolve

    def route(self, uri: Uri, flow: Flow, found: Found) -> Flow:
        """Return the flow to a dialog's next hop; a name that must be asked for is told to ``found`` later.

        What the listener does not speak leaves the dialog on its flow. So does a connection to the same
        host, which is used again (RFC 5923 in spirit), and every TLS connection to a name: it was opened to
        who bears it.
        """
        if self._find_flow is None or not uri.host:
            return flow
        host = uri.host.strip("[]")
        if version_of(host):
            return self._to_address(uri, host, flow)
        if self._resolve is None or flow.transport == "tls" or uri.scheme == "sips":
            return flow
        return self._to_name(uri, host, flow, found)

    def _to_address(self, uri: Uri, host: str, flow: Flow) -> Flow:
        transport = uri.transport or (flow.transport if host == flow.remote[0] else "udp")
        if uri.scheme == "sips" and transport != "udp":
            transport = "tls"
        if host == flow.remote[0] and transport == flow.transport != "udp":
            return flow
        remote = (host, uri.port or (5061 if transport == "tls" else 5060))
        return self._flow_to(transport, remote, flow) or flow

    def _to_name(self, uri: Uri, host: str, flow: Flow, found: Found) -> Flow:
        assert self._resolve is not None
        target = host if uri.port is None else f"{host}:{uri.port}"
        known: list[Flow] = []
        waiting = [True]

        def resolved(destinations: Sequence[Destination]) -> None:
            chosen = self._choose(destinations, flow)
            if chosen is None:
                return
            if waiting:
                known.append(chosen)
            else:
                found(chosen)

        asked = self._resolve(target, uri.transport or flow.transport).addCallback(resolved)
        asked.addErrback(lambda failure: failure.trap(ResolveFailed) and None)
        asked.addErrback(lambda failure: _log.failure("next hop {target}", failure, target=target))
        waiting.clear()
        return known[0] if known else flow

    def _choose(self, destinations: Sequence[Destination], flow: Flow) -> Flow | None:
        """Return the flow itself where it leads to one of the addresses, else one to the first that can be
        reached."""
        for one in destinations:
            same_host = one.host == flow.remote[0] and one.transport == flow.transport
            if same_host and (flow.transport != "udp" or one.port == flow.remote[1]):
                return flow
        for one in destinations:
            if version_of(one.host) != version_of(flow.local[0]):
                continue
            reached = self._flow_to(one.transport, (one.host, one.port), flow)
            if reached is not None:
                return reached
        return None

    def _flow_to(self, transport: str, remote: tuple[str, int], flow: Flow) -> Flow | None:
        if remote == flow.remote and transport == flow.transport:
            return flow
        address = ipaddress.ip_address(remote[0])
        if address.is_unspecified or address.is_multicast:
            return None
        assert self._find_flow is not None
        return self._find_flow(flow.listener, transport, remote)
