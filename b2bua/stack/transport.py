"""What the driver needs from the byte transports (UDP, TCP, TLS listeners), and what they call back."""

from __future__ import annotations

from typing import Protocol

from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.message import Message


class TransportFailed(Exception):
    """A message cannot be sent on this flow: unreachable, refused, closed."""


class Transport(Protocol):
    """Sends bytes along flows."""

    def send(self, data: bytes, flow: Flow) -> None:
        """Send one whole message; raises TransportFailed when that is known at once.

        TCP/TLS: uses the connection of ``flow`` or else one to ``flow.remote``, opening it where needed (a
        request's flow may be new); what fails later is told by ``Receiver.flow_failed``.
        """

    def reliable(self, flow: Flow) -> bool:
        """Whether the flow needs no retransmission (TCP, TLS)."""

    def sent_by(self, flow: Flow) -> tuple[str, int]:
        """Give the host (IPv6 in brackets) and port that Via and Contact show on this flow: the listener's
        advertised address."""


class Receiver(Protocol):
    """What listeners call; the driver implements it."""

    def received(self, message: Message | SipError, flow: Flow) -> None:
        """Take one parsed message, or the error of one that could not be parsed. Never raises."""

    def flow_failed(self, flow: Flow) -> None:
        """Learn that what was sent on the flow did not arrive (connection refused or lost, ICMP
        unreachable)."""
