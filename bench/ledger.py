"""Records committed per second, CPU time per record and bytes per record at rest, over a real store.

    python -m bench.ledger [--calls N] [--tenants N] [--live RATE]

A journal of N calls is written first (17 lines an answered call), then a store and a ledger are started on
it as their own processes and timed until every record is committed. With ``--live`` calls end at that rate
for ten seconds while the ledger follows, as in normal work: then its CPU time includes looking at an idle
journal and commits of a second each. Fails when a record is missing.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from b2bua.ledger.ledger import Ledger
from b2bua.ledger.status import read_status
from domain.outcomes import Outcome
from storage.connection import StoreDown, open_main
from storage.data_directory import DataDirectory
from storage.journal import JournalWriter
from storage.journal.events import Event
from storage.models import Root
from tests.unit.ledger.made_up import NOON, a_call


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=20000)
    parser.add_argument("--tenants", type=int, default=1)
    parser.add_argument("--live", type=float, default=0.0, metavar="RATE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="box400-") as place:
        run(DataDirectory(Path(place)), options.calls, options.tenants, options.live)


def run(data: DataDirectory, calls: int, tenants: int, rate: float) -> None:
    """Time one run in an empty data directory."""
    data.create()
    rnd = random.Random(400)
    if rate:
        calls = int(rate * 10)
    made = [
        a_call(
            rnd,
            NOON + n * 0.01,
            tenant=f"tenant-{n % tenants}",
            outcome=Outcome.ANSWERED if rnd.random() < 0.8 else Outcome.BUSY,
        )
        for n in range(calls)
    ]
    writer = JournalWriter(data.journal)
    store = start("storage", data)
    wait_for_store(data)
    processes = [store]
    try:
        if not rate:
            begin = time.process_time()
            for lines in made:
                for line in lines:
                    writer.append(line)
            print(f"journal: {(time.process_time() - begin) / calls * 1e6:.0f} us of CPU to write a call")
        before = cpu(store)
        if rate:
            ledger = start("b2bua.ledger", data)
            processes.append(ledger)
            used = follow(data, ledger, writer, made, rate)
        else:
            used = replay(data, calls)
        print(f"ledger: {used / calls * 1e6:.0f} us of CPU a record")
        print(f"store:  {(cpu(store) - before) / calls * 1e6:.0f} us of CPU a record")
        report_sizes(data, calls)
    finally:
        writer.close()
        for process in reversed(processes):
            process.terminate()
            process.wait()


def replay(data: DataDirectory, calls: int) -> float:
    """Commit what the journal holds, in this process; return the seconds of CPU."""
    gc.set_threshold(20000, 50, 50)  # as the ledger process does
    database = open_main(data)
    ledger = Ledger(data.journal, database)
    began, cpu_before = time.monotonic(), time.process_time()
    while ledger.committed_rows < calls:
        ledger.step()
    seconds = time.monotonic() - began
    used = time.process_time() - cpu_before
    print(f"{calls} records in {seconds:.2f} s: {calls / seconds:,.0f} records/s")
    ledger.close()
    database.close()
    return used


def follow(
    data: DataDirectory,
    ledger: subprocess.Popen[bytes],
    writer: JournalWriter,
    made: list[list[Event]],
    rate: float,
) -> float:
    """Let calls end at a rate while the ledger process runs; return its seconds of CPU."""
    wait_until(data, 0)
    before, began = cpu(ledger), time.monotonic()
    for n, lines in enumerate(made):
        time.sleep(max(0.0, began + n / rate - time.monotonic()))
        for line in lines:
            writer.append(line)
    wait_until(data, len(made))
    used = cpu(ledger) - before
    memory = psutil.Process(ledger.pid).memory_full_info()
    print(f"ledger: {memory.pss / 1e6:.1f} MB proportional set size")
    return used


def report_sizes(data: DataDirectory, calls: int) -> None:
    """Print what a record takes; fail when one is missing."""

    def measure(root: Root) -> tuple[int, int, int, int]:
        rows = sealed = row_bytes = detail_bytes = 0
        for owner in root.records.owners.values():
            for month in owner.months.values():
                rows += sum(1 for _ in month.rows())
                sealed += month.sealed_count
                for _, segment, _ in month.segments.values():
                    row_bytes += len(segment.block)
                    detail_bytes += len(segment.details.block)
        return rows, sealed, row_bytes, detail_bytes

    database = open_main(data)
    rows, sealed, row_bytes, detail_bytes = database.read(measure)
    assert rows == calls, f"{calls - rows} records are missing"
    if sealed:
        print(f"sealed: {row_bytes / sealed:.1f} bytes a list row, {detail_bytes / sealed:.1f} its details")
    size = os.path.getsize(data.store / "main.fs")
    database.pack()
    packed = os.path.getsize(data.store / "main.fs")
    database.close()
    print(f"main.fs: {size / calls:.0f} bytes a record as written, {packed / calls:.0f} packed")


def start(module: str, data: DataDirectory) -> subprocess.Popen[bytes]:
    """Start one of the box's processes."""
    command = [sys.executable, "-m", module, "--data", str(data.root)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def cpu(process: subprocess.Popen[bytes]) -> float:
    """Return the seconds of CPU a process has used."""
    times = psutil.Process(process.pid).cpu_times()
    return times.user + times.system


def wait_for_store(data: DataDirectory) -> None:
    """Return when the store serves."""
    database = open_main(data)
    for _ in range(100):
        try:
            database.read(lambda root: root.schema)
        except StoreDown:
            time.sleep(0.05)
        else:
            database.close()
            return
    raise SystemExit("the store does not serve")


def wait_until(data: DataDirectory, rows: int) -> None:
    """Return when the ledger says that so many records are committed."""
    while True:
        status = read_status(data)
        if status is not None and status.committed_rows >= rows:
            return
        time.sleep(0.02)


if __name__ == "__main__":
    main()
