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
    ) -> None:
        self.endpoints: dict[int, WorkerEndpoint] = {}
        self.process = WorkerProcess(reactor, index, start, self._tell_all, self._fallen, self._take)
        self._on_spool_failed = on_spool_failed

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def send(self, command: protocol.Command) -> None:
        """Tell the worker, if it is up."""
        self.process.send(command)

    def add(self, endpoint: WorkerEndpoint) -> None:
        """Open an endpoint here."""
        self.endpoints[endpoint.number] = endpoint
        self.send(endpoint.opening())

    def close(self, endpoint: WorkerEndpoint) -> None:
        """Close an endpoint; without a worker there is nothing to close and nothing known."""
        if self.process.up:
            self.send(protocol.Close(endpoint.number))
        else:
            self._forget(endpoint, MediaStats())

    def withdraw(self, endpoint: WorkerEndpoint) -> None:
        """Nobody waits for this ``open`` any more."""
        if self.endpoints.pop(endpoint.number, None) is not None:
            self.send(protocol.Close(endpoint.number))

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
        for endpoint in list(self.endpoints.values()):
            if endpoint.closing:
                self._forget(endpoint, MediaStats())

    def _take(self, notice: protocol.AnyNotice) -> None:
        if isinstance(notice, protocol.Pong):
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
            case protocol.Played():
                endpoint.has_played(notice.play)
            case protocol.Dead():
                if endpoint.on_dead is not None and not endpoint.closing:
                    endpoint.on_dead()
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
            WorkerHome(reactor, index, self._start(ports), self._spool_failed)
            for index, ports in enumerate(port_slices(settings.ports, count))
        ]

    def configure(self, listeners: Iterable[ListenerSnapshot]) -> None:
        """Put listeners in force, for endpoints opened from now on."""
        addresses = {listener.name: media_address(listener) for listener in listeners}
        self._settings = msgspec.structs.replace(self._settings, addresses=addresses)

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
        opening = protocol.Open(self._numbers, call, leg, address.bind, record, srtp)
        home = self.homes[zlib.crc32(call.encode()) % len(self.homes)]
        endpoint = WorkerEndpoint(home, opening, address.advertise)
        home.add(endpoint)
        late = self._reactor.callLater(OPEN_WITHIN, self._open_is_late, home, endpoint)
        return endpoint.opened.addBoth(_cancel_timer, late)

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
