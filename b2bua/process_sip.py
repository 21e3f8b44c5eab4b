"""The SIP side of the process: driver, listeners, and the peers that speak with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred

from b2bua.calls.ports import Reception
from b2bua.control import ListenerState
from b2bua.sip.core import Reply
from b2bua.sip.core_admission import Admission, Admitted
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.stack.dialler import SipDialler
from b2bua.stack.driver import Driver, Wire
from b2bua.stack.peers import Peers
from b2bua.stack.reception import SipReception
from b2bua.stack.transport import Transport
from b2bua.stack.transports.ip import bracketed
from b2bua.stack.transports.listeners import Listeners
from b2bua.stack.transports.reactor import Network
from b2bua.stack.trunks.table import OnTrunkState
from domain.snapshot import BoxSnapshot, ListenerSnapshot

LOOK_SECONDS = 0.02


class SipSide:
    """Everything between the network and the call services."""

    def __init__(
        self,
        reactor: ReactorBase,
        reception: Reception,
        *,
        wire: Wire | None,
        before_send: Callable[[], None],
        on_trunk_state: OnTrunkState,
        on_guessing: Callable[[str, str, float], None],
        calls_in: Callable[[str], int],
    ) -> None:
        """``calls_in`` counts the calls that came by a trunk and take its channels."""
        self._reactor = reactor
        network = cast(Network, reactor)
        self.peers = Peers(network, on_trunk_state=on_trunk_state, on_guessing=on_guessing, calls_in=calls_in)
        self.driver = Driver(
            network,
            cast(Transport, None),  # the listeners, which need the driver first
            SipReception(reception, self.peers.read_invitation, self._register, self.peers.prefers_reliable),
            self._admit,
            find_flow=lambda listener, transport, remote: self.listeners.flow(listener, transport, remote),
            wire=wire,
            before_send=before_send,
        )
        self.listeners = Listeners(network, self.driver, self.peers.gates.of)
        self.driver.transport = self.listeners
        self.peers.connect(self.listeners, self.driver.core.request)
        self.dialler = SipDialler(self.driver, self.peers.hops)

    def configure(self, box: BoxSnapshot, listeners: Sequence[ListenerSnapshot]) -> None:
        """Put trunks, phones and listeners in force; raises ValueError or ListenFailed."""
        self.peers.configure(box)
        self.listeners.configure(listeners)

    def start(self, registrations: Path, utc: Callable[[], float]) -> None:
        """Restore registered phones and reach out to carriers; the listeners must be open."""
        self.peers.start(registrations, utc)
        self.peers.reach_out()

    def calls_out(self, trunk: str) -> int:
        """Count the channels of a trunk that calls going out have taken."""
        found = self.peers.table.get(trunk)
        return found.calls_out if found is not None else 0

    def registrations(self) -> int:
        """Count the phones that are registered."""
        return len(list(self.peers.registrar.bindings.all()))

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
        """Fire when every request of ours was answered; cancellable."""
        stopped: list[bool] = []
        quiet: Deferred[None] = Deferred(lambda _: stopped.append(True))

        def look() -> None:
            if stopped:
                return
            if self.driver.core.requests_waiting():
                self._reactor.callLater(LOOK_SECONDS, look)
            else:
                quiet.callback(None)

        look()
        return quiet

    def leave(self) -> Deferred[None]:
        """Unregister from carriers and save the phones; fires when done, at most 2 s later."""
        return self.peers.stop()

    async def close(self) -> None:
        """Close the sockets, forget all timers."""
        self.driver.close()
        await self.listeners.close()

    def _admit(self, request: Request, flow: Flow) -> Admission:
        return self.peers.doorkeeper.admit(request, flow)

    def _register(self, request: Request, admitted: Admitted, reply: Reply) -> None:
        self.peers.registrar.register(request, admitted, reply)
