"""Which addresses this machine has now."""

from __future__ import annotations

import socket

_FAR = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Documentation addresses (RFC 5737, RFC 3849): the way to them is the default route; nothing is sent."""


def own_address(family: socket.AddressFamily = socket.AF_INET) -> str:
    """Return the address that others see this machine by, that of the default route; "" without one."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((_FAR[family], 9))
        except OSError:
            return ""
        address: str = probe.getsockname()[0]
        return address
