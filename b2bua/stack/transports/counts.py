"""What the transports counted, for the metrics page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """Counters of one listener and transport; they only grow."""

    received: int = 0
    sent: int = 0
    strangers: int = 0
    """Datagrams or connections dropped before parsing because their source is not known."""
    keep_alives: int = 0
    unsent: int = 0
    """Messages that could not be handed to the network: buffer full, no route, refused."""
    unreachable: int = 0
    """ICMP errors and failed or lost connections."""
    closed_idle: int = 0
    closed_slow: int = 0
    """Connections closed because a message stayed incomplete or the peer did not read."""
    refused_connections: int = 0
    """Connections closed at once: too many from one source or in all."""
    faults: int = 0
    """Exceptions out of our own code while a message was taken in."""
