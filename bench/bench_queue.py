"""What waiting callers cost: 100 callers in 10 queues with music and announcements, 50 agents, one core.

    .venv/bin/python -m bench.bench_queue  [--seconds 20]

A whole box on one core; on the others sipp, which brings nine callers of each queue who speak all the time,
and a probe, which is the tenth one and the agents' phones. First all agents are paused and the box's CPU time
is taken while everybody waits; how late each RTP packet of a probe's music comes is told by the kernel's time
stamps. Then the agents are free; how long it takes from an agent's BYE until he is rung for the next caller
is read from the journal. Fails when a caller is lost, when an assignment takes more than 100 ms, and when
more than 1 % of the packets are more than 3 ms late.
"""

from __future__ import annotations

import argparse
import socket
import struct
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil

from b2bua.control import AskCalls, Calls, ControlClient, Done
from b2bua.control_floor import AskQueues, Queues, SetAgent
from bench.sipp_load import role_of
from storage.data_directory import DataDirectory
from storage.journal import JournalReader
from storage.journal.events import DialogNow, LegDialled, LegEnded, Queued, Step, Unqueued
from tests.crash.carrier import Carrier
from tests.product.box import Box, Place
from tests.product.sipp import Sipp, tone_file

QUEUES = 10
AGENTS = 50
CALLERS = 100
PROBES = QUEUES
LATE_GOAL_MS = 3.0
ASSIGN_GOAL_MS = 100.0
PACKET_MS = 20.0
SO_TIMESTAMPNS = 35


def configuration() -> str:
    """Return ten queues, each with five agents."""
    queues = "".join(
        f"      q{n}: {{announce_seconds: 10, wrap_up_seconds: 0, handling_seconds: 60}}\n"
        for n in range(QUEUES)
    )
    agents = "".join(
        f'      "{8000 + n}": {{target: "139000{n:05}", queues: q{n % QUEUES}, logged_in: true}}\n'
        for n in range(AGENTS)
    )
    numbers = "".join(f'      "{4001003800 + n}": {{entry: "queue:q{n}"}}\n' for n in range(QUEUES))
    return (
        'trunks:\n  demo-carrier:\n    sources: ["@CARRIER@"]\n    target: "@GATEWAY@:5080"\n'
        '    trunk_number: "01088886666"\n    options_seconds: 0\n'
        "tenants:\n  demo:\n    name: bench\n"
        f"    queues:\n{queues}    agents:\n{agents}    numbers:\n{numbers}"
    )


class Probe(Carrier):
    """One caller of each queue, and the agents, who talk a few seconds; takes the times of what arrives."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.sip, place.carrier, place.target, "", seed=7)
        self.gaps_ms: list[float] = []
        self._last: dict[tuple[str, int], float] = {}
        self._caller_rtp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

    def come(self, number: str, seconds: float) -> None:
        """Let one caller come and stay so long, unless he is hung up."""
        self._number = number
        self.place(seconds)

    def _talk(self, side: Any) -> None:
        if not side.gateway:  # agents listen
            super()._talk(side)

    def _on_rtp(self, sock: socket.socket) -> None:
        for _ in range(64):
            try:
                _, extra, _, source = sock.recvmsg(2048, 64)
            except (BlockingIOError, ConnectionError):
                return
            if not extra:
                continue
            seconds, nanoseconds = struct.unpack("qq", extra[0][2])
            at = seconds * 1000.0 + nanoseconds / 1e6
            before = self._last.get(source)
            self._last[source] = at
            if before is not None and at - before < 10 * PACKET_MS:  # else nothing was played between
                self.gaps_ms.append(at - before - PACKET_MS)


def assignments(data: DataDirectory) -> list[float]:
    """Return milliseconds from the end of each agent's leg until he is rung again, as the journal says.

    Only where a caller of his queue waited for whom nobody was rung.
    """
    queues: dict[str, str] = {}
    waiting: dict[str, set[str]] = defaultdict(set)
    targets: dict[tuple[str, str], str] = {}
    freed: dict[str, float] = {}
    found: list[float] = []
    reader = JournalReader(data.journal, without=(DialogNow,))
    for entry in chain.from_iterable(iter(reader.read, [])):
        match entry.event:
            case Queued(call=call, queue=queue):
                queues[call] = queue
                waiting[queue].add(call)
            case Step(call=call, name="offered") | Unqueued(call=call):
                waiting[queues[call]].discard(call)
            case Step(call=call, name="missed" | "not-reached"):
                waiting[queues[call]].add(call)
            case Step(name="agent-gone", detail=agent):  # he hung up before the talk, and rests
                freed.pop(f"139000{int(agent) - 8000:05}", None)
            case LegDialled(call=call, leg=leg, target=target, mono=mono):
                targets[call, leg] = target
                if target in freed:
                    found.append((mono - freed.pop(target)) * 1000)
            case LegEnded(call=call, leg=leg, mono=mono, by_peer=True, status=0) if leg != "a":
                target = targets[call, leg]
                if waiting[f"q{int(target[-5:]) % QUEUES}"]:
                    freed[target] = mono
    return found


def cpu_by_role(box: Box) -> dict[str, float]:
    """Return CPU seconds of each kind of process."""
    spent: dict[str, float] = defaultdict(float)
    for process in box.processes():
        times = process.cpu_times()
        spent[role_of(process.cmdline())] += times.user + times.system
    return spent


def at_percent(values: list[float], percent: float) -> float:
    """Return a percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else float("nan")


def waiting(control: ControlClient) -> int:
    """Return how many callers wait."""
    return sum(queue.waiting for queue in control.ask(AskQueues(), Queues).queues)


def until(callers: Probe, seconds: float, condition: Callable[[], bool]) -> None:
    """Let things go on until a condition holds, at which we look twice a second: asking costs the box."""
    for _ in range(round(seconds * 2)):
        callers.run(0.5)
        if condition():
            return


def set_all(control: ControlClient, what: str) -> None:
    """Pause or resume every agent."""
    for n in range(AGENTS):
        control.ask(SetAgent("demo", str(8000 + n), what, "bench"), Done)


def run(seconds: float) -> int:
    """Measure and print; return the exit status."""
    place = Place()
    with tempfile.TemporaryDirectory() as folder:
        box = Box(Path(folder) / "data", place, configuration())
        callers = Probe(place)
        try:
            box.start()
            cores = sorted(psutil.Process().cpu_affinity())
            for process in box.processes():
                process.cpu_affinity(cores[:1])
            if len(cores) > 1:
                psutil.Process().cpu_affinity(cores[1:])
            with ControlClient(DataDirectory(box.data).control_socket) as control, ExitStack() as stack:
                return measure(box, callers, control, seconds, Path(folder), stack)
        finally:
            callers.close()
            box.kill()  # not stopped: a hundred recordings on one core take longer than a stop waits


def measure(
    box: Box, callers: Probe, control: ControlClient, seconds: float, folder: Path, stack: ExitStack
) -> int:
    """Let callers wait, then be served."""
    set_all(control, "pause")
    callers.run(5.0)
    before = cpu_by_role(box)
    callers.run(5.0)
    idle = {role: spent - before[role] for role, spent in cpu_by_role(box).items()}
    others: list[Sipp] = []
    sound = tone_file(folder / "caller.alaw", 440)
    for n in range(QUEUES):
        number = str(4001003800 + n)
        others.append(
            Sipp(
                folder / f"carrier-{n}",
                "carrier_waits",
                host=box.place.carrier,
                remote=box.place.sip,
                service=number,
                calls=CALLERS // QUEUES - 1,
                limit=160,
                sound=sound,
            )
        )
        stack.callback(others[-1].stop)
        callers.come(number, 600.0)
        callers.run(0.5)
    until(callers, 20, lambda: waiting(control) == CALLERS)
    callers.run(2.0)
    callers.gaps_ms.clear()
    before = cpu_by_role(box)
    callers.run(seconds)
    spent = {role: used - before[role] for role, used in cpu_by_role(box).items()}
    gaps, all_wait = list(callers.gaps_ms), waiting(control)
    set_all(control, "resume")
    until(callers, 70, lambda: not control.ask(AskCalls(), Calls).calls)
    served = sum(each.ended_by == "box" for each in callers.calls)
    served += sum(each.wait(20).successful for each in others)
    assigned = assignments(DataDirectory(box.data))
    print(f"{all_wait} callers waiting in {QUEUES} queues, {seconds:.0f} s, box on one core")
    print(f"{'process':<10} {'idle %':>8} {'waiting %':>10} {'us of CPU a second and caller':>30}")
    for role in sorted(spent):
        each = spent[role] / seconds / max(1, all_wait)
        print(
            f"{role:<10} {idle.get(role, 0.0) / 5.0:>8.1%} {spent[role] / seconds:>10.1%} {each * 1e6:>30.0f}"
        )
    late = [gap for gap in gaps if gap > LATE_GOAL_MS]
    print(
        f"RTP: {len(gaps)} packets, late p50 {at_percent(gaps, 50):.2f} p99 {at_percent(gaps, 99):.2f}"
        f" max {max(gaps, default=0):.1f} ms, {len(late) / max(1, len(gaps)):.2%} over {LATE_GOAL_MS} ms"
    )
    print(
        f"agent free -> rung: {len(assigned)} times, p50 {at_percent(assigned, 50):.1f}"
        f" p99 {at_percent(assigned, 99):.1f} max {max(assigned, default=0):.1f} ms"
    )
    print(f"{sum(spent.values()) / seconds / max(1, all_wait):.2%} of a core for each waiting caller")
    print(f"{served} of {CALLERS} callers served to the end")
    good = (
        all_wait == CALLERS
        and served == CALLERS
        and len(assigned) > 0
        and max(assigned) <= ASSIGN_GOAL_MS
        and at_percent(gaps, 99) <= LATE_GOAL_MS
    )
    print("as wanted" if good else "NOT as wanted")
    return 0 if good else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="how long everybody waits")
    sys.exit(run(parser.parse_args().seconds))
