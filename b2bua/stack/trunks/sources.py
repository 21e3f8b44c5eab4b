"""Which trunks' requests arrive from an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

MAX_CACHED = 8192


class SourceTable:
    """Networks in CIDR notation, each naming a trunk; the longest prefix wins."""

    def __init__(self, networks: Iterable[tuple[str, str]]) -> None:
        """Take (network or address, trunk name) pairs; raises ValueError for what is no network."""
        self._by_length: dict[int, list[tuple[int, dict[int, list[str]]]]] = {4: [], 6: []}
        tables: dict[tuple[int, int], dict[int, list[str]]] = {}
        for text, name in networks:
            network = ipaddress.ip_network(text, strict=False)
            table = tables.setdefault((network.version, network.prefixlen), {})
            names = table.setdefault(int(network.network_address), [])
            if name not in names:
                names.append(name)
        for (version, length), table in sorted(tables.items(), reverse=True):
            shift = (32 if version == 4 else 128) - length
            self._by_length[version].append((shift, table))
        self._cache: dict[str, tuple[str, ...]] = {}

    def find(self, host: str) -> tuple[str, ...]:
        """Return the trunks of the longest network that holds an IP literal; empty for a stranger."""
        found = self._cache.get(host)
        if found is None:
            if len(self._cache) >= MAX_CACHED:
                self._cache.clear()
            found = self._cache[host] = self._search(host)
        return found

    def _search(self, host: str) -> tuple[str, ...]:
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return ()
        number = int(address)
        for shift, table in self._by_length[address.version]:
            names = table.get(number >> shift << shift)
            if names is not None:
                return tuple(names)
        return ()
