"""SIP over UDP: one raw non-blocking socket in the reactor.

Not ``twisted.internet.udp.Port``: that one drains up to 256 KiB in a turn, so that timers starve in a flood,
never sees ICMP errors of an unconnected socket, and costs 3 to 10 microseconds more a datagram.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from twisted.logger import Logger
from zope.interface import implementer

from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.message import Message
from b2bua.stack.strangers import Gate
from b2bua.stack.transport import Receiver, TransportFailed
from b2bua.stack.transports.counts import Counts
from b2bua.stack.transports.reactor import Reads

MESSAGES_PER_TURN = 32
"""Messages taken in before timers and other sockets get their turn."""
DROPS_PER_TURN = 256
BUFFER_BYTES = 4 * 1024 * 1024
MAX_CACHED_FLOWS = 4096
SMALLEST_MESSAGE = 20
"""Anything shorter is a keep-alive (CRLF, NUL bytes) or noise."""

_IP_RECVERR = 11
_IPV6_RECVERR = 25
_EXTENDED_ERROR = struct.Struct("=IBBBB")
_ICMP_ORIGINS = (2, 3)
_log = Logger()


@implementer(IReadDescriptor)
class UdpPort:
    """One bound UDP socket of a listener."""

    def __init__(
        self,
        reactor: Reads,
        listener: str,
        bind: tuple[str, int],
        gate: Gate,
        receiver: Receiver,
        parse: Callable[[bytes], Message],
    ) -> None:
        """Bind (an IP literal; port 0 takes any) and begin to read; raises OSError, ValueError."""
        self.counts = Counts()
        self._reactor = reactor
        self._listener = listener
        self._gate = gate
        self._receiver = receiver
        self._parse = parse
        self._flows: dict[Any, Flow] = {}
        self._sendable: set[tuple[str, int]] = set()
        self._version = ipaddress.ip_address(bind[0]).version
        self._socket = _open_socket(bind, self._version)
        self._closed = False
        self.local: tuple[str, int] = (bind[0], self._socket.getsockname()[1])
        reactor.addReader(self)

    def fileno(self) -> int:
        """Give the descriptor to the reactor (-1 after close)."""
        return self._socket.fileno()

    def logPrefix(self) -> str:
        """Name this port in log lines."""
        return f"sip-udp/{self._listener}"

    def doRead(self) -> None:
        """Take in what has arrived, up to a bound a turn."""
        receive = self._socket.recvfrom
        admitted = self._gate.admitted
        left = MESSAGES_PER_TURN
        drops = DROPS_PER_TURN
        while left and drops:
            try:
                data, address = receive(65535)
            except BlockingIOError:
                return
            except OSError:
                self._take_errors()
                drops -= 1
                continue
            if address[0] not in admitted and not self._gate.admits(address[0], data):
                self.counts.strangers += 1
                drops -= 1
                continue
            left -= 1
            self._take(data, address)

    def _take(self, data: bytes, address: Any) -> None:
        if len(data) < SMALLEST_MESSAGE:
            self.counts.keep_alives += 1
            return
        self.counts.received += 1
        flow = self._flows.get(address)
        if flow is None:
            flow = self._flow_from(address)
        try:
            message: Message | SipError = self._parse(data)
        except SipError as error:
            message = error
        except Exception:
            # A message that our parser chokes on must not cost the listener.
            self.counts.faults += 1
            _log.failure("parser failed on a datagram of {flow}", flow=flow)
            return
        try:
            self._receiver.received(message, flow)
        except Exception:
            self.counts.faults += 1
            _log.failure("a message from {flow} was not taken in", flow=flow)

    def _flow_from(self, address: Any) -> Flow:
        if len(self._flows) >= MAX_CACHED_FLOWS:
            self._flows.clear()
        remote = (address[0], address[1])
        flow = Flow(transport="udp", local=self.local, remote=remote, listener=self._listener)
        self._flows[address] = flow
        return flow

    def send(self, data: bytes, remote: tuple[str, int]) -> None:
        """Send one message; raises TransportFailed for an impossible address or when the network refuses."""
        if remote not in self._sendable:
            self._check(remote)
        if remote[0] not in self._gate.admitted and not data.startswith(b"SIP/2.0 "):
            self._gate.addressed(remote[0])
        try:
            self._socket.sendto(data, remote)
        except BlockingIOError:
            # The send buffer is full: lost like any datagram, retransmission makes up for it.
            self.counts.unsent += 1
            return
        except OSError:
            self._send_again(data, remote)
        self.counts.sent += 1

    def _send_again(self, data: bytes, remote: tuple[str, int]) -> None:
        # With IP_RECVERR the kernel reports the ICMP error of an *earlier* datagram here, once.
        self._take_errors()
        try:
            self._socket.sendto(data, remote)
        except OSError as error:
            self.counts.unsent += 1
            raise TransportFailed(f"UDP to {remote[0]}:{remote[1]}: {error}") from error

    def _check(self, remote: tuple[str, int]) -> None:
        host, port = remote
        try:
            version = ipaddress.ip_address(host).version
        except ValueError:
            raise TransportFailed(f"{host!r} is not an IP address") from None
        if version != self._version or not 0 < port < 65536:
            raise TransportFailed(f"{host!r} port {port} cannot be reached from {self.local[0]}")
        if len(self._sendable) >= MAX_CACHED_FLOWS:
            self._sendable.clear()
        self._sendable.add(remote)

    def connectionLost(self, reason: object) -> None:
        """Take pending ICMP errors: the reactor reads a bare EPOLLERR as the end of a connection."""
        if self._closed:
            return
        self._take_errors()
        self._reactor.addReader(self)

    def _take_errors(self) -> None:
        self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        for _ in range(MESSAGES_PER_TURN):
            try:
                _, ancillary, _, address = self._socket.recvmsg(0, 512, socket.MSG_ERRQUEUE)
            except OSError:
                return
            for _, _, value in ancillary:
                if len(value) >= _EXTENDED_ERROR.size:
                    self._take_error(_EXTENDED_ERROR.unpack_from(value), address)

    def _take_error(self, error: tuple[int, ...], address: Any) -> None:
        code, origin = error[0], error[1]
        if origin not in _ICMP_ORIGINS or code == errno.EMSGSIZE or not address or not address[1]:
            return
        self.counts.unreachable += 1
        flow = self._flows.get(address) or self._flow_from(address)
        try:
            self._receiver.flow_failed(flow)
        except Exception:
            self.counts.faults += 1
            _log.failure("the failure of {flow} was not taken in", flow=flow)

    def close(self) -> None:
        """Stop reading and release the port."""
        if not self._closed:
            self._closed = True
            self._reactor.removeReader(self)
            self._socket.close()


def _open_socket(bind: tuple[str, int], version: int) -> socket.socket:
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    bound = socket.socket(family, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)
        if version == 4:
            bound.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
        else:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
        # The kernel gives what net.core.rmem_max allows; less is accepted.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        bound.bind(bind)
    except OSError:
        bound.close()
        raise
    return bound
