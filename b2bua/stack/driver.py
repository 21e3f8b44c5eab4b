"""The edge of the SIP core: gives it time and transports, and keeps its faults to one call.

The only place that knows both the sans-I/O core and Twisted's clock. Listeners call
:meth:`Driver.received` and :meth:`Driver.flow_failed`; the core calls the rest.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from twisted.logger import Logger

from b2bua.sip.core import SipCore
from b2bua.sip.core_admission import Admit
from b2bua.sip.core_endpoint import Settings
from b2bua.sip.core_user import CoreUser
from b2bua.sip.effects import Timed, Timer
from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.message import Message
from b2bua.stack.next_flow import FindFlow, NextFlow, Resolve
from b2bua.stack.randomness import fresh_token
from b2bua.stack.timer_queue import TimerQueue
from b2bua.stack.transport import Transport, TransportFailed
from b2bua.stack.transports.reactor import Times

_log = Logger()


class Wire(Protocol):
    """Who looks at the messages (``b2bua.trace.Trace``)."""

    def received(self, data: bytes, flow: Flow, call_id: str) -> None:
        """Keep a message that came in."""

    def sent(self, data: bytes, flow: Flow, call_id: str) -> None:
        """Keep a message that goes out."""


class Driver:
    """Implements ``Effects`` and ``Paths`` for the core and ``Receiver`` for the listeners."""

    def __init__(
        self,
        clock: Times,
        transport: Transport,
        user: CoreUser,
        admit: Admit,
        *,
        find_flow: FindFlow | None = None,
        resolve: Resolve | None = None,
        wire: Wire | None = None,
        before_send: Callable[[], None] | None = None,
        settings: Settings | None = None,
        token: Callable[[], str] = fresh_token,
        back_off: Callable[[], float] = random.random,
    ) -> None:
        """``find_flow`` makes flows to next hops of dialogs, ``resolve`` finds those that are named
        (:class:`NextFlow`).

        ``before_send`` is called before each message leaves: what allows it must be in the journal by then.
        """
        self.transport = transport
        self.wire = wire
        self._before_send = before_send
        self.faults = 0
        """Mistakes of ours that cost a message or a timer."""
        self.timers = TimerQueue(clock, self._timer_failed)
        self.set_timer: Callable[[Timed, str, float], Timer] = self.timers.set
        self._clock = clock
        self.route = NextFlow(find_flow, resolve).route
        self._failed: set[Flow] = set()
        self.core = SipCore(self, self, user, admit, fresh_token=token, random=back_off, settings=settings)

    # Receiver

    def received(self, message: Message | SipError, flow: Flow) -> None:
        """Take one parsed message, or the error of one that could not be parsed."""
        if self.wire is not None:
            seen = message.message if isinstance(message, SipError) else message
            if seen is not None:
                self.wire.received(seen.raw or seen.encode(), flow, seen.get("Call-ID") or "")
        try:
            self.core.receive(message, flow)
        except Exception:
            self.faults += 1
            _log.failure("SIP message from {host} failed", host=flow.remote[0])

    def flow_failed(self, flow: Flow) -> None:
        """Learn that what was sent on the flow did not arrive."""
        try:
            self.core.flow_failed(flow)
        except Exception:
            self.faults += 1
            _log.failure("dead flow to {host} failed", host=flow.remote[0])

    # Effects

    def send(self, data: bytes, flow: Flow, call_id: str) -> None:
        """Send a message; what fails at once is told to the core in the next turn."""
        if self._before_send is not None:
            self._before_send()
        if self.wire is not None:
            self.wire.sent(data, flow, call_id)
        try:
            self.transport.send(data, flow)
        except TransportFailed:
            if flow not in self._failed:
                self._failed.add(flow)
                self._clock.callLater(0.0, self._tell_failed, flow)

    def _tell_failed(self, flow: Flow) -> None:
        self._failed.discard(flow)
        self.flow_failed(flow)

    def _timer_failed(self, timer: Timer) -> None:
        self.faults += 1
        _log.failure("SIP timer {key} failed", key=timer.key)

    # Paths

    def reliable(self, flow: Flow) -> bool:
        """Whether the flow needs no retransmission."""
        return flow.transport != "udp"

    def sent_by(self, flow: Flow) -> tuple[str, int]:
        """Give host and port that we show in Via and Contact on this flow."""
        return self.transport.sent_by(flow)

    def close(self) -> None:
        """Forget all timers."""
        self.timers.close()
