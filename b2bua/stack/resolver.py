"""Where a SIP peer's name leads: NAPTR, SRV, A and AAAA (RFC 3263, RFC 2782), cached, never blocking."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
from twisted.internet.defer import Deferred, DeferredList, TimeoutError, succeed
from twisted.names import dns
from twisted.names.error import DNSNameError, DomainError

from b2bua.stack.transports.ip import version_of
from b2bua.stack.transports.reactor import Times

MIN_TTL = 5.0
MAX_TTL = 3600.0
FAILED_TTL = 5.0
STALE_SECONDS = 3600.0
"""How long an outdated answer still serves while the DNS is silent."""
MAX_CACHED = 1000
LOOKUP_SECONDS = 2.0
"""A question that takes longer counts as failed, so that a call goes on to the next trunk within 3 s."""
MAX_DESTINATIONS = 8

DEFAULT_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061}
_SRV_PREFIX = {"udp": "_sip._udp.", "tcp": "_sip._tcp.", "tls": "_sips._tcp."}
_NAPTR_SERVICES = {"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"}
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9][A-Za-z0-9_\-]{0,62}(\.[A-Za-z0-9_\-]{1,63})*\.?")


class ResolveFailed(Exception):
    """A name leads nowhere, or the DNS does not answer."""


class Destination(msgspec.Struct, frozen=True):
    """One address to try."""

    transport: str
    host: str
    """IP literal without brackets."""
    port: int
    name: str
    """The name that a TLS certificate must bear: what was asked for (RFC 5922 4)."""


class Lookup(Protocol):
    """The DNS, as ``twisted.names.client.Resolver`` speaks it: (answers, authority, additional)."""

    def lookupAddress(self, name: str) -> Deferred[Any]:
        """Ask for A."""

    def lookupIPV6Address(self, name: str) -> Deferred[Any]:
        """Ask for AAAA."""

    def lookupService(self, name: str) -> Deferred[Any]:
        """Ask for SRV."""

    def lookupNamingAuthorityPointer(self, name: str) -> Deferred[Any]:
        """Ask for NAPTR."""


class Service(msgspec.Struct, frozen=True):
    """An SRV record."""

    priority: int
    weight: int
    port: int
    target: str


class Pointer(msgspec.Struct, frozen=True):
    """A NAPTR record."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


class Answer(msgspec.Struct, frozen=True):
    """The records of one question: addresses as text, :class:`Service` or :class:`Pointer`."""

    records: tuple[Any, ...]
    until: float


class Resolver:
    """Finds destinations; answers are cached by their TTL."""

    def __init__(
        self,
        lookup: Lookup,
        clock: Times,
        random: Callable[[], float],
        hosts_file: Path | None = Path("/etc/hosts"),
    ) -> None:
        """``random`` gives numbers of [0, 1) for the weights of SRV."""
        self._lookup = lookup
        self._clock = clock
        self._random = random
        self._hosts_file = hosts_file
        self._hosts: dict[str, tuple[str, ...]] = {}
        self._hosts_stamp: tuple[int, int] | None = None
        self._cache: dict[tuple[str, str], Answer] = {}
        self._asking: dict[tuple[str, str], list[Deferred[tuple[Any, ...]]]] = {}

    def resolve(self, target: str, transport: str | None) -> Deferred[tuple[Destination, ...]]:
        """Find the addresses of ``host[:port]``, the best first; errbacks ResolveFailed.

        ``transport`` is ``udp``, ``tcp``, ``tls``, or None to let NAPTR choose (else UDP). Fires at once
        for IP literals and cached names.
        """
        host, port = split_target(target)
        if version_of(host):
            chosen = transport or "udp"
            found = Destination(chosen, host, port or DEFAULT_PORTS[chosen], host)
            return succeed((found,))
        if not _HOST.fullmatch(host):
            return _failed(f"{host!r} is no host name")
        return Deferred.fromCoroutine(self._resolve(host.lower().rstrip("."), port, transport))

    async def _resolve(self, host: str, port: int | None, transport: str | None) -> tuple[Destination, ...]:
        if port is not None or self._from_hosts(host):
            chosen = transport or "udp"
            return await self._addresses(host, port or DEFAULT_PORTS[chosen], chosen, host)
        out: list[Destination] = []
        for chosen, service in await self._services(host, transport):
            for record in order_services(await self._ask("SRV", service), self._random):
                if record.target:
                    try:
                        out += await self._addresses(record.target, record.port, chosen, host)
                    except ResolveFailed:
                        continue
                if len(out) >= MAX_DESTINATIONS:
                    return tuple(out)
        if out:
            return tuple(out)
        chosen = transport or "udp"
        return await self._addresses(host, DEFAULT_PORTS[chosen], chosen, host)

    async def _services(self, host: str, transport: str | None) -> list[tuple[str, str]]:
        """Return (transport, SRV name) pairs to ask, by NAPTR where the transport is open (RFC 3263 4.1)."""
        if transport is not None:
            return [(transport, _SRV_PREFIX[transport] + host)]
        pointers: list[Pointer] = [
            record
            for record in await self._ask("NAPTR", host)
            if record.flags == "s" and record.service in _NAPTR_SERVICES
        ]
        if pointers:
            pointers.sort(key=lambda record: (record.order, record.preference))
            return [(_NAPTR_SERVICES[record.service], record.replacement) for record in pointers]
        return [(name, prefix + host) for name, prefix in _SRV_PREFIX.items()]

    async def _addresses(self, host: str, port: int, transport: str, name: str) -> tuple[Destination, ...]:
        if version_of(host):
            return (Destination(transport, host, port, name),)
        known = self._from_hosts(host)
        if not known:
            both: Any = await DeferredList(
                [
                    Deferred.fromCoroutine(self._ask("A", host)),
                    Deferred.fromCoroutine(self._ask("AAAA", host)),
                ]
            )
            known = tuple([address for _, addresses in both for address in addresses])
        if not known:
            raise ResolveFailed(f"{host} has no address")
        return tuple([Destination(transport, address, port, name) for address in known])

    async def _ask(self, kind: str, name: str) -> tuple[Any, ...]:
        """Return the records of a kind (empty for none); an outdated answer beats a silent DNS."""
        key = (kind, name)
        cached = self._cache.get(key)
        now = self._clock.seconds()
        if cached is not None and now < cached.until:
            return cached.records
        waiting = self._asking.get(key)
        if waiting is not None:
            mine: Deferred[tuple[Any, ...]] = Deferred()
            waiting.append(mine)
            return await mine
        self._asking[key] = []
        records: tuple[Any, ...] = ()
        try:
            records = await self._ask_dns(kind, name, cached)
        finally:
            for other in self._asking.pop(key):
                other.callback(records)
        return records

    async def _ask_dns(self, kind: str, name: str, cached: Answer | None) -> tuple[Any, ...]:
        method, wanted, read = {
            "A": (self._lookup.lookupAddress, dns.A, _read_address),
            "AAAA": (self._lookup.lookupIPV6Address, dns.AAAA, _read_address_6),
            "SRV": (self._lookup.lookupService, dns.SRV, _read_service),
            "NAPTR": (self._lookup.lookupNamingAuthorityPointer, dns.NAPTR, _read_pointer),
        }[kind]
        silent = False
        rows: list[Any] = []
        try:
            asked = method(name)
            asked.addTimeout(LOOKUP_SECONDS, self._clock)  # type: ignore[arg-type]
            rows = [row for row in (await asked)[0] if row.type == wanted]
        except (DNSNameError, UnicodeError):
            pass  # there is no such name, or none can be: a record leads to it
        except (DomainError, TimeoutError, OSError):
            silent = True
        if silent and cached is not None and self._clock.seconds() < cached.until + STALE_SECONDS:
            self._keep(kind, name, cached.records, FAILED_TTL)
            return cached.records
        records = tuple([read(row.payload) for row in rows])
        ttl = min([float(row.ttl) for row in rows], default=FAILED_TTL)
        self._keep(kind, name, records, min(max(ttl, MIN_TTL), MAX_TTL))
        return records

    def _keep(self, kind: str, name: str, records: tuple[Any, ...], ttl: float) -> None:
        if len(self._cache) >= MAX_CACHED:
            del self._cache[next(iter(self._cache))]
        self._cache[kind, name] = Answer(records, self._clock.seconds() + ttl)

    def _from_hosts(self, host: str) -> tuple[str, ...]:
        if self._hosts_file is not None:
            try:
                status = os.stat(self._hosts_file)
                stamp = (status.st_mtime_ns, status.st_size)
                if stamp != self._hosts_stamp:
                    self._hosts = read_hosts(self._hosts_file.read_text("utf-8", "replace"))
                    self._hosts_stamp = stamp
            except OSError:
                self._hosts = {}
        return self._hosts.get(host, ())


def split_target(target: str) -> tuple[str, int | None]:
    """Split ``host[:port]``, ``[v6]:port`` or a bare IPv6 address; the host has no brackets.

    A port out of 1..65535 stays part of the host, which then resolves to nothing.
    """
    if version_of(target):
        return target, None
    host, colon, port = target.rpartition(":")
    if colon and re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536:
        return host.strip("[]"), int(port)
    return target.strip("[]"), None


def read_hosts(text: str) -> dict[str, tuple[str, ...]]:
    """Read the lines of a hosts file: name in lower case -> its addresses in order."""
    found: dict[str, list[str]] = {}
    for line in text.split("\n"):
        words = line.partition("#")[0].split()
        if len(words) >= 2 and version_of(words[0]):
            for name in words[1:]:
                found.setdefault(name.lower().rstrip("."), []).append(words[0])
    return {name: tuple(addresses) for name, addresses in found.items()}


def order_services(records: Sequence[Service], random: Callable[[], float]) -> list[Service]:
    """Order SRV records: by priority, inside one by weighted lot (RFC 2782)."""
    out: list[Service] = []
    for priority in sorted({record.priority for record in records}):
        # Weight 0 stands first, so that it has a small chance against others.
        left = sorted((r for r in records if r.priority == priority), key=lambda r: r.weight)
        while left:
            lot = int(random() * (sum(record.weight for record in left) + 1))
            run = 0
            for record in left:
                run += record.weight
                if run >= lot:
                    break
            left.remove(record)
            out.append(record)
    return out


def _read_address(record: Any) -> str:
    return str(record.dottedQuad())


def _read_address_6(record: Any) -> str:
    return socket.inet_ntop(socket.AF_INET6, record.address)


def _read_service(record: Any) -> Service:
    return Service(record.priority, record.weight, record.port, str(record.target).rstrip("."))


def _read_pointer(record: Any) -> Pointer:
    return Pointer(
        record.order,
        record.preference,
        str(record.flags).lower(),
        str(record.service).upper(),
        str(record.replacement).rstrip("."),
    )


def _failed(why: str) -> Deferred[tuple[Destination, ...]]:
    deferred: Deferred[tuple[Destination, ...]] = Deferred()
    deferred.errback(ResolveFailed(why))
    return deferred
