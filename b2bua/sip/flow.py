"""Where a message came from or goes."""

from __future__ import annotations

import msgspec


class Flow(msgspec.Struct, frozen=True, gc=False):
    """One path between a listener of ours and a peer's socket; hashable."""

    transport: str
    """``udp``, ``tcp`` or ``tls``."""
    local: tuple[str, int]
    remote: tuple[str, int]
    """The address that packets really come from or go to; IPv6 without brackets."""
    listener: str
    """Name of the listener in the settings."""

    @property
    def reliable(self) -> bool:
        """Whether nothing has to be sent again on it (RFC 3261 17)."""
        return self.transport != "udp"
