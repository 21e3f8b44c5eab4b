"""Which way a call leaves: trunks in order of preference, the healthy ones that have room (NextHops)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from b2bua.calls.ports import Dialling
from b2bua.sip.flow import Flow
from b2bua.stack.next_hop import NextHop
from b2bua.stack.resolver import Destination, ResolveFailed, Resolver
from b2bua.stack.transports.ip import version_of
from b2bua.stack.trunks.credentials import trunk_credentials
from b2bua.stack.trunks.presentation import Shown, present
from b2bua.stack.trunks.table import TrunkTable
from b2bua.stack.trunks.trunk import Trunk
from domain.snapshot import ShownCaller

MAX_ADDRESSES = 3
"""Addresses of one trunk that a call tries."""
FAILING = frozenset({0, 408, 503, 504})
"""What an attempt came to that tells against the trunk: dead flow, silence, overload."""
WITHDRAWN = 487
"""The caller gave up before the trunk had said a word: tells nothing about it."""

_log = Logger()


class Flows(Protocol):
    """Makes flows (:class:`b2bua.stack.transports.listeners.Listeners`)."""

    def flow(self, listener: str, transport: str, remote: tuple[str, int]) -> Flow | None:
        """Give a flow, or None where the listener does not speak the transport."""

    def name_peer(self, flow: Flow, name: str, authorities: str) -> None:
        """Say what the certificate of a TLS peer must be."""


class Phones(Protocol):
    """Knows where an extension's phones are (:class:`b2bua.stack.registrar.Registrar`)."""

    def hops(self, dialling: Dialling) -> Sequence[NextHop]:
        """Give one hop for each binding, the best first."""


class TrunkHops:
    """Implements :class:`b2bua.stack.next_hop.NextHops`."""

    def __init__(
        self,
        table: TrunkTable,
        flows: Flows,
        resolver: Resolver,
        phones: Phones,
        now: Callable[[], float],
        calls_in: Callable[[str], int] = lambda trunk: 0,
    ) -> None:
        """``now`` is monotonic; ``calls_in`` counts calls that came by a trunk and take its channels too."""
        self._table = table
        self._flows = flows
        self._resolver = resolver
        self._phones = phones
        self._now = now
        self._calls_in = calls_in

    def targets(self, dialling: Dialling) -> Deferred[Sequence[NextHop]]:
        """Give the attempts in order, healthy trunks first; empty when nothing can take the call."""
        if dialling.is_extension:
            return succeed(self._phones.hops(dialling))
        trunks = self._ready(dialling.trunks)
        if len(trunks) == 1:
            return self._hops_of(trunks[0], dialling)
        return Deferred.fromCoroutine(self._hops_of_all(trunks, dialling))

    def _ready(self, names: Sequence[str]) -> list[Trunk]:
        now = self._now()
        usable = [
            trunk
            for trunk in [self._table.get(name) for name in names]
            if trunk is not None and trunk.usable() and trunk.has_room(self._calls_in(trunk.name))
        ]
        healthy = [trunk for trunk in usable if trunk.circuit.may_call(now, probed=trunk.probed)]
        # With no trunk up a call would be lost anyway: better tried than refused.
        return healthy or [trunk for trunk in usable if trunk.circuit.last_resort(now)]

    async def _hops_of_all(self, trunks: list[Trunk], dialling: Dialling) -> Sequence[NextHop]:
        asked = [self._hops_of(trunk, dialling) for trunk in trunks]
        out: list[NextHop] = []
        for hops in asked:
            out += await hops
        return out

    def _hops_of(self, trunk: Trunk, dialling: Dialling) -> Deferred[Sequence[NextHop]]:
        found = self.destinations(trunk)

        def build(destinations: tuple[Destination, ...]) -> Sequence[NextHop]:
            return self._build(trunk, destinations, dialling)

        return found.addCallback(build)

    def destinations(self, trunk: Trunk) -> Deferred[tuple[Destination, ...]]:
        """Find where requests on a trunk go: outbound proxy, target or domain; empty without an address."""
        snapshot = trunk.snapshot
        target = snapshot.outbound_proxy or snapshot.target or snapshot.domain

        def found(destinations: tuple[Destination, ...]) -> tuple[Destination, ...]:
            self._table.note_resolved(trunk, frozenset([one.host for one in destinations]))
            return destinations

        def lost(failure: object) -> tuple[Destination, ...]:
            failure.trap(ResolveFailed)  # type: ignore[attr-defined]
            if trunk.circuit.failure(self._now(), f"{target} has no address"):
                self._table.tell_state(trunk, False, trunk.circuit.why)
            return ()

        return self._resolver.resolve(target, snapshot.transport).addCallbacks(found, lost)

    def flow_to(self, trunk: Trunk, destination: Destination) -> Flow | None:
        """Give the flow from a trunk's listener to an address, or None where there is no way."""
        flow = self._flows.flow(
            trunk.snapshot.listener, destination.transport, (destination.host, destination.port)
        )
        if flow is None or version_of(flow.local[0]) != version_of(destination.host):
            return None
        if flow.transport == "tls":
            self._flows.name_peer(flow, destination.name, trunk.snapshot.tls_authorities)
        return flow

    def _build(
        self, trunk: Trunk, destinations: tuple[Destination, ...], dialling: Dialling
    ) -> list[NextHop]:
        shown = self._present(trunk, dialling, None)
        fallback = None
        if trunk.snapshot.shown_caller is not ShownCaller.TRUNK_NUMBER and trunk.snapshot.trunk_number:
            fallback = self._present(trunk, dialling, ShownCaller.TRUNK_NUMBER)
        out: list[NextHop] = []
        for destination in destinations[:MAX_ADDRESSES]:
            flow = self.flow_to(trunk, destination)
            if flow is None:
                continue
            spare = None if fallback is None else _hop(trunk, flow, fallback, None)
            out.append(_hop(trunk, flow, shown, spare))
        if not out:
            _log.warn(
                "trunk {name}: no listener {listener} reaches it",
                name=trunk.name,
                listener=trunk.snapshot.listener,
            )
        return out

    def _present(self, trunk: Trunk, dialling: Dialling, shown: ShownCaller | None) -> Shown:
        return present(
            trunk.snapshot,
            target=dialling.target,
            caller=dialling.caller,
            anonymous=dialling.anonymous,
            tenant_number=dialling.tenant_number,
            identity=trunk.registration.identity,
            shown=shown,
        )

    def begin(self, hop: NextHop) -> bool:
        """Take a channel of the hop's trunk; False: it is over its limit, the next hop is tried."""
        if hop.trunk is None:
            return True
        trunk = self._table.get(hop.trunk)
        now = self._now()
        if trunk is None or not trunk.begin_call(now, self._calls_in(hop.trunk)):
            return False
        trunk.circuit.calling(now)
        return True

    def tried(self, hop: NextHop, status: int, retry_after: float = 0.0) -> None:
        """Learn what an attempt came to (see the port); a 503's Retry-After keeps calls away for so long."""
        trunk = self._table.get(hop.trunk) if hop.trunk is not None else None
        if trunk is None:
            return
        now = self._now()
        if status == WITHDRAWN:
            trunk.circuit.give_up_probe()
        elif status not in FAILING:
            if not (trunk.probed and trunk.circuit.state != "up") and trunk.circuit.success(now):
                self._table.tell_state(trunk, True, "a call got through")
        elif trunk.circuit.failure(now, _why(status), retry_after):
            self._table.tell_state(trunk, False, trunk.circuit.why)

    def end(self, hop: NextHop) -> None:
        """Give the channel back."""
        trunk = self._table.get(hop.trunk) if hop.trunk is not None else None
        if trunk is not None:
            trunk.end_call()
            trunk.circuit.give_up_probe()


def _hop(trunk: Trunk, flow: Flow, shown: Shown, fallback: NextHop | None) -> NextHop:
    snapshot = trunk.snapshot
    routes: tuple[str, ...] = ()
    if trunk.registers:
        routes = trunk.registration.service_routes
        if snapshot.outbound_proxy and not routes:
            routes = (f"<sip:{snapshot.outbound_proxy};lr>",)
    return NextHop(
        trunk=trunk.name,
        uri=shown.uri,
        flow=flow,
        from_=shown.from_,
        to=shown.to,
        contact_user=trunk.line_user,
        routes=routes,
        headers=shown.headers,
        credentials=trunk_credentials(snapshot),
        fallback=fallback,
        failover_seconds=snapshot.failover_seconds,
        session_seconds=snapshot.session_seconds,
        reliable_provisional=snapshot.reliable_provisional,
    )


def _why(status: int) -> str:
    if status == 0:
        return "unreachable"
    return "no answer" if status == 408 else f"answered {status}"
