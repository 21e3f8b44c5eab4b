"""Everybody the box talks SIP with, put together: trunks, phones, and the doors they come through."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from b2bua.calls.ports import Invitation
from b2bua.sdp import SessionDescription
from b2bua.sip.core_admission import Admitted
from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.stack.admission import Doorkeeper, Gates
from b2bua.stack.randomness import fresh_token
from b2bua.stack.registrar import Registrar
from b2bua.stack.registrar_accounts import Accounts
from b2bua.stack.registrar_file import RegistrarFile
from b2bua.stack.registration import TrunkRegistration
from b2bua.stack.registrations import Registrations
from b2bua.stack.resolver import Lookup, Resolver
from b2bua.stack.transports.ip import bracketed
from b2bua.stack.transports.listeners import Listeners
from b2bua.stack.transports.reactor import Times
from b2bua.stack.trunks.hops import TrunkHops
from b2bua.stack.trunks.inbound import Numbers
from b2bua.stack.trunks.probes import Prober
from b2bua.stack.trunks.requests import SendRequest
from b2bua.stack.trunks.table import OnTrunkState, TrunkTable
from b2bua.stack.trunks.trunk import Trunk
from domain.calling.caller import CallerClass
from domain.snapshot import BoxSnapshot, CallerHeader

_log = Logger()


class LazyDns:
    """Twisted's DNS client, made at the first question: most boxes reach their carriers by address."""

    def __init__(self) -> None:
        self._resolver: Any = None

    def __getattr__(self, name: str) -> Any:
        if self._resolver is None:
            from twisted.names.client import Resolver as DnsClient

            self._resolver = DnsClient(resolv="/etc/resolv.conf", timeout=(1, 1))
        return getattr(self._resolver, name)


class Peers:
    """Trunks and phones of one box.

    Made in two steps, because listeners need the gates and requests need the core: construct, then
    :meth:`connect`, then :meth:`configure` (again at each reload), then :meth:`start`.
    """

    def __init__(
        self,
        clock: Times,
        *,
        on_trunk_state: OnTrunkState | None = None,
        on_guessing: Callable[[str, str, float], None] | None = None,
        calls_in: Callable[[str], int] = lambda trunk: 0,
        lookup: Lookup | None = None,
    ) -> None:
        """``on_guessing`` hears (source, account or "", seconds) when somebody guesses passwords."""
        self.table = TrunkTable(on_trunk_state)
        self.gates = Gates(self.table, clock.seconds)
        self._clock = clock
        self._calls_in = calls_in
        self._on_guessing = on_guessing
        self._lookup = lookup or LazyDns()
        self.accounts = Accounts(secrets.token_bytes(32), lambda: secrets.token_bytes(8), self._guessing)
        self.registrar: Registrar
        self.doorkeeper: Doorkeeper
        self.hops: TrunkHops
        self.resolver: Resolver
        self.prober: Prober
        self.registrations: Registrations
        self._file: RegistrarFile | None = None

    def connect(self, listeners: Listeners, send: SendRequest) -> None:
        """Take the transports and the core's way to send requests."""
        clock = self._clock
        self.registrar = Registrar(self.accounts, self.gates.of, listeners, clock, fresh_token)
        self.doorkeeper = Doorkeeper(self.table, self.registrar)
        self.resolver = Resolver(self._lookup, clock, random.random)
        self.hops = TrunkHops(
            self.table, listeners, self.resolver, self.registrar, clock.seconds, self._calls_in
        )
        self.prober = Prober(
            self.table, self.hops, send, listeners.sent_by, clock, random.random, fresh_token
        )

        def make(trunk: Trunk) -> TrunkRegistration:
            return TrunkRegistration(
                trunk, self.table, self.hops, send, listeners.sent_by, clock, random.random, fresh_token
            )

        self.registrations = Registrations(self.table, make)
        listeners.on_closed = self._flow_closed
        self._find_flow = listeners.flow

    def configure(self, box: BoxSnapshot) -> None:
        """Put a configuration in force for what comes from now on; raises ValueError for a bad network."""
        self.table.configure(box)
        self.registrar.configure(box)
        self.doorkeeper.configure(box)
        self.gates.configure(box)

    def reach_out(self) -> None:
        """Register and probe the trunks in force; after each :meth:`configure`, with the listeners open."""
        self.registrations.configure()
        self.prober.configure()

    def start(self, registrations: Path | None, utc: Callable[[], float]) -> None:
        """Begin to keep phones alive; ``registrations`` is the file that their bindings survive in."""
        if registrations is not None:
            self._file = RegistrarFile(registrations, self.registrar, self._clock, utc)
            restored = self._file.load(self._find_flow)
            if restored:
                _log.info("{count} phones restored", count=restored)
            self._file.watch()
        self.registrar.start()

    def stop(self) -> Deferred[None]:
        """Unregister from carriers and save the phones; fires when done, at most 2 s later."""
        self.prober.stop()
        self.registrar.stop()
        if self._file is not None:
            self._file.close()
        return self.registrations.stop()

    def prefers_reliable(self, admitted: Admitted) -> bool:
        """Tell whether 183 goes reliably to this peer when it supports that."""
        trunk = self.table.get(admitted.trunk or "")
        return trunk is None or trunk.snapshot.reliable_provisional

    def read_invitation(
        self, request: Request, admitted: Admitted, offer: SessionDescription | None
    ) -> Invitation:
        """Read who calls whom; a peer's broken text gives empty fields, never an error."""
        flow = request.source
        assert flow is not None
        trunk = self.table.get(admitted.trunk or "")
        if trunk is not None:
            numbers = self.table.read_numbers(request, trunk)
        else:
            extension = self.accounts.get(admitted.extension or "")
            numbers = _extension_numbers(request, extension.name if extension is not None else "")
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
            caller_class=numbers.caller_class,
            caller_header=numbers.caller_header.value if trunk is not None else "",
            sip_call_id=request.get("Call-ID") or "",
            source=f"{bracketed(flow.remote[0])}:{flow.remote[1]}",
            user_agent=request.get("User-Agent") or "",
            offer=offer,
        )

    def _flow_closed(self, flow: Flow) -> None:
        self.registrar.flow_closed(flow)
        self.registrations.flow_closed(flow)

    def _guessing(self, source: str, account: str, seconds: float) -> None:
        if not account:
            self.gates.ban(source, seconds)
        _log.warn("password guessing from {source}, silent for {seconds} s", source=source, seconds=seconds)
        if self._on_guessing is not None:
            self._on_guessing(source, account, seconds)


def _extension_numbers(request: Request, name: str) -> Numbers:
    """Read the call of an extension: it is called by its name, whatever its From says."""
    try:
        called = request.request_uri.user_unescaped
    except SipError:
        called = ""
    try:
        display = request.from_.display
    except SipError:
        display = ""
    return Numbers(
        called_raw=called,
        called=called,
        caller_raw=name,
        caller=name,
        caller_display=display,
        caller_class=CallerClass.EXTENSION,
        caller_header=CallerHeader.FROM,
        anonymous=False,
    )
