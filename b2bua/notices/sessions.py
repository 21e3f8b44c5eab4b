"""The sessions with message centres: one for each gateway, opened when something is to be sent."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError
from twisted.internet.protocol import Factory

from b2bua.notices.arrived import Arrived
from b2bua.notices.cmpp import Cmpp
from b2bua.notices.dialect import Dialect
from b2bua.notices.segments import segments_of
from b2bua.notices.sending import Message, SendFailed
from b2bua.notices.session import Session, not_kept
from b2bua.notices.smpp import Smpp
from domain.notices.delivery import Receipt
from domain.notices.ways import Gateway, GatewayKind

PORTS = {GatewayKind.SMPP: 2775, GatewayKind.CMPP2: 7890, GatewayKind.CMPP3: 7890}


class Sessions:
    """Sends by SMPP and CMPP."""

    def __init__(self, reactor: Any, utc: Callable[[], float], reported: Callable[[Receipt], None]) -> None:
        """``reported`` is told what became of SMS that were sent before."""
        self._reactor = reactor
        self.take: Callable[[str, Arrived], Deferred[bool]] = lambda gateway, sms: not_kept(sms)
        """Keeps an SMS that comes in by a gateway; fires with whether it is kept."""
        self._utc = utc
        self._reported = reported
        self._sessions: dict[str, tuple[Gateway, Session]] = {}
        self._opening: dict[str, list[Deferred[Session]]] = {}

    async def send(self, message: Message) -> str:
        """Send a text as one SMS or several; returns the peer's ids. Raises SendFailed."""
        gateway, delivery = message.gateway, message.delivery
        session = await self._session_of(gateway)
        reference = sum(delivery.id.encode()) % 256
        notes = []
        for segment in segments_of(gateway.signed(delivery.text), reference):
            notes.append(await session.submit(delivery.to, segment, delivery.sender))
        return " ".join(notes)

    async def keep_up(self, gateway: Gateway) -> None:
        """Open the session of a gateway by which SMS come in, if it is not up; raises SendFailed."""
        await self._session_of(gateway)

    def end(self) -> None:
        """Sign off everywhere."""
        for _, session in self._sessions.values():
            session.end()
        self._sessions.clear()

    async def _session_of(self, gateway: Gateway) -> Session:
        """Return the session of a gateway as it is configured now; those who want it meanwhile wait."""
        held = self._sessions.get(gateway.name)
        if held is not None:
            if held[1].usable and held[0] == gateway:
                return held[1]
            held[1].end()
            del self._sessions[gateway.name]
        if gateway.name in self._opening:
            waiting: Deferred[Session] = Deferred()
            self._opening[gateway.name].append(waiting)
            return await waiting
        self._opening[gateway.name] = []
        try:
            session = await self._open(gateway)
        except SendFailed as failure:
            for each in self._opening.pop(gateway.name):
                each.errback(failure)
            raise
        self._sessions[gateway.name] = (gateway, session)
        for each in self._opening.pop(gateway.name):
            each.callback(session)
        return session

    async def _open(self, gateway: Gateway) -> Session:
        port = gateway.port or PORTS[gateway.kind]
        endpoint = HostnameEndpoint(self._reactor, gateway.host, port, timeout=gateway.seconds)

        def receipt(name: str, code: str) -> None:
            self._reported(Receipt(gateway.name, name, code, self._utc()))

        take = partial(self.take, gateway.name)
        session = Session(_dialect_of(gateway), self._reactor, self._utc, gateway.seconds, receipt, take)
        factory: Any = Factory.forProtocol(lambda: session)
        factory.noisy = False
        try:
            await endpoint.connect(factory)
        except (ConnectError, ConnectionClosed, DNSLookupError) as error:
            raise SendFailed(f"{type(error).__name__}: {error}", again=True) from error
        return await session.signed_in


def _dialect_of(gateway: Gateway) -> Dialect:
    return Smpp(gateway) if gateway.kind is GatewayKind.SMPP else Cmpp(gateway)
