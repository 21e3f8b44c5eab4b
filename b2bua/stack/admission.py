"""Who may speak to the SIP core: trunks by their address, extensions by their secret, nobody else."""

from __future__ import annotations

from collections.abc import Callable

from b2bua.sip.core_admission import SILENCE, Admission, Admitted, Refused
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.stack.registrar import Registrar
from b2bua.stack.strangers import Gate
from b2bua.stack.trunks.table import TrunkTable
from domain.snapshot import BoxSnapshot

NOT_INBOUND = Refused(403, "Forbidden")


class Gates:
    """One :class:`Gate` for each listener, all fed by the same trunks and extensions."""

    def __init__(self, table: TrunkTable, now: Callable[[], float]) -> None:
        self._table = table
        self._now = now
        self._gates: dict[str, Gate] = {}
        self._phones: frozenset[str] = frozenset()
        self._refuses_invites = False
        self.own: dict[str, str] = {}
        """Listener -> its own address: the kernel lets nobody else send from it; a check asks OPTIONS."""
        table.on_sources = self._sources_changed

    def of(self, listener: str) -> Gate:
        """Return a listener's gate."""
        gate = self._gates.get(listener)
        if gate is None:
            gate = self._gates[listener] = Gate(
                self._now,
                lambda host: host == self.own.get(listener) or self._table.is_source(listener, host),
                phones=listener in self._phones,
                refuses_invites=self._refuses_invites,
            )
        return gate

    def configure(self, box: BoxSnapshot) -> None:
        """Put a configuration in force."""
        self._phones = frozenset([extension.listener for extension in box.extensions])
        self._refuses_invites = bool(box.stranger_status)
        for name, gate in self._gates.items():
            gate.configure(phones=name in self._phones, refuses_invites=self._refuses_invites)

    def ban(self, host: str, seconds: float) -> None:
        """Drop everything a strange host sends, on every listener."""
        for gate in self._gates.values():
            gate.ban(host, self._now() + seconds)

    @property
    def dropped(self) -> int:
        """Datagrams and connections of strangers refused since the start."""
        return sum(gate.dropped for gate in self._gates.values())

    def _sources_changed(self) -> None:
        for gate in self._gates.values():
            gate.forget_verdicts()


class Doorkeeper:
    """Makes the :data:`b2bua.sip.core_admission.Admit` of the core."""

    def __init__(self, table: TrunkTable, registrar: Registrar) -> None:
        self._table = table
        self._registrar = registrar
        self._refusal: Refused = SILENCE
        self._trunks: dict[str, Admitted] = {}

    def configure(self, box: BoxSnapshot) -> None:
        """Put a configuration in force."""
        status = box.stranger_status
        self._refusal = Refused(status, "Forbidden") if status else SILENCE
        self._trunks = {
            trunk.name: Admitted(trunk=trunk.name, session_seconds=trunk.session_seconds)
            for trunk in box.trunks
        }

    def admit(self, request: Request, flow: Flow) -> Admission:
        """Judge a request outside dialogs; a phone behind a trunk's address is known by its very flow."""
        trunk = self._table.identify(request, flow)
        if trunk is None and request.method == "OPTIONS" and flow.remote[0] == flow.local[0]:
            return Admitted()
        if trunk is None or self._registrar.bindings.owner_of(flow) is not None:
            admission = self._registrar.admit(request, flow)
            if admission is SILENCE and request.method == "INVITE":
                return self._refusal
            return admission
        if request.method == "INVITE" and not trunk.snapshot.inbound:
            return NOT_INBOUND
        return self._trunks.get(trunk.name) or Admitted(trunk=trunk.name)
