"""Things done again and again."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from twisted.internet.base import DelayedCall, ReactorBase
from twisted.logger import Logger

_log = Logger()


class Every:
    """Calls a function every so many seconds; an exception is logged and does not stop it.

    (Twisted's LoopingCall stops for ever at its first exception.)
    """

    def __init__(self, reactor: ReactorBase, seconds: float, function: Callable[[], object]) -> None:
        self._reactor = reactor
        self._seconds = seconds
        self._function = function
        self._due: DelayedCall | None = reactor.callLater(seconds, self._run)

    def _run(self) -> None:
        self._due = self._reactor.callLater(self._seconds, self._run)
        try:
            self._function()
        except Exception:
            _log.failure("{what} failed", what=self._function)

    def stop(self) -> None:
        """Call it no more."""
        due, self._due = self._due, None
        if due is not None and due.active():
            due.cancel()


class LaterSaver:
    """Saves the newest content on a thread, one at a time, so that no fsync holds the reactor up."""

    def __init__(self, in_thread: Callable[..., object], save: Callable[[bytes], None]) -> None:
        """``in_thread``: ``reactor.callInThread``."""
        self._in_thread = in_thread
        self._save = save
        self._lock = Lock()
        self._next: bytes | None = None
        self._busy = False

    def __call__(self, content: bytes) -> None:
        """Save this, or what comes after it."""
        with self._lock:
            self._next = content
            if self._busy:
                return
            self._busy = True
        self._in_thread(self._run)

    def _run(self) -> None:
        while (content := self._take()) is not None:
            self._save(content)

    def _take(self) -> bytes | None:
        with self._lock:
            content, self._next = self._next, None
            self._busy = content is not None
            return content
