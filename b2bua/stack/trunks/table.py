"""All trunks in force: whose request is this, and who is up."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.stack.trunks.inbound import Numbers, read_numbers
from b2bua.stack.trunks.sources import SourceTable
from b2bua.stack.trunks.trunk import Trunk
from domain.snapshot import BoxSnapshot, TrunkSnapshot

OnTrunkState = Callable[[str, bool, str], None]
"""Called with (name, up, why) when a circuit opens or closes, or a registration is lost or won."""


class TrunkTable:
    """The trunks of the box, by name, source and listener."""

    def __init__(self, on_state: OnTrunkState | None = None) -> None:
        self.trunks: dict[str, Trunk] = {}
        self.on_state = on_state
        self.on_sources: Callable[[], None] | None = None
        """Called when the networks that requests may come from have changed."""
        self._sources: dict[str, SourceTable] = {}
        self._resolved: dict[tuple[str, str], list[str]] = {}

    def configure(self, box: BoxSnapshot) -> None:
        """Put a configuration in force; calls in progress keep their trunks.

        Raises ValueError for a source that is no network, before anything has changed.
        """
        sources = _source_tables(box)
        trunks: dict[str, Trunk] = {}
        for snapshot in box.trunks:
            old = self.trunks.get(snapshot.name)
            if old is None or _moved(old.snapshot, snapshot):
                trunk = Trunk(snapshot)
                if old is not None:
                    trunk.calls_out = old.calls_out
            else:
                trunk = old
                if old.snapshot != snapshot:
                    trunk.take(snapshot)
            trunks[snapshot.name] = trunk
        self.trunks = trunks
        self._sources = sources
        self._index_resolved()

    def get(self, name: str) -> Trunk | None:
        """Return a trunk by name."""
        return self.trunks.get(name)

    def is_source(self, listener: str, host: str) -> bool:
        """Tell whether requests of some trunk arrive from a host (IP literal) on a listener."""
        return bool(self._names_at(listener, host))

    def identify(self, request: Request, flow: Flow) -> Trunk | None:
        """Return the trunk that a request came by, or None when its source is no trunk.

        The longest network wins. Among trunks behind one address the one whose line the request is for is
        taken, then the one whose target has the source's port, then the first that is configured.
        """
        names = self._names_at(flow.listener, flow.remote[0])
        if not names:
            return None
        if len(names) == 1:
            return self.trunks.get(names[0])
        trunks = [self.trunks[name] for name in names if name in self.trunks]
        try:
            user = request.request_uri.user or ""
        except SipError:
            user = ""
        for trunk in trunks:
            if user and trunk.line_user == user:
                return trunk
        for trunk in trunks:
            if trunk.snapshot.target.endswith(f":{flow.remote[1]}"):
                return trunk
        return trunks[0] if trunks else None

    def read_numbers(self, request: Request, trunk: Trunk) -> Numbers:
        """Read caller and called out of an INVITE, by its trunk's rules."""
        snapshot = trunk.snapshot
        return read_numbers(
            request, snapshot.caller_header, trunk.caller_rules, snapshot.called_header, trunk.called_rules
        )

    def note_resolved(self, trunk: Trunk, hosts: frozenset[str]) -> None:
        """Learn the addresses of a trunk's target; they are sources of a trunk that names none."""
        if hosts != trunk.resolved:
            trunk.resolved = hosts
            self._index_resolved()

    def tell_state(self, trunk: Trunk, up: bool, why: str) -> None:
        """Tell who watches that a trunk went down or came up.

        A registering trunk is up only with both its registration and its circuit.
        """
        if self.on_state is not None and (not up or trunk.state == "up"):
            self.on_state(trunk.name, up, why)

    def _names_at(self, listener: str, host: str) -> tuple[str, ...] | list[str]:
        table = self._sources.get(listener)
        names = table.find(host) if table is not None else ()
        return names or self._resolved.get((listener, host), ())

    def _index_resolved(self) -> None:
        resolved: dict[tuple[str, str], list[str]] = {}
        for trunk in self.trunks.values():
            if trunk.snapshot.enabled and not trunk.snapshot.sources:
                for host in trunk.resolved:
                    resolved.setdefault((trunk.snapshot.listener, host), []).append(trunk.name)
        self._resolved = resolved
        if self.on_sources is not None:
            self.on_sources()


def _source_tables(box: BoxSnapshot) -> dict[str, SourceTable]:
    networks: dict[str, list[tuple[str, str]]] = {}
    for trunk in box.trunks:
        if trunk.enabled:
            rows = networks.setdefault(trunk.listener, [])
            rows.extend((source, trunk.name) for source in trunk.sources)
    tables = {listener: SourceTable(rows) for listener, rows in networks.items()}
    for trunk in box.trunks:
        if trunk.enabled and not trunk.sources and _is_literal(trunk.target):
            host = _literal_host(trunk.target)
            tables[trunk.listener] = SourceTable([*networks[trunk.listener], (host, trunk.name)])
            networks[trunk.listener].append((host, trunk.name))
    return tables


def _literal_host(target: str) -> str:
    if target.startswith("["):
        return target[1:].partition("]")[0]
    return target if target.count(":") > 1 else target.partition(":")[0]


def _is_literal(target: str) -> bool:
    try:
        ipaddress.ip_address(_literal_host(target))
    except ValueError:
        return False
    return True


def _moved(old: TrunkSnapshot, new: TrunkSnapshot) -> bool:
    """Tell whether a trunk leads elsewhere now, so that its health and registration mean nothing any more."""
    return any(
        getattr(old, field) != getattr(new, field)
        for field in (
            "kind",
            "enabled",
            "target",
            "transport",
            "listener",
            "username",
            "password",
            "domain",
            "outbound_proxy",
        )
    )
