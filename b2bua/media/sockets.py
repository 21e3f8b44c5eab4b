"""UDP sockets of a leg: the *door* hears everybody, the *line* is connected to the peer.

Both are bound to the same port: the kernel gives the line what its peer sends and the door the rest, so that
the packet path looks at no address, sends without a route look-up, and strangers still are counted.
"""

from __future__ import annotations

import contextlib
import errno
import socket
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar

Made = TypeVar("Made")

LINE_BUFFER = 1 << 20
"""Octets asked for: what a leg sends in minutes, so that no stall of ours loses a packet."""
DOOR_BUFFER = 1 << 14


class PortPool:
    """The ports of a worker's slice in the order they will be given out; one given back comes last."""

    def __init__(self, ports: Iterable[int]) -> None:
        self._free = deque(ports)

    def take(self, bind: Callable[[int], Made]) -> tuple[int, Made]:
        """Return the first port that ``bind`` can have, and what it made; OSError: none can be had."""
        for _ in range(len(self._free)):
            port = self._free.popleft()
            try:
                return port, bind(port)
            except OSError as error:
                self._free.append(port)
                if error.errno != errno.EADDRINUSE:
                    raise
        raise OSError(errno.EADDRNOTAVAIL, "no port is free")

    def __len__(self) -> int:
        """Count the free ones."""
        return len(self._free)

    def claim(self, port: int) -> None:
        """Take one port, which a dead worker had; raises ValueError if it is not free here."""
        self._free.remove(port)

    def give_back(self, port: int) -> None:
        """Mark a port as free."""
        self._free.append(port)


def _bound(address: str, port: int, dscp: int, buffer: int, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        if dscp and family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, dscp << 2)
        elif dscp:
            made.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)
    except OSError:
        made.close()
        raise
    return made


def open_pair(address: str, port: int, dscp: int) -> tuple[socket.socket, socket.socket]:
    """Bind the door on ``port`` and the RTCP socket on the next one; raises OSError if either is taken."""
    door = _bound(address, port, dscp, DOOR_BUFFER, shared=False)
    try:
        return door, _bound(address, port + 1, dscp, DOOR_BUFFER, shared=False)
    except OSError:
        door.close()
        raise


def open_line(door: socket.socket, peer: tuple[str, int], dscp: int) -> socket.socket:
    """Bind a second socket on the door's port, connect it to the peer; OSError: a hopeless address."""
    address, port = door.getsockname()[:2]
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        line = _bound(address, port, dscp, LINE_BUFFER, shared=True)
    finally:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    try:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        line.connect(peer)
        forget_queued(line)
    except OSError:
        line.close()
        raise
    return line


def forget_queued(bound: socket.socket) -> None:
    """Drop what anybody sent since ``bind``."""
    with contextlib.suppress(BlockingIOError):
        while True:
            bound.recv(1)
