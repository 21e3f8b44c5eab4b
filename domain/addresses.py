"""Which addresses tenants' menus, webhooks and mailboxes may reach: public ones, and the networks that the
operator allows. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64: Final = ip_network("64:ff9b::/96")


@lru_cache(maxsize=64)
def networks_of(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Return networks written in CIDR notation."""
    return tuple(ip_network(text) for text in texts)


def may_be_asked(host: str, allowed: Iterable[Network]) -> bool:
    """Tell whether a connection to an address (a literal, without zone) is permitted.

    An IPv6 address that carries an IPv4 one (mapped, 6to4, Teredo, NAT64) is judged by that: it leads there.
    """
    try:
        address = _meant(ip_address(host))
    except ValueError:
        return False
    if any(address.version == network.version and address in network for network in allowed):
        return True
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_forbidden_literal(host: str, allowed: Iterable[Network]) -> bool:
    """Tell whether a host is an address that may not be asked; a name is judged when it is looked up."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return not may_be_asked(host, allowed)


def _meant(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
