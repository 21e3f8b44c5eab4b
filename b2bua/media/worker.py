"""The worker process: control socket, ticks, spools; what it carries out on legs is in ``switchboard``."""

from __future__ import annotations

import contextlib
import socket
import time

from b2bua.media import forward, protocol, reception, rtp
from b2bua.media.poller import Poller
from b2bua.media.spooler import Spooler
from b2bua.media.switchboard import Switchboard

TICK = rtp.STAMPS // 50
REST = rtp.STAMPS
"""Between ticks while there is no leg."""
MAX_BEHIND = 10
"""Ticks that are made up for when the machine held us up; more are left out."""


class EndOfControl(Exception):
    """The b2bua process closed the control socket or is gone."""


class Worker:
    """One worker, from its control socket's first octet to the last."""

    def __init__(self, control: socket.socket) -> None:
        self.stamp = 0
        self.due = 0
        self._control = control
        self._commands = protocol.CommandStream()
        self._unsent = bytearray()
        self._spooler = Spooler()
        self._poller = Poller()
        self._board = Switchboard(self._poller, self, self._tell)
        self._late = 0
        control.setblocking(False)
        self._poller.add(control.fileno(), self._obey)
        self._poller.add(self._spooler.wakeup, self._spooled)

    def run(self) -> None:
        """Serve until the control socket closes; then write the spools and return."""
        with contextlib.suppress(EndOfControl):
            forward.run(self._poller, reception.receive, self, time)
        self._spooler.write(self._board.gather())
        self._spooler.stop()

    def tick(self) -> None:
        """Do what is due every 20 ms."""
        self._late = max(self._late, self.stamp - self.due)
        shares = self._board.tick()
        if shares:
            self._spooler.write(shares)
        self._send()
        if self._board.legs:
            self.due = max(self.due + TICK, self.stamp - MAX_BEHIND * TICK)
        else:
            self.due = self.stamp + REST

    def _obey(self) -> None:
        try:
            data = self._control.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError as error:
            raise EndOfControl from error
        if not data:
            raise EndOfControl
        for command in self._commands.feed(data):
            if isinstance(command, protocol.Ping):
                self._tell(self._board.pong(self._late * 1000 / rtp.STAMPS))
                self._late = 0
            else:
                self._board.carry_out(command)
        self._send()
        self.due = min(self.due, self.stamp + TICK)

    def _tell(self, notice: protocol.Notice) -> None:
        """Have a notice sent: with others, at the end of this batch of commands, or at the next tick."""
        self._unsent += protocol.frame(notice)

    def _send(self) -> None:
        """Write what the control socket takes; the rest goes at the next tick."""
        if not self._unsent:
            return
        try:
            sent = self._control.send(self._unsent)
        except BlockingIOError:
            return
        except OSError as error:
            raise EndOfControl from error
        del self._unsent[:sent]

    def _spooled(self) -> None:
        for outcome in self._spooler.outcomes():
            self._board.spooled(outcome)
        self._send()
