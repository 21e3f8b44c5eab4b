"""The media relay of the call services: worker processes, each the home of some calls."""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec
from twisted.internet.base import DelayedCall, ReactorBase
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger

from b2bua.calls.ports import MediaEndpoint, MediaStats
from b2bua.media import protocol
from b2bua.media.endpoint import WorkerEndpoint
from b2bua.media.supervision import WorkerProcess
from domain.snapshot import ListenerSnapshot
from storage.data_directory import DataDirectory, Settings

OPEN_WITHIN = 5.0
"""Seconds until an ``open`` without an answer (its worker is being replaced) fails."""

SPARE_PORTS = 24
"""Ports that a worker of the box keeps ready for the calls to come, on each address that has calls."""

_log = Logger()


class MediaAddress(msgspec.Struct, frozen=True):
    """Where a listener's media lives."""

    bind: str
    advertise: str
    """Written into SDP."""


class RelaySettings(msgspec.Struct, frozen=True):
    """How media is carried on this box."""

    spool: str
    prompts: str
    addresses: dict[str, MediaAddress]
    """By the listener's name."""
    ports: tuple[int, int] = (20000, 29999)
    """First and last UDP port, shared out among the workers."""
    workers: int = 0
    """0: one for each core."""
    dead_after: float = 60.0
    """Seconds without a packet until ``on_dead``."""
    spare_ports: int = 0
    """Ports each worker binds ahead on an address once it was used, so that ``open`` need not wait."""
    strict: bool = False
    """Take media from the address in SDP only, even if that looks to be behind NAT."""


def relay_settings(
    directory: DataDirectory, settings: Settings, listeners: Iterable[ListenerSnapshot]
) -> RelaySettings:
    """Put together what the data directory, ``settings.json`` and the listeners say."""
    return RelaySettings(
        spool=str(directory.spool),
        prompts=str(directory.prompts),
        addresses={listener.name: media_address(listener) for listener in listeners},
        ports=settings.rtp_ports,
        workers=settings.workers,
        spare_ports=SPARE_PORTS,
    )


def media_address(listener: ListenerSnapshot) -> MediaAddress:
    """Return where a listener's media lives."""
    bind = listener.rtp_bind or listener.bind
    return MediaAddress(bind, listener.rtp_advertise or listener.advertise or bind)


def port_slices(ports: tuple[int, int], count: int) -> list[tuple[int, int]]:
    """Share out a range of ports in pairs; raises ValueError when a worker would get none."""
    first = ports[0] + (ports[0] & 1)
    pairs = (ports[1] - first + 1) // 2
    share = pairs // count
    if share < 1:
        raise ValueError(f"{ports[0]}-{ports[1]} are too few ports for {count} workers")
    return [(first + 2 * share * each, first + 2 * share * (each + 1) - 1) for each in range(count)]


class WorkerHome:
    """One worker's place, whichever process fills it, with the endpoints that live there."""

    def __init__(
        self,
        reactor: ReactorBase,
        index: int,
        start: protocol.Start,
        on_spool_failed: Callable[[WorkerEndpoint, str], None],
        spare_ports: int = 0,
    ) -> None:
        self.endpoints: dict[int, WorkerEndpoint] = {}
        self._spare_ports = spare_ports
        self._spares: dict[str, list[int]] = {}
        """Ports reserved in the worker, by address."""
        self._reserving: set[str] = set()
        """Addresses for which the worker was asked."""
        self.process = WorkerProcess(reactor, index, start, self._tell_all, self._fallen, self._take)
        self._on_spool_failed = on_spool_failed

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def send(self, command: protocol.Command) -> None:
        """Tell the worker, if it is up."""
        self.process.send(command)

    def add_reserved(self, endpoint: WorkerEndpoint) -> None:
        """Open an endpoint here whose port is bound already: no hurry until something else is said of it."""
        self.endpoints[endpoint.number] = endpoint
        self.process.send(endpoint.opening(), patient=True)

    def add(self, endpoint: WorkerEndpoint) -> None:
        """Open an endpoint here."""
        self.endpoints[endpoint.number] = endpoint
        self.send(endpoint.opening())

    def take_spare(self, address: str) -> int:
        """Return a port that the worker has bound already; 0: there is none, but there will be."""
        if not self._spare_ports or not self.process.up:
            return 0
        spares = self._spares.setdefault(address, [])
        port = spares.pop() if spares else 0
        if len(spares) * 2 < self._spare_ports and address not in self._reserving:
            self._reserving.add(address)
            self.process.send(protocol.Reserve(address, self._spare_ports - len(spares)), patient=True)
        return port

    def keep_spares(self, addresses: set[str]) -> None:
        """Release the ports reserved on all other addresses."""
        for address in self._spares.keys() - addresses:
            del self._spares[address]
            self.send(protocol.Reserve(address, 0))

    def close(self, endpoint: WorkerEndpoint) -> None:
        """Close an endpoint; without a worker there is nothing to close and nothing known."""
        if self.process.up:
            self.process.send(protocol.Close(endpoint.number), patient=True)
        else:
            self._forget(endpoint, MediaStats())

    def withdraw(self, endpoint: WorkerEndpoint) -> None:
        """Nobody waits for this ``open`` any more."""
        if self.endpoints.pop(endpoint.number, None) is not None:
            self.process.send(protocol.Close(endpoint.number), patient=True)

    def _tell_all(self) -> None:
        """Say everything to a new process."""
        endpoints = list(self.endpoints.values())
        for endpoint in endpoints:
            self.send(endpoint.opening())
        for endpoint in endpoints:
            for wish in endpoint.wishes():
                self.send(wish)
        for endpoint in endpoints:
            for sound in endpoint.sounds(self.now()):
                self.send(sound)

    def _fallen(self) -> None:
        self._spares.clear()
        self._reserving.clear()
        for endpoint in list(self.endpoints.values()):
            if endpoint.closing:
                self._forget(endpoint, MediaStats())

    def _take(self, notice: protocol.AnyNotice) -> None:
        if isinstance(notice, protocol.Pong):
            return
        if isinstance(notice, protocol.Reserved):
            self._reserving.discard(notice.address)
            if notice.address in self._spares:
                self._spares[notice.address] += notice.ports
            return
        endpoint = self.endpoints.get(notice.endpoint)
        if endpoint is None:
            return
        match notice:
            case protocol.Opened():
                endpoint.has_opened(notice)
            case protocol.Refused():
                endpoint.was_refused(notice.reason)
                if not endpoint.port:
                    self.endpoints.pop(notice.endpoint, None)
            case protocol.Key():
                if endpoint.on_key is not None and not endpoint.closing:
                    endpoint.on_key(notice.digit)
            case protocol.Speech():
                if endpoint.on_speech is not None and not endpoint.closing:
                    endpoint.on_speech(notice.on)
            case protocol.Played():
                endpoint.has_played(notice.play)
            case protocol.Dead():
                if endpoint.on_dead is not None and not endpoint.closing:
                    endpoint.on_dead()
            case protocol.PromptMissing():
                _log.error("call {call}: no prompt {name}", call=endpoint.call, name=notice.name)
            case protocol.SpoolFailed():
                self._on_spool_failed(endpoint, notice.reason)
            case protocol.Closed():
                self._forget(endpoint, MediaStats(*msgspec.structs.astuple(notice.figures)))

    def _forget(self, endpoint: WorkerEndpoint, figures: MediaStats) -> None:
        self.endpoints.pop(endpoint.number, None)
        endpoint.has_closed(figures)


class WorkerRelay:
    """Implements ``calls.ports.MediaRelay`` on worker processes."""

    def __init__(self, reactor: ReactorBase, settings: RelaySettings) -> None:
        self.on_spool_failed: Callable[[str, str, str], None] | None = None
        """Called with call, leg and reason when a recording stops before its time."""
        self._reactor = reactor
        self._settings = settings
        self._numbers = 0
        count = settings.workers or os.cpu_count() or 1
        self.homes = [
            WorkerHome(reactor, index, self._start(ports), self._spool_failed, settings.spare_ports)
            for index, ports in enumerate(port_slices(settings.ports, count))
        ]

    def configure(self, listeners: Iterable[ListenerSnapshot]) -> None:
        """Put listeners in force, for endpoints opened from now on."""
        addresses = {listener.name: media_address(listener) for listener in listeners}
        self._settings = msgspec.structs.replace(self._settings, addresses=addresses)
        for home in self.homes:
            home.keep_spares({address.bind for address in addresses.values()})

    def start(self) -> None:
        """Start the workers; ``open`` may be called at once."""
        for home in self.homes:
            home.process.spawn()

    def stop(self) -> Deferred[list[tuple[bool, None]]]:
        """End the workers, spools written; fires when they are gone."""
        return DeferredList([home.process.stop() for home in self.homes])

    def open(
        self, call: str, leg: str, listener: str, *, record: bool, srtp: bool = False
    ) -> Deferred[MediaEndpoint]:
        """Allocate a port pair in the call's worker; raises KeyError for a listener unknown."""
        address = self._settings.addresses[listener]
        self._numbers += 1
        home = self.homes[zlib.crc32(call.encode()) % len(self.homes)]
        port = home.take_spare(address.bind) if not srtp else 0
        opening = protocol.Open(self._numbers, call, leg, address.bind, record, srtp, port)
        endpoint = WorkerEndpoint(home, opening, address.advertise)
        opened = endpoint.opened
        assert opened is not None
        if port:
            endpoint.has_opened(protocol.Opened(endpoint.number, port))
            home.add_reserved(endpoint)
            return opened
        home.add(endpoint)
        late = self._reactor.callLater(OPEN_WITHIN, self._open_is_late, home, endpoint)
        return opened.addBoth(_cancel_timer, late)

    def _open_is_late(self, home: WorkerHome, endpoint: WorkerEndpoint) -> None:
        home.withdraw(endpoint)
        endpoint.was_refused("the media worker does not answer")

    def _start(self, ports: tuple[int, int]) -> protocol.Start:
        settings = self._settings
        return protocol.Start(ports, settings.spool, settings.prompts, settings.dead_after, settings.strict)

    def _spool_failed(self, endpoint: WorkerEndpoint, reason: str) -> None:
        call, leg = endpoint.call, endpoint.leg
        _log.error("recording of {call}/{leg} stopped: {reason}", call=call, leg=leg, reason=reason)
        if self.on_spool_failed is not None:
            self.on_spool_failed(call, leg, reason)


Answer = TypeVar("Answer")


def _cancel_timer(answer: Answer, timer: DelayedCall) -> Answer:
    if timer.active():
        timer.cancel()
    return answer
