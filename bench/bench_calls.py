"""CPU per complete call of the whole box, beside Sippy B2BUA in the same run.

    ./test --all                          runs it with the other benches
    .venv/bin/python -m bench.bench_calls  [--calls 1500] [--rates 50,100,150]

Each row is one load of sipp with IMS-sized INVITEs: box400 with the settings of `box400 run` (media ports
allocated, journal fsynced, records committed, trace on), unrecorded and recorded apart, and Sippy without
media. The run fails if a call failed, a record or a recording is missing afterwards, or the goal is missed.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.sipp_load import Load, LoadResult, run_load
from tests.product.box import Box, Place
from tests.product.waiting import wait_until

AUDIO_SECONDS = 0.4
"""What each side says in recorded calls."""
TALK_SECONDS = 1.0

CONFIGURATION = """
box:
  announcements: false
  tenant_rings_per_second: 1000
  number_rings_per_minute: 100000
trunks:
  demo-carrier:
    sources: ["@CARRIER@"]
    target: "@GATEWAY@:5080"
    trunk_number: "01088886666"
    options_seconds: 0
tenants:
  demo:
    name: bench
    numbers:
      "4001003722":
        bound: [{number: "13900001111", skip_busy: false}]
        record: false
      "4001003723":
        bound: [{number: "13900001111", skip_busy: false}]
"""


def box_rows(rates: list[int], calls: int) -> list[tuple[str, int, LoadResult, int]]:
    """Load one box at each rate, unrecorded then recorded."""
    rows = []
    place = Place()
    with tempfile.TemporaryDirectory() as folder:
        box = Box(Path(folder) / "data", place, CONFIGURATION)
        box.start()
        try:
            expected = recorded = 0
            for rate in rates:
                for name, number, audio in (
                    ("box400", "4001003722", 0.0),
                    ("box400 recorded", "4001003723", AUDIO_SECONDS),
                ):
                    load = Load(
                        place.box, 5060, place.carrier, place.gateway, 5080, number, calls, rate,
                        TALK_SECONDS, audio,
                    )  # fmt: skip
                    rows.append((name, rate, run_load(load, box.pid), calls))
                    expected += calls
                    recorded += calls if audio else 0
            report(rows)
            wait_until(
                lambda: len(box.json("records", "--limit", "0")) == expected,
                f"{expected} records",
                explain=lambda: str(len(box.json("records", "--limit", "0"))),
            )
            found = box.json("records", "--limit", "0", "--recorded")
            if len(found) != recorded:
                raise SystemExit(f"{recorded} calls were to be recorded, {len(found)} were")
            box.stop()
        finally:
            box.kill()
    return rows


def sippy_rows(rates: list[int], calls: int) -> list[tuple[str, int, LoadResult, int]]:
    """Load Sippy's simple B2BUA at each rate, with its logging turned down."""
    rows = []
    place = Place()
    command = [
        str(Path(sys.executable).with_name("b2bua_simple")), "-f", "-l", place.box, "-p", "5060",
        "-n", f"{place.gateway}:5080",
    ]  # fmt: skip
    quiet = dict(os.environ, SIPLOG_BEND="none", SIPLOG_LVL="ERR")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=quiet) as sippy:
        try:
            time.sleep(2)
            for rate in rates:
                load = Load(
                    place.box, 5060, place.carrier, place.gateway, 5080, "4001003722", calls, rate,
                    TALK_SECONDS,
                )  # fmt: skip
                rows.append(("Sippy 2.5", rate, run_load(load, sippy.pid), calls))
        finally:
            sippy.send_signal(signal.SIGKILL)
    return rows


def report(rows: list[tuple[str, int, LoadResult, int]]) -> None:
    """Print the table."""
    print(f"{'':18}{'calls/s':>8}{'ok':>7}{'failed':>7}{'CPU ms/call':>13}{'set-up p50':>12}{'p99 ms':>8}")
    for name, rate, result, calls in rows:
        each = result.cpu_seconds / calls * 1000
        print(
            f"{name:18}{rate:8}{result.successful:7}{result.failed:7}{each:13.2f}"
            f"{result.setup_percentile(50):12.0f}{result.setup_percentile(99):8.0f}"
        )
        if name.startswith("box400"):
            parts = sorted(result.cpu_by_process.items(), key=lambda item: -item[1])
            print("    " + ", ".join(f"{role.split()[1]} {cpu / calls * 1000:.2f}" for role, cpu in parts))


def main() -> int:
    """Run it; 1 if a call failed or the box costs more than half of Sippy."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=1500)
    parser.add_argument("--rates", default="50,100,150")
    options = parser.parse_args()
    rates = [int(rate) for rate in options.rates.split(",")]
    peer = sippy_rows(rates, options.calls)
    report(peer)
    rows = peer + box_rows(rates, options.calls)
    per_call = {(name, rate): result.cpu_seconds / calls * 1000 for name, rate, result, calls in rows}
    failed = sum(result.failed for name, _, result, _ in rows if name.startswith("box400"))
    ratios = [per_call["box400", rate] / per_call["Sippy 2.5", rate] for rate in rates]
    print(f"box400 / Sippy: {', '.join(f'{ratio:.2f}' for ratio in ratios)} (goal: at most 0.50)")
    return 1 if failed or max(ratios) > 0.5 else 0


if __name__ == "__main__":
    sys.exit(main())
