"""The registrations of all registering trunks."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred, DeferredList

from b2bua.sip.flow import Flow
from b2bua.stack.registration import TrunkRegistration
from b2bua.stack.trunks.table import TrunkTable
from b2bua.stack.trunks.trunk import Trunk


class Registrations:
    """Keeps one :class:`TrunkRegistration` for each trunk that wants one."""

    def __init__(self, table: TrunkTable, make: Callable[[Trunk], TrunkRegistration]) -> None:
        self._table = table
        self._make = make
        self._running: dict[str, TrunkRegistration] = {}

    def configure(self) -> None:
        """Take the trunks in force: register new and changed ones, unregister those gone."""
        wanted = {
            name: trunk
            for name, trunk in self._table.trunks.items()
            if trunk.registers and trunk.snapshot.enabled
        }
        for name in [name for name, one in self._running.items() if wanted.get(name) is not one.trunk]:
            self._running.pop(name).stop(unregister=True)
        for name, trunk in wanted.items():
            if name not in self._running:
                self._running[name] = self._make(trunk)
                self._running[name].start()

    def flow_closed(self, flow: Flow) -> None:
        """Learn that a connection is gone."""
        for registration in self._running.values():
            registration.flow_closed(flow)

    def stop(self) -> Deferred[None]:
        """Unregister everywhere; fires when all have answered, or after 2 s."""
        stopped = [one.stop(unregister=True) for one in self._running.values()]
        self._running.clear()
        return DeferredList(stopped).addCallback(lambda _: None)
