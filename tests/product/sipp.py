"""Run sipp as the carrier or the gateway, with scenarios of our own."""

from __future__ import annotations

import csv
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from b2bua.media.g711 import encode_alaw
from tests.product.waiting import wait_until

SCENARIOS = Path(__file__).parent / "sipp"
RATE = 8000


@dataclass(frozen=True)
class Played:
    """What a run of sipp came to."""

    status: int
    successful: int
    failed: int
    setup_ms: tuple[float, ...]
    """Response time of each call's set-up."""
    messages: str
    """What went over the wire."""


class Sipp:
    """One running sipp."""

    def __init__(
        self,
        directory: Path,
        scenario: str,
        *,
        host: str,
        port: int = 0,
        remote: tuple[str, int] | None = None,
        service: str = "service",
        calls: int = 1,
        rate: float = 10,
        seconds: float = 3.0,
        limit: float = 60.0,
        echo: bool = False,
        **words: object,
    ) -> None:
        """Start it; ``words`` replace ``@WORD@`` in the scenario. ``seconds`` is its pause (-d)."""
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self.calls = calls
        text = (SCENARIOS / f"{scenario}.xml").read_text()
        values = {"CALLER": "13800138000", "RING_MS": 300, "FIRST": 1, "SECOND": 9} | {
            name.upper(): each for name, each in words.items()
        }
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        assert not re.search(r"@[A-Z_]+@", text), "every word of the scenario has its value"
        (directory / "scenario.xml").write_text(text)
        command = [
            "sipp", "-sf", "scenario.xml", "-i", host, "-mi", host, "-m", str(calls), "-r", f"{rate:g}",
            "-l", "1000", "-d", str(round(seconds * 1000)), "-timeout", f"{limit:g}s", "-timeout_error",
            "-nostdin",
            "-trace_stat", "-stf", "stat.csv", "-fd", "1", "-trace_err", "-error_file", "errors.log",
            "-trace_msg", "-message_file", "messages.log", "-trace_rtt", "-rtt_freq", "1", "-s", service,
        ]  # fmt: skip
        if port:
            command += ["-p", str(port)]
        if echo:
            command += ["-rtp_echo", "-mp", "7000"]
        if remote is not None:
            command.append(f"{remote[0]}:{remote[1]}")
        with (directory / "screen.log").open("wb") as screen:
            self._process = subprocess.Popen(
                command, cwd=directory, stdin=subprocess.DEVNULL, stdout=screen, stderr=subprocess.STDOUT
            )

    def wait(self, seconds: float = 60) -> Played:
        """Wait for the end of its calls."""
        status = self._process.wait(seconds)
        stat = self._directory / "stat.csv"
        rows = list(csv.DictReader(stat.read_text().splitlines(), delimiter=";")) if stat.exists() else []
        last = rows[-1] if rows else {}
        times = [
            float(line.split(";")[1])
            for file in self._directory.glob("*_rtt.csv")
            for line in file.read_text().splitlines()[1:]
        ]
        return Played(
            status, int(last.get("SuccessfulCall(C)", 0)), int(last.get("FailedCall(C)", 0)), tuple(times),
            self.messages(),
        )  # fmt: skip

    @property
    def runs(self) -> bool:
        """Whether it still has calls to make or to end."""
        return self._process.poll() is None

    def messages(self) -> str:
        """Return what has gone over the wire so far."""
        file = self._directory / "messages.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def good(self, seconds: float = 60) -> Played:
        """Wait, and make sure that every call went as the scenario says."""
        played = self.wait(seconds)
        assert (played.status, played.successful, played.failed) == (0, self.calls, 0), self.story()
        return played

    def story(self) -> str:
        """Return what it says about itself, for a failed test."""
        files = [self._directory / name for name in ("errors.log", "messages.log", "screen.log")]
        return "\n".join(file.read_text(errors="replace")[-6000:] for file in files if file.exists())

    def stop(self) -> None:
        """End it if it still runs."""
        if self.runs:
            self._process.kill()
        self._process.wait()


@contextmanager
def gateway(directory: Path, scenario: str, host: str, port: int, **options: object) -> Iterator[Sipp]:
    """Run a scenario that waits for calls; it listens when this begins."""
    sipp = Sipp(directory, scenario, host=host, port=port, **options)  # type: ignore[arg-type]
    try:
        wait_until(lambda: _listens(host, port), "sipp listens")
        yield sipp
    finally:
        sipp.stop()


def _listens(host: str, port: int) -> bool:
    wanted = "".join(f"{int(part):02X}" for part in reversed(host.split("."))) + f":{port:04X}"
    return wanted in Path("/proc/net/udp").read_text()


def tone_file(path: Path, hertz: float, seconds: float = 1.0) -> Path:
    """Write a sine as raw A-law; whole hertz repeat without a click."""
    wave = np.sin(np.arange(round(RATE * seconds)) * 2 * np.pi * hertz / RATE) * 8000
    path.write_bytes(encode_alaw(wave.astype(np.int16)))
    return path


def burst_file(path: Path, hertz: float = 1000) -> Path:
    """Write a second of A-law with a burst of 100 ms in it, for finding delays."""
    wave = np.zeros(RATE)
    wave[2000:2800] = np.sin(np.arange(800) * 2 * np.pi * hertz / RATE) * 12000
    path.write_bytes(encode_alaw(wave.astype(np.int16)))
    return path
