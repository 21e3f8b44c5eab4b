"""The SIP side of the process: driver, listeners, and the peers that speak with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from twisted.internet.base import DelayedCall, ReactorBase
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from b2bua.calls.ports import Reception
from b2bua.control import ListenerState
from b2bua.sip.core_admission import Admission, Admitted
from b2bua.sip.core_user import Reply
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.stack.dialler import SipDialler
from b2bua.stack.driver import Driver, Wire
from b2bua.stack.peers import Peers
from b2bua.stack.reception import SipReception
from b2bua.stack.transport import Transport
from b2bua.stack.transports.ip import bracketed
from b2bua.stack.transports.listeners import Listeners, ListenFailed
from b2bua.stack.transports.reactor import Network
from b2bua.stack.trunks.table import OnTrunkState
from domain.snapshot import BoxSnapshot, ListenerSnapshot

RETRY_SECONDS = 5.0
"""Until a listener that could not be opened is tried again."""
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
        on_listener: Callable[[str, str], None],
        calls_in: Callable[[str], int],
    ) -> None:
        """``on_listener`` hears (name, why it cannot be opened, empty when it is); ``calls_in`` counts the
        calls that came by a trunk and take its channels."""
        self._reactor = reactor
        self._on_listener = on_listener
        self._wanted: tuple[ListenerSnapshot, ...] = ()
        self._retry: DelayedCall | None = None
        network = cast(Network, reactor)
        self.peers = Peers(network, on_trunk_state=on_trunk_state, on_guessing=on_guessing, calls_in=calls_in)
        self.driver = Driver(
            network,
            cast(Transport, None),  # the listeners, which need the driver first
            SipReception(reception, self.peers.read_invitation, self._register, self.peers.prefers_reliable),
            self._admit,
            find_flow=lambda listener, transport, remote: self.listeners.flow(listener, transport, remote),
            resolve=lambda target, transport: self.peers.resolver.resolve(target, transport),
            wire=wire,
            before_send=before_send,
        )
        self.listeners = Listeners(network, self.driver, self.peers.gates.of)
        self.driver.transport = self.listeners
        self.peers.connect(self.listeners, self.driver.core.request)
        self.dialler = SipDialler(self.driver, self.peers.hops)

    def configure(self, box: BoxSnapshot, listeners: Sequence[ListenerSnapshot]) -> None:
        """Put trunks, phones and listeners in force; raises ValueError for what can never be.

        A listener that cannot be opened (its address is not there yet) is told to ``on_listener`` and tried
        again; the others serve meanwhile.
        """
        self.peers.gates.own = {each.name: each.bind for each in listeners}
        self.peers.configure(box)
        self._wanted = tuple(listeners)
        self._open()

    def _open(self) -> None:
        self._cancel_retry()
        wanted, failed = list(self._wanted), dict[str, str]()
        while True:
            try:
                opened = self.listeners.configure(wanted)
                break
            except ListenFailed as failure:
                failed[failure.listener] = str(failure)
                wanted = [listener for listener in wanted if listener.name not in failed]
        opened.addErrback(self._could_not_move)
        for listener in self._wanted:
            self._on_listener(listener.name, failed.get(listener.name, ""))
        if failed:
            self._retry = self._reactor.callLater(RETRY_SECONDS, self._open)

    def _could_not_move(self, failure: Failure) -> None:
        failure.trap(ListenFailed)
        refused = failure.value
        assert isinstance(refused, ListenFailed)
        self._on_listener(refused.listener, str(refused))
        self._cancel_retry()
        self._retry = self._reactor.callLater(RETRY_SECONDS, self._open)

    def _cancel_retry(self) -> None:
        if self._retry is not None and self._retry.active():
            self._retry.cancel()
        self._retry = None

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
        self._cancel_retry()
        self.driver.close()
        await self.listeners.close()

    def _admit(self, request: Request, flow: Flow) -> Admission:
        return self.peers.doorkeeper.admit(request, flow)

    def _register(self, request: Request, admitted: Admitted, reply: Reply) -> None:
        self.peers.registrar.register(request, admitted, reply)
