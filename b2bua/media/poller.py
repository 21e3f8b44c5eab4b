"""What the worker waits for: lines (the packet path) and, apart from them, everything that is rare."""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from b2bua.media.inlet import Inlet


class Poller:
    """Two epoll sets, the rare one nested in the other, so that a packet costs one look-up by descriptor."""

    def __init__(self) -> None:
        self.lines: list[Inlet | None] = [None] * 256
        """The inlet of each descriptor that is a line."""
        self._main = select.epoll()
        self._rare = select.epoll()
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._grow(self._rare.fileno())
        self._main.register(self._rare.fileno(), select.EPOLLIN)
        self.poll = self._main.poll

    def add_line(self, fd: int, inlet: Inlet) -> None:
        """Let the packet path read this descriptor."""
        self._grow(fd)
        self.lines[fd] = inlet
        self._main.register(fd, select.EPOLLIN)

    def drop_line(self, fd: int) -> None:
        """Forget a line, before it is closed."""
        self.lines[fd] = None
        self._main.unregister(fd)

    def add(self, fd: int, readable: Callable[[], None]) -> None:
        """Call ``readable`` whenever this descriptor is."""
        self._grow(fd)
        self._callbacks[fd] = readable
        self._rare.register(fd, select.EPOLLIN)

    def drop(self, fd: int) -> None:
        """Forget a descriptor, before it is closed."""
        del self._callbacks[fd]
        self._rare.unregister(fd)

    def run_rare(self) -> None:
        """Call back for all rare descriptors that are ready."""
        for fd, _ in self._rare.poll(0):
            readable = self._callbacks.get(fd)
            if readable is not None:
                readable()

    def close(self) -> None:
        """Close both sets."""
        self._main.close()
        self._rare.close()

    def _grow(self, fd: int) -> None:
        lines = self.lines
        if fd >= len(lines):
            lines.extend([None] * (fd + 256 - len(lines)))
