"""The SIP side of the process: listeners, gates, trunks, phones, and who may speak to us."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Sequence
from typing import Any, cast

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred

from b2bua.calls.ports import Dialling, Invitation, Reception
from b2bua.control import ListenerState
from b2bua.sdp import SessionDescription
from b2bua.sip.core import Reply
from b2bua.sip.core_admission import SILENCE, Admission, Admitted
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.sip.respond import response_to
from b2bua.stack.dialler import SipDialler
from b2bua.stack.driver import Driver, Wire
from b2bua.stack.next_hop import NextHop
from b2bua.stack.reception import SipReception
from b2bua.stack.resolver import Resolver
from b2bua.stack.strangers import Gate
from b2bua.stack.transport import Transport
from b2bua.stack.transports.ip import bracketed
from b2bua.stack.transports.listeners import Listeners
from b2bua.stack.trunks.hops import TrunkHops
from b2bua.stack.trunks.table import OnTrunkState, TrunkTable
from domain.snapshot import BoxSnapshot, ListenerSnapshot


class LazyDns:
    """Twisted's DNS client, imported at the first question: most boxes reach their carriers by address."""

    def __getattr__(self, name: str) -> Any:
        from twisted.names.client import createResolver

        return getattr(createResolver(), name)


class NoPhones:
    """Stands in for the registrar."""

    def hops(self, dialling: Dialling) -> Sequence[NextHop]:
        """Know nobody."""
        return ()


class SipSide:
    """Everything between the network and the call services."""

    def __init__(
        self,
        reactor: ReactorBase,
        reception: Reception,
        *,
        wire: Wire | None,
        on_trunk_state: OnTrunkState,
        calls_in: Callable[[str], int],
    ) -> None:
        self.gates: dict[str, Gate] = {}
        self.table = TrunkTable(on_trunk_state)
        self._reactor = reactor
        self.driver = Driver(
            reactor,
            cast(Transport, None),  # the listeners, which need the driver first
            SipReception(reception, self._read_invitation, self._register, self._prefers_reliable),
            self._admit,
            find_flow=lambda *where: self.listeners.flow(*where),
            wire=wire,
        )
        self.listeners = Listeners(reactor, self.driver, self._gate)  # type: ignore[arg-type]
        self.driver.transport = self.listeners
        resolver = Resolver(LazyDns(), reactor, random.random)
        self.hops = TrunkHops(self.table, self.listeners, resolver, NoPhones(), reactor.seconds, calls_in)
        self.dialler = SipDialler(self.driver, self.hops)

    def configure(self, box: BoxSnapshot, listeners: Sequence[ListenerSnapshot]) -> Deferred[None]:
        """Put trunks and listeners in force; raises ValueError or ListenFailed."""
        self.table.configure(box)
        return self.listeners.configure(listeners)

    def calls_out(self, trunk: str) -> int:
        """Count the channels of a trunk that calls going out have taken."""
        found = self.table.get(trunk)
        return found.calls_out if found is not None else 0

    def registrations(self) -> int:
        """Count the phones that are registered."""
        return 0

    def listener_states(self) -> list[ListenerState]:
        """Describe the sockets."""
        states: list[ListenerState] = []
        for name, transport in self.listeners.counts():
            flow = self.listeners.flow(name, transport, ("", 0))
            if flow is not None:
                host, port = flow.local
                states.append(ListenerState(name, transport, f"{bracketed(host)}:{port}"))
        return states

    def quiet(self) -> Deferred[None]:
        """Fire when every BYE of ours was answered."""
        quiet: Deferred[None] = Deferred()

        def look() -> None:
            if not self.driver.core.endpoint.transactions.clients:
                quiet.callback(None)
            else:
                self._reactor.callLater(0.02, look)

        look()
        return quiet

    def close(self) -> Deferred[None]:
        """Close the sockets and forget all timers."""
        self.driver.close()
        return self.listeners.close()

    def _gate(self, listener: str) -> Gate:
        gate = self.gates.get(listener)
        if gate is None:
            gate = self.gates[listener] = Gate(
                self._reactor.seconds, lambda host: self.table.is_source(listener, host), phones=False
            )
        return gate

    def _admit(self, request: Request, flow: Flow) -> Admission:
        trunk = self.table.identify(request, flow)
        if trunk is None or not trunk.snapshot.inbound:
            return SILENCE
        return Admitted(trunk=trunk.name)

    def _register(self, request: Request, admitted: Admitted, reply: Reply) -> None:
        reply(response_to(request, 403, to_tag=secrets.token_hex(8)))

    def _prefers_reliable(self, admitted: Admitted) -> bool:
        trunk = self.table.get(admitted.trunk or "")
        return trunk is not None and trunk.snapshot.reliable_provisional

    def _read_invitation(
        self, request: Request, admitted: Admitted, offer: SessionDescription | None
    ) -> Invitation:
        flow = request.source
        assert flow is not None
        trunk = self.table.get(admitted.trunk or "")
        assert trunk is not None
        numbers = self.table.read_numbers(request, trunk)
        return Invitation(
            trunk=admitted.trunk,
            extension=admitted.extension,
            listener=flow.listener,
            called_raw=numbers.called_raw,
            called=numbers.called,
            caller_raw=numbers.caller_raw,
            caller=numbers.caller,
            caller_display=numbers.caller_display,
            anonymous=numbers.anonymous,
            sip_call_id=request.call_id,
            source=f"{flow.remote[0]}:{flow.remote[1]}",
            user_agent=request.get("User-Agent") or "",
            offer=offer,
        )
