"""Threads for look-ups of names alone: the system waits for a dead DNS as it likes, others need not."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Thread
from typing import Any, Final, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

SECONDS: Final = 15.0
"""How long a look-up is waited for; its thread is busy until the system gives up."""
T = TypeVar("T")


def addresses_of(host: str) -> list[str]:
    """Return where a host is, each address once, those of IPv4 first; raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    found.sort(key=lambda each: each[0] is not socket.AF_INET)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class _Daemon(Thread):
    """What still waits keeps no process from ending."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, daemon=True, **options)


class _Threads(ThreadPool):
    threadFactory = _Daemon


class LookUps:
    """A few threads, begun when there is something to look up."""

    def __init__(self, reactor: Any, threads: int) -> None:
        self._reactor = reactor
        self._pool = _Threads(0, threads, "names")

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        """Do what waits for the DNS; fails as it does, and with TimeoutError after :data:`SECONDS`."""
        if not self._pool.started:
            self._pool.start()
        found: Deferred[T] = deferToThreadPool(self._reactor, self._pool, work)
        return found.addTimeout(SECONDS, self._reactor)

    def end(self) -> None:
        """End the threads, without waiting for those that wait; nothing can be looked up afterwards."""
        self._pool.adjustPoolsize(0, 0)
