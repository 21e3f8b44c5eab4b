"""Real processes of the box for tests: started on a short path, ended by their id."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from storage.connection import Database, StoreDown, open_main
from storage.data_directory import DataDirectory

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def short_data_directory() -> Iterator[DataDirectory]:
    """Give a data directory whose sockets fit into their addresses."""
    place = tempfile.mkdtemp(prefix="b4-")
    data = DataDirectory(place)
    data.create()
    try:
        yield data
    finally:
        shutil.rmtree(place)


class Process:
    """One of the box's processes."""

    def __init__(self, module: str, data: DataDirectory, *options: str) -> None:
        command = [sys.executable, "-m", module, "--data", str(data.root), *options]
        self._log = (data.root / f"{module}.log").open("ab")
        self.popen = subprocess.Popen(command, cwd=ROOT, stderr=self._log, stdout=self._log)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal it, wait for it, and return its status."""
        self.popen.send_signal(number)
        status = self.popen.wait(timeout=30)
        self._log.close()
        return status


@contextmanager
def running(module: str, data: DataDirectory, *options: str) -> Iterator[Process]:
    """Run a process; killed at the end if it still runs."""
    process = Process(module, data, *options)
    try:
        yield process
    finally:
        if process.popen.poll() is None:
            process.end(signal.SIGKILL)


def eventually(what: Callable[[], T], *, seconds: float = 30.0) -> T:
    """Return the first true thing ``what`` gives; StoreDown counts as not yet."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        try:
            found = what()
        except StoreDown:
            found = None  # type: ignore[assignment]
        if found:
            return found
        pause.wait(0.02)
    raise AssertionError("it did not happen in time")


def wait_for_store(data: DataDirectory) -> None:
    """Return when the store serves."""
    database = open_main(data)
    eventually(lambda: database.read(lambda root: root.schema))
    database.close()


def count(database: Database, key: str) -> int:
    """Return a counter in a storage's root mapping."""
    return database.read(lambda root: root.get(key, 0))  # type: ignore[no-any-return]
