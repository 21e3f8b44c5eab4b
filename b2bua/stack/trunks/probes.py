"""OPTIONS to each trunk: what tells whether it is up while no call goes out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twisted.logger import Logger

from b2bua.sip.message import Response
from b2bua.stack.resolver import Destination
from b2bua.stack.transports.reactor import DelayedCall, Times
from b2bua.stack.trunks.hops import FAILING, MAX_ADDRESSES, TrunkHops
from b2bua.stack.trunks.presentation import outbound_domain, target_authority
from b2bua.stack.trunks.requests import Once, SendRequest, SentBy, contact_uri, retry_after
from b2bua.stack.trunks.table import TrunkTable
from b2bua.stack.trunks.trunk import Trunk

ANSWER_SECONDS = 3.0
"""An OPTIONS that is not answered within this time has failed (its transaction goes on for 32 s)."""
LONGEST_PROBE = ANSWER_SECONDS * (MAX_ADDRESSES + 1)
"""A probe that asks every address of a trunk is over by then."""

_log = Logger()


class Prober:
    """Sends the OPTIONS of all trunks, each at its own interval."""

    def __init__(
        self,
        table: TrunkTable,
        hops: TrunkHops,
        send: SendRequest,
        sent_by: SentBy,
        clock: Times,
        random: Callable[[], float],
        fresh_token: Callable[[], str],
    ) -> None:
        self._table = table
        self._hops = hops
        self._send = send
        self._sent_by = sent_by
        self._clock = clock
        self._random = random
        self._fresh_token = fresh_token
        self._due: dict[str, DelayedCall] = {}
        self._asked: dict[str, Once] = {}
        self._running = False

    def configure(self) -> None:
        """Take the trunks in force: new ones are probed within a second, those gone no more."""
        self._running = True
        for name in [name for name in self._due if name not in self._table.trunks]:
            self._cancel(name)
        for name, trunk in self._table.trunks.items():
            if trunk.probed and name not in self._due:
                self._plan(name, self._random())

    def stop(self) -> None:
        """Probe no more."""
        self._running = False
        for name in list(self._due):
            self._cancel(name)
        for once in self._asked.values():
            once.forget()
        self._asked.clear()

    def _cancel(self, name: str) -> None:
        due = self._due.pop(name)
        if due.active():
            due.cancel()

    def _plan(self, name: str, delay: float) -> None:
        self._due[name] = self._clock.callLater(delay, self._probe, name)

    def _probe(self, name: str) -> None:
        trunk = self._table.get(name)
        if trunk is None or not trunk.probed:
            self._due.pop(name, None)
            return
        previous = self._asked.pop(name, None)
        if previous is not None:
            previous.forget()
        # Whatever goes wrong in here, the next one is planned already; an answer plans it anew.
        self._plan(name, max(trunk.snapshot.options_seconds, LONGEST_PROBE))
        if not trunk.snapshot.enabled or (trunk.registers and not trunk.registration.registered):
            return
        try:
            found = self._hops.destinations(trunk)
            found.addCallback(lambda destinations: self._ask(trunk, destinations[:MAX_ADDRESSES]))
            found.addErrback(lambda failure: _log.failure("probe of {name} failed", failure, name=name))
        except Exception:
            _log.failure("probe of {name} failed", name=name)

    def _ask(self, trunk: Trunk, destinations: tuple[Destination, ...]) -> None:
        """Ask one address after the other, until one answers."""
        if not destinations or not self._running:
            return
        flow = self._hops.flow_to(trunk, destinations[0])
        if flow is None:
            self._heard(trunk, destinations[1:], None, 503)
            return
        domain = outbound_domain(trunk.snapshot)
        authority = "".join(target_authority(trunk.snapshot.target)) or domain
        once = Once(partial(self._heard, trunk, destinations[1:]), self._clock, ANSWER_SECONDS)
        self._asked[trunk.name] = once
        rows = [
            ("From", f"<sip:{trunk.line_user or 'box400'}@{domain}>;tag={self._fresh_token()}"),
            ("To", f"<sip:{authority}>"),
            ("Call-ID", self._fresh_token()),
            ("CSeq", "1 OPTIONS"),
            ("Contact", f"<{contact_uri(trunk.line_user, flow, self._sent_by)}>"),
            ("Accept", "application/sdp"),
            ("User-Agent", "box400"),
        ]
        self._send("OPTIONS", f"sip:{authority}", flow, rows, once)

    def _heard(
        self, trunk: Trunk, rest: tuple[Destination, ...], response: Response | None, status: int
    ) -> None:
        if self._table.get(trunk.name) is not trunk:
            return
        now = self._clock.seconds()
        if response is not None and status not in FAILING:
            if trunk.circuit.success(now):
                self._table.tell_state(trunk, True, f"OPTIONS answered {status}")
            self._plan_next(trunk)
        elif rest:
            self._ask(trunk, rest)
        else:
            why = f"OPTIONS answered {status}" if response is not None else "no answer to OPTIONS"
            if trunk.circuit.failure(now, why, retry_after(response)):
                self._table.tell_state(trunk, False, why)
            self._plan_next(trunk)

    def _plan_next(self, trunk: Trunk) -> None:
        """Plan the next probe by what the circuit wants now."""
        interval = trunk.snapshot.options_seconds * (0.9 + 0.2 * self._random())
        if trunk.name in self._due:
            self._cancel(trunk.name)
            self._plan(trunk.name, trunk.circuit.probe_wait(self._clock.seconds(), interval))
