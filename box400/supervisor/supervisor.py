"""All processes of one box, kept up until they are told to end."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from box400.supervisor.child import Child, Program, roll
from storage.data_directory import DataDirectory

READY_WITHIN = 120.0
"""Seconds for one group of processes, since a machine can be busy. Who dies is told at once."""
PATIENCE = 10.0
"""Seconds that a process may take for its end."""
LOOK_AT_LOGS = 60.0
GIVE_UP_AFTER = 3
"""A process that died so often without having been ready once will not become so by trying."""


class CannotStart(Exception):
    """A process of the box does not come up; the text says which and its last words."""


class AlreadyRunning(Exception):
    """Another ``box400 run`` holds this data directory."""


class Supervisor:
    """The processes of the box in one data directory."""

    def __init__(
        self, data: DataDirectory, groups: Sequence[Sequence[Program]], report: Callable[[str], None]
    ) -> None:
        """Take what to start, each group when the one before is ready; raises AlreadyRunning.

        ``report`` gets a line for the terminal whenever a process dies.
        """
        self._data = data
        self._groups = groups
        self._report = report
        self._children: list[Child] = []
        self._up = False
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lock = _hold(data.run / "box.lock")
        self._rolling = asyncio.create_task(self._roll_logs())

    async def start(self) -> None:
        """Start all in order; returns when each is ready, raises CannotStart when one will not be."""
        for group in self._groups:
            started = [Child(program, self._data, self._died) for program in group]
            self._children += started
            for child in started:
                child.start()
            await self._ready(started)
        self._up = True

    async def stop(self) -> bool:
        """End all in the reverse order of their start; return whether none had to be killed."""
        gently = True
        self._rolling.cancel()
        while self._children:
            gently = await self._children.pop().stop(PATIENCE) and gently
        self._lock.close()
        return gently

    async def _ready(self, started: list[Child]) -> None:
        ready = asyncio.create_task(_all_ready(started))
        waiting: list[asyncio.Future[None]] = [ready, self._failed]
        try:
            await asyncio.wait(waiting, timeout=READY_WITHIN, return_when="FIRST_COMPLETED")
        finally:
            ready.cancel()
        if self._failed.done():
            await self._failed
        late = [child.name for child in started if not child.ready.is_set()]
        if late:
            raise CannotStart(f"{', '.join(late)}: not ready after {READY_WITHIN:.0f} s")

    async def _roll_logs(self) -> None:
        while True:
            for log in self._data.log.glob("*.log"):
                roll(log)
            await asyncio.sleep(LOOK_AT_LOGS)

    def _died(self, child: Child, status: int, uptime: float) -> None:
        how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        self._report(
            f"{child.name} died after {uptime:.1f} s ({how}), starting it again; see {child.log_file}"
        )
        if not self._up and child.deaths_before_ready >= GIVE_UP_AFTER and not self._failed.done():
            self._failed.set_exception(
                CannotStart("\n".join([f"{child.name} does not start:", *child.last_words()]))
            )


async def _all_ready(started: list[Child]) -> None:
    for child in started:
        await child.ready.wait()


def _hold(lock: Path) -> IO[str]:
    file = lock.open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise AlreadyRunning(str(lock.parent)) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
