"""What a running box tells of itself, and what the kernel tells of it."""

from __future__ import annotations

import re
import threading
import urllib.request
from types import TracebackType
from typing import Self

import psutil

from b2bua.alarms import Alarm, read_alarms
from b2bua.control import AskStatus, ControlClient, Status
from storage.data_directory import DataDirectory
from tests.product.box import Box


def metric(box: Box, name: str, **labels: str) -> float:
    """Return one value of the metrics page; 0 when it is not there (yet)."""
    with urllib.request.urlopen(f"http://{box.place.box}:8400/metrics", timeout=10) as page:
        text = page.read().decode()
    wanted = "".join(f'(?=[^}}]*{key}="{value}")' for key, value in labels.items())
    found = re.search(rf"^{name}(?:\{{{wanted}[^}}]*\}})? ([0-9.e+-]+)$", text, re.M)
    return float(found.group(1)) if found else 0.0


def status(box: Box) -> Status:
    """Ask the SIP process."""
    with ControlClient(DataDirectory(box.data).control_socket) as control:
        return control.ask(AskStatus(), Status)


def alarm(box: Box, key: str) -> Alarm | None:
    """Return the SIP process's alarm of this key, None while it is not up."""
    return next((each for each in read_alarms(DataDirectory(box.data).alarms_file) if each.key == key), None)


def role(process: psutil.Process) -> str:
    """Name a process of the box: ``b2bua``, ``b2bua.media``, ``storage`` ...; ``box400`` is ``run``."""
    words = process.cmdline()
    return words[words.index("-m") + 1] if "-m" in words else "?"


def processes(box: Box, wanted: str = "") -> list[psutil.Process]:
    """Return the living processes of one role, or all."""
    found = []
    spare = box.spare()
    for process in box.processes():
        try:
            if process.pid == spare:
                continue
            if process.status() != psutil.STATUS_ZOMBIE and wanted in ("", role(process)):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def memory(box: Box) -> dict[str, int]:
    """Return the proportional set size (bytes) of each process, by ``role pid``."""
    sizes = {}
    for process in processes(box):
        try:
            sizes[f"{role(process)} {process.pid}"] = process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return sizes


class MemoryWatch:
    """Looks at the memory of the whole box twice a second while it is entered."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self.before = sum(memory(box).values())
        self.most = self.before
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.5):
            self.most = max(self.most, sum(memory(self._box).values()))

    @property
    def growth_mb(self) -> float:
        """How much more there was at most than before."""
        return (self.most - self.before) / 2**20

    def left_mb(self) -> float:
        """How much more there is now than before."""
        return (sum(memory(self._box).values()) - self.before) / 2**20
