"""A small SIP peer on raw sockets: what tests say byte for byte, and what they hear.

Shares no code with the product. A :class:`Peer` does nothing by itself: every answer is the test's. It only
keeps what came in until the test asks for it, and counts exact repetitions apart.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable

from tests.wire.message import Address, Sip, bracketed, read

PATIENCE = 8.0
"""Seconds that a test waits for what must come; the machine may be busy."""


class Missing(AssertionError):
    """What had to come did not."""


class Peer:
    """One address of ours, with what it has heard."""

    transport = "UDP"

    def __init__(self, address: Address, box: Address) -> None:
        self.host, self.port = address
        self.box = box
        self.heard: list[Sip] = []
        """What nobody has asked for yet, oldest first."""
        self.repeats: Counter[bytes] = Counter()
        """How often each message was sent again, byte for byte."""
        self.belongings: list[socket.socket] = []
        """Sockets of calls, closed when they are forgotten."""
        self._known: set[bytes] = set()
        self._selector = selectors.DefaultSelector()

    # to be written for each transport

    def send(self, data: bytes, to: Sip | None = None) -> None:
        """Send to the box; ``to``: where that request came from."""
        raise NotImplementedError

    def _receive(self, channel: object) -> None:
        raise NotImplementedError

    # what came

    @property
    def authority(self) -> str:
        """Host and port as a URI has them."""
        return f"{bracketed(self.host)}:{self.port}"

    def via(self, branch: str) -> str:
        """Write a Via that asks for answers here."""
        return f"SIP/2.0/{self.transport} {self.authority};rport;branch={branch}"

    def listen(self, seconds: float) -> bool:
        """Take in what arrives until something has, at most for so long; False: nothing did."""
        events = self._selector.select(max(0.0, seconds))
        for key, _ in events:
            self._receive(key.fileobj)
        return bool(events)

    def _take(self, data: bytes, source: Address, channel: object = None) -> None:
        if not data.strip(b"\r\n\0"):
            return  # a keep-alive
        if data in self._known:
            self.repeats[data] += 1
            return
        self._known.add(data)
        self.heard.append(read(data, source, channel))

    def find(self, wanted: Callable[[Sip], bool]) -> Sip | None:
        """Take the first message that fits out of those heard."""
        for position, message in enumerate(self.heard):
            if wanted(message):
                return self.heard.pop(position)
        return None

    def wait(self, wanted: Callable[[Sip], bool], what: str, seconds: float = PATIENCE) -> Sip:
        """Return the first message that fits, heard before or within so many seconds."""
        until = time.monotonic() + seconds
        while True:
            found = self.find(wanted)
            if found is not None:
                return found
            left = until - time.monotonic()
            if left <= 0:
                heard = "\n".join(str(message) for message in self.heard)
                raise Missing(f"{self.authority} waited {seconds:g} s in vain for {what}; heard:\n{heard}")
            self.listen(left)

    def expect(self, what: str | int, *, call_id: str = "", seconds: float = PATIENCE) -> Sip:
        """Wait for a request by its method or a response by its status."""

        def wanted(message: Sip) -> bool:
            if call_id and message.call_id != call_id:
                return False
            if isinstance(what, int):
                return message.status == what
            return not message.status and message.method == what

        return self.wait(wanted, str(what), seconds)

    def collect(self, seconds: float) -> list[Sip]:
        """Listen for so long and return all that was heard and not asked for."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.listen(left)
        found, self.heard = self.heard, []
        return found

    def forget(self) -> None:
        """Drop what was heard."""
        while self.listen(0):
            pass
        self.heard.clear()
        for belonging in self.belongings:
            belonging.close()
        self.belongings.clear()

    def close(self) -> None:
        """Close all sockets, once or again."""
        if self._selector.get_map() is None:
            return
        self.forget()
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()


class UdpPeer(Peer):
    """A peer that speaks UDP."""

    def __init__(self, address: Address, box: Address) -> None:
        """Bind ``address``; port 0 takes any."""
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind(address)
        self._socket.setblocking(False)
        super().__init__((address[0], self._socket.getsockname()[1]), box)
        self._selector.register(self._socket, selectors.EVENT_READ)

    def send(self, data: bytes, to: Sip | None = None) -> None:
        """See :meth:`Peer.send`."""
        # ICMP errors of what went before are not the next message's fault.
        with contextlib.suppress(ConnectionError):
            self._socket.sendto(data, to.source if to is not None else self.box)
            return
        self._socket.sendto(data, to.source if to is not None else self.box)

    def _receive(self, channel: object) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            data, source = self._socket.recvfrom(65535)
            self._take(data, source[:2])


class StreamPeer(Peer):
    """A peer that speaks TCP or TLS: opens connections, accepts them, or both."""

    transport = "TCP"

    def __init__(
        self,
        address: Address,
        box: Address,
        *,
        client_tls: ssl.SSLContext | None = None,
        server_tls: ssl.SSLContext | None = None,
        name: str | None = None,
        listens: bool = False,
    ) -> None:
        """Connect to the box from ``address[0]``, or listen at ``address``."""
        if client_tls is not None or server_tls is not None:
            self.transport = "TLS"
        self._server_tls = server_tls
        self._buffers: dict[socket.socket, bytes] = {}
        self.current: socket.socket | None = None
        """The connection that requests leave by: the newest one."""
        self.closed = 0
        """Connections that the box has closed."""
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        self._listening = sock if listens else None
        if listens:
            sock.listen(16)
            super().__init__((address[0], sock.getsockname()[1]), box)
            self._selector.register(sock, selectors.EVENT_READ)
            return
        sock.settimeout(PATIENCE)
        sock.connect(box)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__((address[0], sock.getsockname()[1]), box)
        if client_tls is not None:
            sock = client_tls.wrap_socket(sock, server_hostname=name)
        self._add(sock)

    def _add(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        self._buffers[connection] = b""
        self._selector.register(connection, selectors.EVENT_READ)
        self.current = connection

    def send(self, data: bytes, to: Sip | None = None) -> None:
        """See :meth:`Peer.send`; an answer takes the connection that the request came by."""
        channel = to.channel if to is not None else self.current
        assert isinstance(channel, socket.socket), "no connection"
        channel.sendall(data)

    def _receive(self, channel: object) -> None:
        assert isinstance(channel, socket.socket)
        if channel is self._listening:
            connection, _ = channel.accept()
            if self._server_tls is not None:
                connection.settimeout(PATIENCE)
                connection = self._server_tls.wrap_socket(connection, server_side=True)
            self._add(connection)
            return
        try:
            data = channel.recv(65536)
            # What TLS has decrypted beyond that is invisible to the selector.
            while isinstance(channel, ssl.SSLSocket) and channel.pending():
                data += channel.recv(65536)
        except (ConnectionError, ssl.SSLError):
            data = b""
        if not data:
            self.closed += 1
            self._selector.unregister(channel)
            channel.close()
            del self._buffers[channel]
            self.current = self.current if self.current is not channel else None
            return
        self._buffers[channel] += data
        self._cut(channel)

    def _cut(self, channel: socket.socket) -> None:
        """Cut the stream into messages by Content-Length."""
        source = channel.getpeername()[:2]
        while True:
            waiting = self._buffers[channel].lstrip(b"\r\n")
            head, end, rest = waiting.partition(b"\r\n\r\n")
            if not end:
                return
            length = int(read(head + end)["content-length"] or 0)
            if len(rest) < length:
                return
            self._buffers[channel] = rest[length:]
            self._take(head + end + rest[:length], source, channel)

    @property
    def is_open(self) -> bool:
        """Whether a connection is up."""
        return self.current is not None
