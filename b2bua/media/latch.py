"""Who may send to a leg: decided by addresses and time alone.

The address in SDP may send from any port (a NAT may change the port alone, and many peers send from another
port than they listen on). When that address cannot be right, because it is private and nothing comes from it,
or because the call service saw that the peer is behind NAT, the first other sender within a short window is
taken for the peer, until the address in SDP speaks after all. From then on only the address taken may send;
it may move to another port (its NAT rebinds) once the old one is silent.
"""

from __future__ import annotations

import ipaddress
from typing import TypeAlias

Source: TypeAlias = tuple[str, int]

WINDOW = 10.0
"""Seconds after ``connect`` in which a sender that SDP does not name may be taken."""
SILENCE = 0.6
"""Seconds of silence after which the peer may have moved to another port."""


def looks_translated(host: str) -> bool:
    """Return whether an address in SDP tells little about where packets will come from."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    shared = address.version == 4 and address in ipaddress.IPv4Network("100.64.0.0/10")
    return (address.is_private or shared or address.is_unspecified) and not address.is_loopback


class Latch:
    """The rule for one ``connect``.

    ``source`` is where the peer is believed to send from and is sent to.
    """

    __slots__ = ("confirmed", "deadline", "named", "source")

    def __init__(self, named: Source, open_to_others: bool, now: float) -> None:
        self.named = named
        self.source = named
        self.confirmed = False
        """A packet came from ``source``."""
        self.deadline = now + WINDOW if open_to_others else now

    def admits(self, source: Source, now: float, heard: float) -> bool:
        """Return whether a packet from ``source`` is the peer's; if so, ``source`` is where he is now.

        ``heard`` is when the last packet of the peer came (any clock, same as ``now``).
        """
        if source == self.source:
            self.confirmed = True
            return True
        host = source[0]
        if not self.confirmed:
            accepted = host == self.named[0] or now < self.deadline
        elif host == self.source[0]:
            accepted = now - heard >= SILENCE
        else:
            accepted = host == self.named[0] and now < self.deadline
        if accepted:
            self.source = source
            self.confirmed = True
        return accepted
