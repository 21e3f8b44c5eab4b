"""Threads for look-ups of names alone: the system waits for a dead DNS as it likes, others need not."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Final, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

SECONDS: Final = 15.0
"""How long a look-up is waited for; its thread is busy until the system gives up."""
T = TypeVar("T")


def address_of(host: str) -> str:
    """Return where a host is, in IPv4 where it can be; raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return str(min(found, key=lambda each: each[0] is not socket.AF_INET)[4][0])


class LookUps:
    """A few threads, begun when there is something to look up."""

    def __init__(self, reactor: Any, threads: int) -> None:
        self._reactor = reactor
        self._pool = ThreadPool(0, threads, "names")

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        """Do what waits for the DNS; fails as it does, and with TimeoutError after :data:`SECONDS`."""
        if not self._pool.started:
            self._pool.start()
        found: Deferred[T] = deferToThreadPool(self._reactor, self._pool, work)
        return found.addTimeout(SECONDS, self._reactor)

    def end(self) -> None:
        """End the threads, those that wait when the system has given up."""
        if self._pool.started:
            self._pool.stop()
