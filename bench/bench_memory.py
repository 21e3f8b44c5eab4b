"""Memory of the whole box when idle, and of each call that is up.

    .venv/bin/python -m bench.bench_memory  [--calls 400]

Proportional set size of every process: idle ten seconds after the start, after ten calls that load what calls
need, with so many recorded calls up, and after them. Fails above 400 MB idle or 50 KB a call.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil

from bench.sipp_load import Load, role_of, run_load
from tests.product.box import Box, Place
from tests.product.waiting import wait_until

IDLE_GOAL_MB = 400
CALL_GOAL_KB = 50
SETTLE_SECONDS = 10.0
RATE = 40
WARM_CALLS = 10

CONFIGURATION = """
box:
  max_calls: 1000
  announcements: false
trunks:
  demo-carrier:
    sources: ["@CARRIER@"]
    target: "@GATEWAY@:5080"
    trunk_number: "01088886666"
    options_seconds: 0
tenants:
  demo:
    name: memory
    numbers:
      "4001003723":
        bound: [{number: "13900001111", skip_busy: false}]
"""


def memory(box: Box) -> Counter[str]:
    """Return the proportional set size in bytes by role; media workers together."""
    sizes: Counter[str] = Counter()
    for process in box.processes():
        try:
            sizes[role_of(process.cmdline())] += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return sizes


def with_calls_up(box: Box, calls: int) -> Counter[str]:
    """Return the memory while so many calls are up that have spoken a second; wait for their end."""
    place = box.place
    talk = calls / RATE + SETTLE_SECONDS + 5
    load = Load(
        place.box, 5060, place.carrier, place.gateway, 5080, "4001003723", calls, RATE, talk, audio=1.0
    )  # fmt: skip
    failed: list[int] = []
    running = threading.Thread(target=lambda: failed.append(run_load(load, box.pid).failed))
    running.start()
    try:
        wait_until(lambda: len(box.calls()) == calls, f"{calls} calls are up", 60)
        time.sleep(SETTLE_SECONDS / 2)
        sizes = memory(box)
        if len(box.calls()) != calls:
            raise SystemExit("calls ended before they were measured")
    finally:
        running.join()
    if failed != [0]:
        raise SystemExit(f"calls failed: {failed}")
    return sizes


def report(columns: dict[str, Counter[str]], calls: int) -> bool:
    """Print the table; return whether the goals are met."""
    roles = sorted(set().union(*columns.values()))
    print(f"{'MB (proportional)':20}" + "".join(f"{name:>12}" for name in columns))
    for role in roles:
        print(f"{role:20}" + "".join(f"{sizes[role] / 2**20:12.1f}" for sizes in columns.values()))
    print(f"{'the whole box':20}" + "".join(f"{sizes.total() / 2**20:12.1f}" for sizes in columns.values()))
    each = {role: (columns[f"{calls} up"][role] - columns["warm"][role]) / calls / 1024 for role in roles}
    total = sum(each.values())
    parts = ", ".join(f"{role} {kb:.1f}" for role, kb in sorted(each.items(), key=lambda item: -item[1]))
    print(f"KB a call, {calls} up against warm: {total:.1f} ({parts})")
    idle = columns["idle"].total() / 2**20
    print(f"goals: idle {idle:.0f} of {IDLE_GOAL_MB} MB, a call {total:.1f} of {CALL_GOAL_KB} KB")
    return idle <= IDLE_GOAL_MB and total <= CALL_GOAL_KB


def main() -> int:
    """Run it; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=400)
    calls = parser.parse_args().calls
    columns = {}
    with tempfile.TemporaryDirectory() as folder:
        box = Box(Path(folder) / "data", Place(), CONFIGURATION)
        box.start()
        try:
            time.sleep(SETTLE_SECONDS)
            columns["idle"] = memory(box)
            with_calls_up(box, WARM_CALLS)
            time.sleep(SETTLE_SECONDS)
            columns["warm"] = memory(box)
            columns[f"{calls} up"] = with_calls_up(box, calls)
            time.sleep(SETTLE_SECONDS)
            columns["afterwards"] = memory(box)
            box.stop()
        finally:
            box.kill()
    return 0 if report(columns, calls) else 1


if __name__ == "__main__":
    sys.exit(main())
