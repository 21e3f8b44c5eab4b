"""Bounded SIP load by sipp between two loopback addresses, and the CPU that a box spent on it."""

from __future__ import annotations

import csv
import random
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

SCENARIOS = Path(__file__).parent / "sipp"


@dataclass(frozen=True)
class Load:
    """One run: ``calls`` calls at ``rate`` a second, each talking for ``talk`` seconds."""

    box: str
    port: int
    caller: str
    answerer: str
    answerer_port: int
    number: str
    calls: int
    rate: int
    talk: float
    audio: float = 0.0
    """Seconds of G.711 A-law that each side plays after the answer; 0: none."""


@dataclass(frozen=True)
class LoadResult:
    """What sipp saw, and CPU seconds of the process tree under test."""

    successful: int
    failed: int
    retransmissions: int
    cpu_seconds: float
    cpu_by_process: dict[str, float]
    setup_ms: list[float]

    def setup_percentile(self, percent: float) -> float:
        """Milliseconds from INVITE to 200 at this percentile; NaN without samples."""
        if not self.setup_ms:
            return float("nan")
        ordered = sorted(self.setup_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def tree_cpu(root: int) -> dict[str, float]:
    """CPU seconds (user and system, reaped children included) of a process and its descendants, by role."""
    spent: dict[str, float] = {}
    try:
        processes = [psutil.Process(root), *psutil.Process(root).children(recursive=True)]
    except psutil.NoSuchProcess:
        return spent
    for process in processes:
        try:
            times, words = process.cpu_times(), process.cmdline()
        except psutil.NoSuchProcess:
            continue
        spent[f"{process.pid} {role_of(words)}"] = sum(times[:4])
    return spent


def role_of(words: list[str]) -> str:
    """Name a process of the box by its command line."""
    for word in words[1:4]:
        name = word.rsplit("/", 1)[-1]
        if name.startswith(("b2bua.", "storage", "b2bua", "box400")):
            return name
    return words[0].rsplit("/", 1)[-1] if words else "?"


def run_load(load: Load, tree: int) -> LoadResult:
    """Run one load through the box whose process tree has its root at ``tree``."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        answerer = _start_answerer(load, work)
        try:
            time.sleep(0.5)
            if answerer.poll() is not None:
                raise RuntimeError(f"sipp could not listen on {load.answerer}:{load.answerer_port}")
            before = tree_cpu(tree)
            finished = _run_caller(load, work)
            # records and recordings are part of a call's price: let the box finish its work
            time.sleep(3.0)
            after = tree_cpu(tree)
        finally:
            answerer.terminate()
            answerer.wait(10)
        spent = {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}
        statistics = _last_row(work / "stat.csv")
        return LoadResult(
            successful=int(statistics["SuccessfulCall(C)"]),
            failed=int(statistics["FailedCall(C)"]) + (0 if finished in (0, 1) else load.calls),
            retransmissions=int(statistics["Retransmissions(C)"]),
            cpu_seconds=sum(spent.values()),
            cpu_by_process=spent,
            setup_ms=_setup_times(work),
        )


def _start_answerer(load: Load, work: Path) -> subprocess.Popen[bytes]:
    scenario = _scenario("answerer.xml", load.audio, work)
    return subprocess.Popen(
        ["sipp", "-sf", scenario, "-i", load.answerer, "-p", str(load.answerer_port), "-mi", load.answerer,
         "-nostdin", "-timeout", "600", load.box],
        cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _run_caller(load: Load, work: Path) -> int:
    scenario = _scenario("caller.xml", load.audio, work)
    port = str(random.randint(20000, 29999))
    return subprocess.run(
        ["sipp", "-sf", scenario, "-s", load.number, "-i", load.caller, "-p", port,
         "-mi", load.caller, "-d", str(int(load.talk * 1000)), "-r", str(load.rate), "-m", str(load.calls),
         "-l", str(load.calls), "-nostdin", "-timeout", "300", "-timeout_error",
         "-trace_stat", "-stf", "stat.csv", "-fd", "1", "-trace_rtt", "-rtt_freq", "1",
         f"{load.box}:{load.port}"],
        cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=330,
    ).returncode  # fmt: skip


def _scenario(name: str, audio: float, work: Path) -> str:
    text = (SCENARIOS / name).read_text()
    if audio > 0:
        pcap = work / "audio.pcap"
        if not pcap.exists():
            pcap.write_bytes(_audio_pcap(audio))
        play = f'<nop><action><exec play_pcap_audio="{pcap}"/></action></nop>'
        text = text.replace("<!--AUDIO-->", play)
    path = work / name
    path.write_text(text)
    return str(path)


def _audio_pcap(seconds: float) -> bytes:
    """A capture of RTP A-law packets of 20 ms, as sipp replays it to the negotiated port."""
    frames = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    payload = bytes(random.choices(range(256), k=160))
    for index in range(round(seconds * 50)):
        rtp = struct.pack("!BBHII", 0x80, 0x88 if index == 0 else 8, index + 1, index * 160, 0x400) + payload
        udp = struct.pack("!HHHH", 6000, 6000, 8 + len(rtp), 0) + rtp
        ip = (
            struct.pack(
                "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1"
            )
            + udp
        )
        frame = b"\0" * 12 + b"\x08\x00" + ip
        micro = index * 20000
        frames.append(
            struct.pack("<IIII", micro // 1_000_000, micro % 1_000_000, len(frame), len(frame)) + frame
        )
    return b"".join(frames)


def _last_row(path: Path) -> dict[str, str]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))[-1]


def _setup_times(work: Path) -> list[float]:
    times = []
    for path in work.glob("*_rtt.csv"):
        with path.open(newline="") as file:
            times += [float(row[1]) for row in list(csv.reader(file, delimiter=";"))[1:]]
    return times
