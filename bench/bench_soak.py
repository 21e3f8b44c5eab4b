"""Hours of calls through one box: does anything grow, leak, complain or get lost?

    .venv/bin/python -m bench.bench_soak                        five minutes at 10 calls/s
    .venv/bin/python -m bench.bench_soak --minutes 60           the hour of the goals: 36,000 calls
    .venv/bin/python -m bench.bench_soak --minutes 1440         a day

IMS-sized INVITEs, two seconds of talk, both sides recorded, with the settings of `box400 run`. After each
minute of calls the box is given three seconds, then memory (unique set size) and descriptors of each process
are noted. Fails if a call failed, if a record or a recording is missing, if descriptors grow, if anything
logged an error, and, from half an hour on, if a process grows by more than 1 MB/h after the first third.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import psutil

from bench.sipp_load import Load, role_of, run_load
from storage.connection import open_recordings
from storage.data_directory import DataDirectory
from storage.recordings import Recordings
from tests.product.box import Box, Place

AUDIO_SECONDS = 0.4
"""What each side says."""
TALK_SECONDS = 2.0
GOAL_MB_AN_HOUR = 1.0
JUDGED_FROM = 30.0
"""Minutes from which a slope says something: before, caches are still being filled."""
MORE_FILES = 3
"""Descriptors that a process may have more in its last third: ports bound ahead and files come and go."""

CONFIGURATION = """
box:
  announcements: false
trunks:
  demo-carrier:
    sources: ["@CARRIER@"]
    target: "@GATEWAY@:5080"
    trunk_number: "01088886666"
    options_seconds: 0
tenants:
  demo:
    name: soak
    numbers:
      "4001003723":
        bound: [{number: "13900001111", skip_busy: false}]
"""


@dataclass
class Course:
    """One process over time."""

    minutes: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def later(self) -> slice:
        """Return the samples after the first third."""
        return slice(len(self.minutes) // 3, None)

    def slope(self) -> float:
        """Return the growth after the first third in MB an hour; NaN with fewer than three samples."""
        minutes, megabytes = self.minutes[self.later()], self.megabytes[self.later()]
        if len(minutes) < 3:
            return float("nan")
        return float(np.polyfit(np.array(minutes) / 60, megabytes, 1)[0])

    def more_files(self) -> int:
        """Return how many more descriptors the last third had at its highest than the one before."""
        third = len(self.files) // 3
        middle, last = self.files[third : 2 * third], self.files[2 * third :]
        return max(last) - max(middle) if middle else 0


def note(courses: dict[str, Course], box: Box, minutes: float) -> None:
    """Take one sample of each process."""
    for process in box.processes():
        try:
            name = f"{role_of(process.cmdline())} {process.pid}"
            memory, files = process.memory_full_info().uss / 2**20, process.num_fds()
        except psutil.NoSuchProcess:
            continue
        course = courses.setdefault(name, Course())
        course.minutes.append(minutes)
        course.megabytes.append(memory)
        course.files.append(files)


def soak(minutes: float, rate: int) -> int:
    """Run it and print the table; return the exit status."""
    place = Place()
    courses: dict[str, Course] = {}
    failed = calls = 0
    setup: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        box = Box(Path(folder) / "data", place, CONFIGURATION)
        box.start()
        try:
            began = time.monotonic()
            note(courses, box, 0.0)
            while (left := minutes - (time.monotonic() - began) / 60) > 0.05:
                each = max(1, round(rate * min(60.0, left * 60)))
                load = Load(
                    place.box, 5060, place.carrier, place.gateway, 5080, "4001003723", each, rate,
                    TALK_SECONDS, AUDIO_SECONDS,
                )  # fmt: skip
                result = run_load(load, box.pid)
                calls += each
                failed += result.failed
                setup += result.setup_ms
                note(courses, box, (time.monotonic() - began) / 60)
            records, recordings = settled(box, calls)
            box.stop()  # fails when anything logged an error
        finally:
            box.kill()
    setup.sort()
    print(
        f"{calls} calls at {rate}/s in {minutes:g} min: {failed} failed, {calls - records} records and "
        f"{calls - recordings} recordings missing, set-up p99 {setup[int(len(setup) * 0.99)]:.0f} ms, "
        "no errors logged"
    )
    return 1 if failed or records != calls or recordings != calls or not report(courses, minutes) else 0


def settled(box: Box, calls: int) -> tuple[int, int]:
    """Return how many records and recordings there are, once each call has both or a minute has passed."""
    kept = Recordings(open_recordings(DataDirectory(box.data)))
    until = time.monotonic() + 60
    try:
        while True:
            records = len(box.json("records", "--limit", "0"))
            recordings = sum(1 for _ in kept.iterate())
            if (records, recordings) == (calls, calls) or time.monotonic() > until:
                return records, recordings
            time.sleep(2.0)
    finally:
        kept.close()


def report(courses: dict[str, Course], minutes: float) -> bool:
    """Print how each process went; return whether all did well."""
    good = True
    print(f"{'':20}{'MB first':>10}{'MB last':>10}{'MB/h':>8}{'files first':>13}{'last':>6}")
    for name, course in sorted(courses.items()):
        leaks = course.more_files() > MORE_FILES
        grows = minutes >= JUDGED_FROM and course.slope() > GOAL_MB_AN_HOUR
        good = good and not leaks and not grows
        print(
            f"{name:20}{course.megabytes[0]:10.1f}{course.megabytes[-1]:10.1f}{course.slope():8.1f}"
            f"{course.files[0]:13}{course.files[-1]:12}{' descriptors leak' * leaks}{' memory grows' * grows}"
        )
    if minutes < JUDGED_FROM:
        print(f"(growth is judged from {JUDGED_FROM:g} minutes on: before, caches fill)")
    return good


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--rate", type=int, default=10, help="calls a second")
    options = parser.parse_args()
    return soak(options.minutes, options.rate)


if __name__ == "__main__":
    sys.exit(main())
