"""Measure what a forwarded RTP packet costs: our media worker beside rtpengine, with recording.

    python -m bench.media [--calls 100,200,300] [--seconds 10] [--rounds 1] [--no-recording] [--no-peer]

CPU is that of the relay's threads by the scheduler's count (user and system), over the packets that came out.
Both relays are driven by the same generator in the same run. It fails when our worker lost a packet.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from b2bua.media import protocol
from b2bua.media.spool import read_spool
from bench.peers.rtpengine import Rtpengine

ROOT = Path(__file__).parents[1]


class Generator:
    """The process of ``bench/rtp_load.py``."""

    def __init__(self, calls: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "bench/rtp_load.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.ports: list[int] = self._ask({"open": 2 * calls})["ports"]

    def aim(self, targets: list[int]) -> None:
        """Say where each stream sends to."""
        self._ask({"targets": targets})

    def run(self, seconds: float) -> dict[str, Any]:
        """Send for so long."""
        return self._ask({"seconds": seconds})

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(5)

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


class OurWorker:
    """A media worker, driven by its control protocol alone."""

    def __init__(self, directory: Path, recording: bool) -> None:
        self._recording = recording
        self.spool = directory / "spool"
        self.spool.mkdir()
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "b2bua.media", "--socket", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=ROOT,
            )
        self._socket = ours
        self._notices = protocol.NoticeStream()
        self._heard: list[protocol.AnyNotice] = []
        self._tell(protocol.Start((20000, 29999), str(self.spool), str(directory)))

    def bridge(self, number: int, near: int, far: int) -> tuple[int, int]:
        """Set up a call between two ports; return where each has to send to."""
        a, b = 2 * number, 2 * number + 1
        for endpoint, leg in ((a, "a"), (b, "b1")):
            self._tell(protocol.Open(endpoint, f"bench{number}", leg, "127.0.0.1", self._recording))
        ports = []
        for endpoint, port in ((a, near), (b, far)):
            ports.append(self._await(protocol.Opened).port)
            self._tell(protocol.Connect(endpoint, protocol.Peer("127.0.0.1", port, "PCMA", 8)))
        self._tell(protocol.Bridge(a, b))
        return ports[0], ports[1]

    def where_lost(self, calls: int) -> str:
        """Close all endpoints; return what they counted, to tell on which side packets were lost."""
        for endpoint in range(2 * calls):
            self._tell(protocol.Close(endpoint))
        closed: list[protocol.Figures] = []
        while len(closed) < 2 * calls:
            notices = self._notices.feed(self._socket.recv(65536))
            closed += [each.figures for each in notices if isinstance(each, protocol.Closed)]
        heard, passed = (
            sum(getattr(each, name) for each in closed) for name in ("packets_in", "packets_out")
        )
        return f"worker heard {heard}, missed {sum(each.lost for each in closed)}, sent {passed}"

    def stop(self) -> None:
        """End the worker, spools written."""
        self._socket.close()
        self.process.wait(10)

    def _tell(self, command: protocol.Command) -> None:
        self._socket.sendall(protocol.frame(command))

    def _await(self, kind: type[protocol.Opened]) -> protocol.Opened:
        while not self._heard:
            self._heard = self._notices.feed(self._socket.recv(65536))
        notice = self._heard.pop(0)
        assert isinstance(notice, kind), notice
        return notice


def cpu_seconds(pid: int) -> float:
    """Return what all threads of a process have used, user and system."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


@contextmanager
def relay(who: str, recording: bool) -> Iterator[OurWorker | Rtpengine]:
    """Run one relay."""
    with tempfile.TemporaryDirectory(prefix="box400-bench-") as directory:
        made = (OurWorker if who == "box400" else Rtpengine)(Path(directory), recording)
        try:
            yield made
        finally:
            made.stop()


def measure(who: str, calls: int, seconds: float, recording: bool) -> dict[str, Any]:
    """Run so many calls through one relay."""
    generator = Generator(calls)
    try:
        with relay(who, recording) as under_test:
            pairs = [
                under_test.bridge(number, *generator.ports[2 * number : 2 * number + 2])
                for number in range(calls)
            ]
            generator.aim([port for pair in pairs for port in pair])
            warm = generator.run(0.5)
            before = cpu_seconds(under_test.process.pid)
            result = generator.run(seconds)
            used = cpu_seconds(under_test.process.pid) - before
            if isinstance(under_test, OurWorker):
                sent, received = (warm[way] + result[way] for way in ("sent", "received"))
                result["where"] = f"sent {sent}, {under_test.where_lost(calls)}, came back {received}"
            if recording and isinstance(under_test, OurWorker):
                result["unrecorded"] = unrecorded(under_test.spool, calls, result["sent"] / (2 * calls))
    finally:
        generator.stop()
    result["us"] = used / result["received"] * 1e6
    result["lost"] = result["sent"] - result["received"]
    return result


def unrecorded(spool: Path, calls: int, sent: float) -> int:
    """Count the legs whose spool lacks packets."""
    short = 0
    for number in range(calls):
        for leg in ("a", "b1"):
            segments = read_spool(spool / f"bench{number}" / f"{leg}.spool")
            short += sum(len(segment.packets) for segment in segments) < int(sent)
    return short


def main() -> int:
    """Print the table; return 1 when packets or recordings were lost."""
    parser = argparse.ArgumentParser(description="What a forwarded RTP packet costs.")
    parser.add_argument("--calls", default="100,200,300")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--no-recording", action="store_true")
    parser.add_argument("--no-peer", action="store_true")
    options = parser.parse_args()
    names = ["box400"] if options.no_peer else ["box400", "rtpengine"]
    recording = not options.no_recording
    bad = False
    print(f"recording {'on' if recording else 'off'}, {options.seconds:g} s each, 50 packets/s each way")
    print(f"{'calls':>5} {'relay':<10} {'us/packet':>9} {'lost':>6} {'p50 ms':>7} {'p99 ms':>7} {'ratio':>6}")
    for calls in map(int, options.calls.split(",")):
        medians: dict[str, float] = {}
        for who in names:
            rounds = [measure(who, calls, options.seconds, recording) for _ in range(options.rounds)]
            middle = sorted(rounds, key=lambda each: each["us"])[len(rounds) // 2]
            medians[who] = statistics.median(each["us"] for each in rounds)
            lost = sum(each["lost"] for each in rounds)
            ratio = f"{medians['box400'] / medians[who]:6.2f}" if who != "box400" else ""
            delays = f"{middle['p50']:7.2f} {middle['p99']:7.2f}"
            print(f"{calls:5d} {who:<10} {medians[who]:9.2f} {lost:6d} {delays} {ratio}", flush=True)
            short = sum(each.get("unrecorded", 0) for each in rounds)
            if who == "box400" and (lost or short):
                print(f"      {lost} packets lost, {short} recordings incomplete")
                print("\n".join(f"      {each['where']}" for each in rounds))
                bad = True
    return bad


if __name__ == "__main__":
    sys.exit(main())
