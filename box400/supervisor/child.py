"""One process of the box: its start, its readiness, its end."""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from box400.supervisor.backoff import Backoff
from storage.data_directory import DataDirectory

SPARE_AFTER = 0.3
"""Seconds after a process is ready until its spare is started: until then it has work of its own to do."""
GO = b"go\n"
"""What a spare reads from standard input when it is to take the place."""
PR_SET_PDEATHSIG = 1
LOG_LIMIT = 20 * 1024 * 1024

Died = Callable[["Child", int, float], None]
"""Is told the wait status (negative: a signal's number) and the seconds that the process was up."""

_libc = ctypes.CDLL(None, use_errno=True)


class Program(NamedTuple):
    """What to start."""

    name: str
    """Names the log and the readiness socket."""
    command: tuple[str, ...]
    spare: tuple[str, ...] = ()
    """Command of a process that loads its code, then waits for :data:`GO`, so that it takes the place of one
    that died at once; empty: none."""


class Child:
    """A process that is to be up until :meth:`stop`."""

    def __init__(self, program: Program, data: DataDirectory, died: Died) -> None:
        self.name = name = program.name
        self._program = program
        self.log_file = data.log / f"{name}.log"
        self.deaths_before_ready = 0
        self.ready = asyncio.Event()
        self._data = data
        self._died = died
        self._backoff = Backoff()
        self._process: asyncio.subprocess.Process | None = None
        self._spare: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._spare_file = data.run / f"{name}-spare.pid"
        self._notify_path = data.run / f"notify-{name}.sock"
        self._notify = _bind(self._notify_path)
        asyncio.get_running_loop().add_reader(self._notify, self._notified)

    def start(self) -> None:
        """Start the process, and again whenever it dies."""
        self._keeping = asyncio.create_task(self._keep_up())

    async def stop(self, patience: float) -> bool:
        """End the process: SIGTERM, then SIGKILL after ``patience`` seconds; tell whether SIGTERM did."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        await self._dismiss_spare()
        gently = True
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), patience)
            except TimeoutError:
                gently = False
                process.kill()
                await process.wait()
        asyncio.get_running_loop().remove_reader(self._notify)
        self._notify.close()
        self._notify_path.unlink(missing_ok=True)
        return gently

    def last_words(self, lines: int = 5) -> list[str]:
        """Return the last lines of its log."""
        with self.log_file.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
            return log.read().decode(errors="replace").splitlines()[-lines:]

    async def _keep_up(self) -> None:
        while True:
            began = time.monotonic()
            self._process = await self._call_spare() or await self._spawn(self._program.command)
            standing_by = asyncio.create_task(self._stand_by())
            try:
                status = await self._process.wait()
            finally:
                standing_by.cancel()
                await asyncio.wait([standing_by])
            uptime = time.monotonic() - began
            if not self.ready.is_set():
                self.deaths_before_ready += 1
            self.ready.clear()
            self._died(self, status, uptime)
            await asyncio.sleep(self._backoff.after(uptime))

    async def _stand_by(self) -> None:
        """Start a spare once the process is ready, where there is to be one and there is none."""
        if not self._program.spare:
            return
        await self.ready.wait()
        await asyncio.sleep(SPARE_AFTER)
        if self._spare is None or self._spare.returncode is not None:
            self._spare = await self._spawn(self._program.spare, stdin=asyncio.subprocess.PIPE)
            self._spare_file.write_text(f"{self._spare.pid}\n", encoding="ascii")

    async def _call_spare(self) -> asyncio.subprocess.Process | None:
        """Let the spare take the place; None when there is none alive."""
        spare, self._spare = self._spare, None
        self._spare_file.unlink(missing_ok=True)
        if spare is None or spare.returncode is not None or spare.stdin is None:
            return None
        try:
            spare.stdin.write(GO)
            await spare.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            return None
        return spare

    async def _dismiss_spare(self) -> None:
        spare, self._spare = self._spare, None
        self._spare_file.unlink(missing_ok=True)
        if spare is not None and spare.returncode is None:
            spare.kill()  # it has done nothing yet
            await spare.wait()

    async def _spawn(
        self, command: tuple[str, ...], stdin: int = asyncio.subprocess.DEVNULL
    ) -> asyncio.subprocess.Process:
        environment = os.environ | {"NOTIFY_SOCKET": str(self._notify_path), "PYTHONUNBUFFERED": "1"}
        ours = os.getpid()
        with self.log_file.open("ab") as log:
            # A group of its own: Ctrl-C at the terminal reaches us alone, and we end the others in order.
            return await asyncio.create_subprocess_exec(
                *command,
                stdin=stdin, stdout=log, stderr=log, env=environment, process_group=0,
                preexec_fn=lambda: _die_with(ours),
            )  # fmt: skip

    def _notified(self) -> None:
        message = self._notify.recv(4096)
        if b"READY=1" in message.split(b"\n"):
            self.deaths_before_ready = 0
            self.ready.set()


def _die_with(parent: int) -> None:
    """Ask the kernel for SIGTERM when the parent dies, however it dies."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _bind(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    ours = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    ours.bind(str(path))
    return ours


def roll(log: Path, limit: int = LOG_LIMIT) -> None:
    """Begin a log anew where it has become longer than ``limit`` bytes; one old one is kept.

    The process goes on writing: its descriptor appends, so it finds the new end by itself.
    """
    if log.exists() and log.stat().st_size > limit:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)
