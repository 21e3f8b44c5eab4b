"""One media worker as the b2bua process sees it: started, watched, replaced."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

from twisted.internet.base import DelayedCall, ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.posixbase import PosixReactorBase
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.unix import Server
from twisted.logger import Logger
from twisted.python.failure import Failure

from b2bua.media import protocol

PATIENCE = 0.1
"""Seconds that a command which nobody waits for may wait for others, so that a worker wakes once for many."""
PING_EVERY = 1.0
HUNG_AFTER = 3
"""Pings in a row without a sign of life until a worker is killed."""
SLOW_START = 10
"""Pings that may go by until its first sign of life; as many more after each death without one."""
SLOWEST_START = 60
REAP_EVERY = 0.005
STOP_WITHIN = 5.0
"""Seconds a worker told to end may take before it is killed."""
RESTART_DELAYS = (0.0, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0)
"""Seconds before the replacement of a worker that died young; the first comes at once."""
OLD = 10.0
"""Seconds of life after which a death counts as the first one again."""

_ROOT = str(Path(__file__).parents[2])
_log = Logger()


class _Link(Protocol):
    """The socket to one worker process."""

    def __init__(self, worker: WorkerProcess, reactor: ReactorBase) -> None:
        self._stream = protocol.NoticeStream()
        self._worker = worker
        self._reactor = reactor
        self._frames: list[bytes] = []
        self._soon = self._over = False
        self._later: DelayedCall | None = None

    def write(self, data: bytes, *, patient: bool = False) -> None:
        """Send frames in their order, all those of one turn of the reactor together; patient ones wait for
        others, :data:`PATIENCE` at most."""
        self._frames.append(data)
        if not patient:
            if not self._soon:
                self._soon = True
                self._reactor.callLater(0, self._flush_soon)
        elif not self._soon and self._later is None and not self._over:
            self._later = self._reactor.callLater(PATIENCE, self._flush_later)

    def _flush_soon(self) -> None:
        self._soon = False
        self._flush()

    def _flush_later(self) -> None:
        self._later = None
        self._flush()

    def _close(self) -> None:
        self._over = True
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _flush(self) -> None:
        """Write to the socket itself; what it does not take at once goes the long way through the reactor."""
        data = b"".join(self._frames)
        self._frames.clear()
        if self.transport is None or self._over or not data:
            return
        transport = cast(Server, self.transport)
        if not transport.dataBuffer and not transport._tempDataBuffer:
            with contextlib.suppress(OSError):  # a dead worker is noticed by the reactor
                data = data[transport.socket.send(data) :]
        if data:
            transport.write(data)

    def end(self) -> None:
        """Close our end once all is sent."""
        self._flush()
        self._close()
        if self.transport is not None:
            cast(Server, self.transport).loseConnection()

    def dataReceived(self, data: bytes) -> None:
        """Cut notices; a worker out of step is as good as dead."""
        try:
            notices = self._stream.feed(data)
        except protocol.FrameError as error:
            _log.error("media worker {index} out of step: {error}", index=self._worker.index, error=error)
            self._worker.kill()
            return
        self._worker.heard(notices)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The worker died or was told to end."""
        self._close()
        self._worker.lost()


class _Links(Factory):
    """Twisted takes a factory even for a socket that is connected."""

    noisy = False

    def __init__(self, link: _Link) -> None:
        self._link = link

    def buildProtocol(self, addr: IAddress | None) -> _Link:
        """Give the one link."""
        return self._link


class Pulse:
    """Whether a process lives, by the pings that it left unanswered.

    They are counted, not timed: when the machine stood still, or had no time for us, nobody was asked.
    """

    def __init__(self, silent_before: int = 0) -> None:
        """``silent_before``: how many processes in its place ended before they said anything."""
        self._left = min(SLOW_START * (1 + silent_before), SLOWEST_START)
        self.heard = False
        """Whether there was a sign of life."""

    def beat(self) -> None:
        """Note a sign of life."""
        self.heard = True
        self._left = HUNG_AFTER

    def hangs(self) -> bool:
        """Tell whether to give it up instead of asking once more."""
        self._left -= 1
        return self._left < 0


class WorkerProcess:
    """Keeps one worker running until ``stop``; ``on_up`` must tell each new one all that shall be.

    Its socket can be written to as soon as it is started, long before the process reads.
    """

    def __init__(
        self,
        reactor: ReactorBase,
        index: int,
        start: protocol.Start,
        on_up: Callable[[], None],
        on_down: Callable[[], None],
        on_notice: Callable[[protocol.AnyNotice], None],
    ) -> None:
        self.index = index
        self.up = False
        self.restarts = 0
        """Replacements since the start."""
        self.last = protocol.Pong()
        """What the worker said last of itself."""
        self._reactor = reactor
        self._start = start
        self._on_up = on_up
        self._on_down = on_down
        self._on_notice = on_notice
        self._process: subprocess.Popen[bytes] | None = None
        self._link: _Link | None = None
        self._born = 0.0
        self._pulse = Pulse()
        self._young_deaths = self._silent_deaths = 0
        self._stopped: Deferred[None] | None = None
        self._timer: DelayedCall | None = None

    @property
    def pid(self) -> int:
        """Process id, 0 while there is none."""
        return self._process.pid if self._process is not None else 0

    def spawn(self) -> None:
        """Start a process and tell it what it needs."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with ours, theirs:
            path = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH", ""))))
            self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
                [sys.executable, "-m", "b2bua.media", "--socket", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": path},
            )
            ours.setblocking(False)
            self._link = _Link(self, self._reactor)
            adopting = cast(PosixReactorBase, self._reactor)
            links = _Links(self._link)
            adopting.adoptStreamConnection(ours.fileno(), socket.AF_UNIX, links)
        self._born = self._reactor.seconds()
        self._pulse = Pulse(self._silent_deaths)
        self.up = True
        self.send(self._start)
        self._on_up()
        self._watch()

    def send(self, command: protocol.Command, *, patient: bool = False) -> None:
        """Tell the worker something; lost when it is down (``on_up`` says it again).

        ``patient``: nobody waits for it, it may go with what is said next.
        """
        if self.up and self._link is not None:
            self._link.write(protocol.frame(command), patient=patient)

    def heard(self, notices: list[protocol.AnyNotice]) -> None:
        """Take what the worker says."""
        self._pulse.beat()
        for notice in notices:
            if isinstance(notice, protocol.Pong):
                self.last = notice
            else:
                self._pass_on(notice)

    def _pass_on(self, notice: protocol.AnyNotice) -> None:
        """Give a notice to whom it concerns; a mistake in one call must not cost the worker's other calls."""
        try:
            self._on_notice(notice)
        except Exception:
            _log.failure("a call could not take {notice}", notice=notice)

    def lost(self) -> None:
        """Make sure the process is dead, so that its ports are free, then replace it."""
        self.up = False
        self._link = None
        if self._stopped is None:
            self._cancel_timer()
            lived = self._reactor.seconds() - self._born
            self._silent_deaths = 0 if self._pulse.heard else self._silent_deaths + 1
            self._young_deaths = 0 if lived > OLD and self._pulse.heard else self._young_deaths + 1
            _log.error("media worker {index} (pid {pid}) is lost", index=self.index, pid=self.pid)
            self.kill()
            self._timer = self._reactor.callLater(0, self._reap)
            self._on_down()

    def stop(self) -> Deferred[None]:
        """End the worker in order; fires when the process is gone."""
        if self._stopped is not None:
            return self._stopped
        self._stopped = stopped = cast(Deferred[None], Deferred())
        self._cancel_timer()
        if self._link is not None:
            self._link.end()
        self._await_end(self._reactor.seconds() + STOP_WITHIN)
        return stopped

    def _watch(self) -> None:
        self._timer = None
        if self._pulse.hangs():
            _log.error("media worker {index} (pid {pid}) hangs", index=self.index, pid=self.pid)
            self.kill()
            return
        self.send(protocol.Ping())
        self._timer = self._reactor.callLater(PING_EVERY, self._watch)

    def kill(self) -> None:
        """End the process at once; ``lost`` follows."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def _reap(self) -> None:
        self._timer = None
        if self._process is not None and self._process.poll() is None:
            self._timer = self._reactor.callLater(REAP_EVERY, self._reap)
            return
        self._process = None
        delay = RESTART_DELAYS[min(max(self._young_deaths - 1, 0), len(RESTART_DELAYS) - 1)]
        self._timer = self._reactor.callLater(delay, self._respawn)

    def _respawn(self) -> None:
        self._timer = None
        self.restarts += 1
        self.spawn()

    def _await_end(self, deadline: float) -> None:
        self._timer = None
        if self._process is not None and self._process.poll() is None:
            if self._reactor.seconds() > deadline:
                self.kill()
            self._timer = self._reactor.callLater(REAP_EVERY, self._await_end, deadline)
            return
        self._process = None
        if self._link is not None:
            self._timer = self._reactor.callLater(REAP_EVERY, self._await_end, deadline)
            return
        if self._stopped is not None:
            self._stopped.callback(None)

    def _cancel_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
