"""IP literals and where packets to them leave."""

from __future__ import annotations

import ipaddress
import socket
from functools import lru_cache


@lru_cache(4096)
def version_of(host: str) -> int:
    """Return 4 or 6, or 0 when the host is no IP literal."""
    try:
        return ipaddress.ip_address(host).version
    except ValueError:
        return 0


def is_wildcard(host: str) -> bool:
    """Tell whether a bind address means all interfaces; raises ValueError when it is no IP literal."""
    return ipaddress.ip_address(host).is_unspecified


def bracketed(host: str) -> str:
    """Return a host as it stands in URIs and Via: IPv6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def source_towards(host: str) -> str:
    """Return the local address that the kernel would send from to an IP literal; raises OSError."""
    family = socket.AF_INET6 if version_of(host) == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((host, 9))
        return str(probe.getsockname()[0])
