"""The registrations of all registering trunks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

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
        self._ending: dict[str, Deferred[None]] = {}
        self._stopped = False

    def configure(self) -> None:
        """Take the trunks in force: register new and changed ones, unregister those gone."""
        wanted = self._wanted()
        for name in [name for name, one in self._running.items() if wanted.get(name) is not one.trunk]:
            # The old one ends before the new one begins: both have the same Contact.
            ended = self._running.pop(name).stop(unregister=True)
            self._ending[name] = ended
            ended.addCallback(partial(self._ended, name))
        for name in wanted:
            self._start(name)

    def _wanted(self) -> dict[str, Trunk]:
        return {
            name: trunk
            for name, trunk in self._table.trunks.items()
            if trunk.registers and trunk.snapshot.enabled
        }

    def _ended(self, name: str, _: None) -> None:
        self._ending.pop(name, None)
        if not self._stopped:
            self._start(name)

    def _start(self, name: str) -> None:
        trunk = self._wanted().get(name)
        if trunk is not None and name not in self._running and name not in self._ending:
            self._running[name] = self._make(trunk)
            self._running[name].start()

    def flow_closed(self, flow: Flow) -> None:
        """Learn that a connection is gone."""
        for registration in self._running.values():
            registration.flow_closed(flow)

    def stop(self) -> Deferred[None]:
        """Unregister everywhere; fires when all have answered, or after 2 s."""
        self._stopped = True
        stopped = [one.stop(unregister=True) for one in self._running.values()]
        self._running.clear()
        return DeferredList(stopped).addCallback(lambda _: None)
