"""A real b2bua process on a data directory of its own, for the product tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import msgspec

from domain.snapshot import (
    BoundNumber,
    BoxSnapshot,
    ListenerSnapshot,
    NumberPlan,
    TenantSnapshot,
    TrunkSnapshot,
)
from storage.data_directory import DataDirectory, Settings, write_atomically
from storage.journal import Event, JournalReader, Position
from storage.journal.events import Ended

NUMBER = "4001003722"
TARGET = "13800138000"


class Loopback:
    """Addresses of one test: a small network of its own in 127.0.0.0/8."""

    def __init__(self, number: int) -> None:
        """``number``: 1 to 254, another one for each test."""
        net = f"127.{64 + os.getpid() % 128}.{number}"  # two runs at once do not meet
        self.box = (f"{net}.1", 5060)
        self.carrier = f"{net}.2"
        self.gateway = (f"{net}.3", 5080)
        self.stranger = f"{net}.9"
        self.web = f"{net}.1:8400"


class B2bua:
    """The process and its data directory."""

    def __init__(self, root: Path, net: Loopback, **plan: object) -> None:
        self.net = net
        self.data = DataDirectory(root)
        self.data.create()
        self.version = 0
        self.more_listeners: tuple[ListenerSnapshot, ...] = ()
        self.provision(**plan)
        self.data.write_settings(Settings(rtp_ports=(32000, 32199), workers=1))
        self.process: subprocess.Popen[bytes] | None = None
        self.log = root / "b2bua.log"

    def provision(self, **plan: object) -> None:
        """Write the snapshots: the demo trunk, one tenant with one number."""
        self.version += 1
        net = self.net
        trunk = TrunkSnapshot(
            name="demo-carrier",
            sources=(f"{net.carrier}/32", f"{net.gateway[0]}/32"),
            target=f"{net.gateway[0]}:{net.gateway[1]}",
            options_seconds=0,
        )
        box = BoxSnapshot(
            announcements=False,
            listeners=(
                ListenerSnapshot(name="carrier", bind=net.box[0], port=net.box[1]),
                *self.more_listeners,
            ),
            trunks=(trunk,),
            version=self.version,
        )
        number = NumberPlan(number=NUMBER, bound=(BoundNumber(number=TARGET, skip_busy=False),), **plan)  # type: ignore[arg-type]
        tenant = TenantSnapshot(id="demo", name="Demo", numbers=(number,), version=self.version)
        write_atomically(self.data.box_snapshot, msgspec.json.encode(box))
        write_atomically(self.data.tenant_snapshots / "demo.json", msgspec.json.encode(tenant))

    def start(self) -> float:
        """Start it and wait until it is ready; returns how many seconds that took."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "b2bua", "--data", str(self.data.root), "--web", self.net.web],
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=Path(__file__).parents[2],
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line == b"ready\n", self.log.read_text()
        return time.monotonic() - began

    def signal(self, number: int) -> None:
        """Send a signal."""
        assert self.process is not None
        os.kill(self.process.pid, number)

    def wait(self, seconds: float = 10.0) -> int:
        """Wait for its end; returns the exit status."""
        assert self.process is not None
        status = self.process.wait(seconds)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None
        return status

    def kill(self) -> None:
        """End it as a crash would."""
        self.signal(signal.SIGKILL)
        self.wait()

    def stop(self) -> int:
        """End it as systemd would; returns the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def events(self) -> list[Event]:
        """Read the whole journal."""
        reader = JournalReader(self.data.journal, Position(0, 0))
        events: list[Event] = []
        while batch := reader.read():
            events += [entry.event for entry in batch if not entry.restated]
        reader.close()
        return events

    def ended(self, count: int = 0) -> list[Ended]:
        """Return the last lines of all calls, as soon as there are so many."""
        limit = time.monotonic() + 5.0
        while True:
            lines = [event for event in self.events() if isinstance(event, Ended)]
            if len(lines) >= count or time.monotonic() > limit:
                return lines
            time.sleep(0.02)

    def complaints(self) -> list[str]:
        """Return what it logged as error, critical, or in no form at all."""
        lines = self.log.read_text().splitlines()
        return [line for line in lines if not line.startswith("{") or '"level":"error"' in line
                or '"level":"critical"' in line]  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.kill()
