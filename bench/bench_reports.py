"""A month's report of a busy tenant from the figures kept as calls end, against a count of all its calls.

    python -m bench.bench_reports [--calls 200000] [--data DIR]

The calls are written by the code of the ledger, in groups of 5,000, over a real store: a tenant with three
numbers, 200 agents, 8 queues, 12 menu keys, callers from all area codes, many of whom call again. Then, each
on a new connection first and again after: the month's report of the tenant, of one number, of the whole box,
and the analysis with its forecast; then the full scan, which must give the same figures. Exits 1 when the
report takes more than a second or differs. ``--data`` keeps the store there; another run measures that one.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import psutil

from bench.records import directory, held
from domain.analysis.staffing import Goal
from domain.days.calendar import BEIJING
from domain.outcomes import Outcome
from domain.places.place import Place
from domain.places.places import shipped_places
from storage.connection import MainDatabase, StoreDown, open_main
from storage.data_directory import DataDirectory
from storage.models import Root, Tenant, TenantConfig
from storage.records.call_id import ulid_text
from storage.records.query import Filter, search
from storage.records.record import CallRecord
from storage.records.rows import CallRow
from storage.reports.analysis import analysed
from storage.reports.report import report, report_of_rows

GROUP = 5000
FIRST, DAYS = date(2026, 10, 1), 31
BEGIN = datetime(2026, 10, 1, tzinfo=BEIJING).timestamp()
NUMBERS = ("4001003721", "4006128866", "4008123456")
GOAL_S = 1.0
HOURS = [1, 1, 1, 1, 1, 1, 2, 4, 30, 90, 100, 80, 40, 50, 90, 95, 80, 50, 20, 12, 8, 5, 3, 2]
"""Calls by hour of the day, relative."""
ENDS = (
    (Outcome.ANSWERED, 78), (Outcome.GAVE_UP_QUEUE, 8), (Outcome.BUSY, 5), (Outcome.NO_ANSWER, 4),
    (Outcome.GAVE_UP_MENU, 3), (Outcome.CLOSED, 2),
)  # fmt: skip
SAMPLE = CallRecord(
    id="", tenant="acme", number="", called="", called_raw="", caller="", caller_raw="", trunk_in="unicom",
    caller_class="mobile", source="10.1.2.3:5060", sip_call_id="", start=0.0, hung_up_by="caller",
)  # fmt: skip


def calls(count: int) -> Iterator[list[CallRecord]]:
    """Yield groups of calls in the order of time."""
    rnd = random.Random(400)
    area_codes = sorted(
        {shipped_places().in_use(f"0{n}") for n in (*range(20, 30), *range(310, 1000))} - {""}
    )
    places = [Place(code, f"province {n % 31}", "", "") for n, code in enumerate(area_codes)]
    outcomes, weights = zip(*ENDS, strict=True)
    starts = sorted(
        BEGIN + day * 86_400 + hour * 3600 + rnd.random() * 3600
        for day in range(DAYS)
        for hour in rnd.choices(range(24), HOURS, k=-(-count // DAYS))
    )
    group = []
    for start in starts[:count]:
        outcome = rnd.choices(outcomes, weights)[0]
        answered = outcome is Outcome.ANSWERED
        wait = int(rnd.expovariate(1 / 15_000))
        talk = int(rnd.expovariate(1 / 150_000)) + 1 if answered else 0
        group.append(
            msgspec.structs.replace(
                SAMPLE, id=ulid_text(int(start * 1000).to_bytes(6, "big") + rnd.randbytes(10)), start=start,
                number=rnd.choice(NUMBERS), caller=f"139{rnd.randrange(count // 2 + 1):08}",
                place=rnd.choice(places), outcome=outcome, wait_ms=wait, talk_ms=talk,
                end_ms=wait + talk + 8000, access_ms=wait + talk, queue=f"queue-{rnd.randrange(8)}",
                menu=f"main/start/{rnd.randrange(12)}", answered_by="13900000000" if answered else "",
                job_number=f"8{rnd.randrange(200):03}" if answered else "",
                rating=rnd.choice((None, None, 3, 4, 5)) if answered else None,
            )
        )  # fmt: skip
        if len(group) == GROUP:
            yield group
            group = []
    if group:
        yield group


def timed(name: str, work: Callable[[], Any], goal: float | None = None) -> tuple[Any, bool]:
    """Run something once cold and three times warm; print the figures; tell whether its goal was reached."""
    taken, worked, made = [], [], None
    for _ in range(4):
        began, cpu = time.perf_counter(), time.process_time()
        made = work()
        taken.append(time.perf_counter() - began)
        worked.append(time.process_time() - cpu)
    memory = psutil.Process().memory_info().rss / 2**20
    told = "" if goal is None else f"   goal {goal * 1000:.0f} ms"
    first, again, cpu = taken[0] * 1000, sorted(taken[1:])[1] * 1000, worked[0] * 1000
    print(f"{name:34}{first:10.1f} ms{again:10.1f} ms{cpu:10.1f} ms{memory:8.0f} MB{told}")
    return made, goal is None or taken[0] <= goal


def measured(data: DataDirectory) -> bool:
    """Measure on a connection that has read nothing yet."""
    last = FIRST + timedelta(days=DAYS - 1)
    print(f"\n{'':34}{'first':>13}{'again':>13}{'first, CPU':>13}")
    database = reached(data)
    month = partial(report, tenant="acme", first=FIRST, last=last)
    made, good = timed("month, tenant", partial(database.read, month), GOAL_S)
    database.close()
    for name, work in (
        ("month, one number", lambda root: report(root, "acme", FIRST, last, NUMBERS[0])),
        ("month, whole box", lambda root: report(root, None, FIRST, last)),
        ("analysis with forecast", lambda root: analysed(root, "acme", FIRST, last, last, Goal())),
    ):  # fmt: skip
        database = reached(data)
        timed(name, partial(database.read, work))
        database.close()
    database = reached(data)
    began, cpu = time.perf_counter(), time.process_time()
    scanned = report_of_rows(day_by_day(database), FIRST, last)
    database.close()
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(f"{'full scan':34}{wall * 1000:10.1f} ms{'':13}{cpu * 1000:10.1f} ms")
    same = scanned == made
    print(f"figures of {made.all.calls:,} calls {'equal' if same else 'DIFFER FROM'} the full scan")
    return good and same


def day_by_day(database: MainDatabase) -> Iterator[CallRow]:
    """Yield every call, the oldest first."""
    for day in range(DAYS):
        since = BEGIN + day * 86_400
        wanted = Filter(tenant="acme", since=since, until=since + 86_400)
        yield from reversed(database.read(partial(found, wanted=wanted)))


def found(root: Root, wanted: Filter) -> list[CallRow]:
    """Return the calls of a day."""
    return [each.row for each in search(root, wanted)]


def fill(data: DataDirectory, count: int) -> None:
    """Write the calls, unless there are some."""
    database, began, written = reached(data), time.process_time(), 0
    if database.read(held):
        database.close()
        return
    database.transact(lambda root: set_up(root))
    for group in calls(count):
        database.transact(lambda root, group=group: root.records.add(group))  # type: ignore[misc]
        written += len(group)
        if written % 50_000 == 0:
            rate = written / (time.process_time() - began)
            print(f"\r{written:,} calls, {rate:,.0f}/s of CPU", end="", flush=True)
    print(f"; store {(data.store / 'main.fs').stat().st_size / 2**20:,.0f} MB")
    database.close()


def set_up(root: Root) -> None:
    """Make the tenant."""
    root.tenants["acme"] = Tenant(TenantConfig("acme", "示例公司"))


def reached(data: DataDirectory) -> MainDatabase:
    """Open the store, as soon as it is there."""
    for _ in range(200):
        try:
            database = open_main(data)
            database.read(lambda root: root.version)
        except (StoreDown, OSError):
            time.sleep(0.1)
        else:
            return database
    raise SystemExit("the store does not start")


def main() -> None:
    """Run it in a directory of its own."""
    options = argparse.ArgumentParser()
    options.add_argument("--calls", type=int, default=200_000)
    options.add_argument("--data", type=Path, help="where to keep the store, or where one with calls is")
    chosen = options.parse_args()
    with directory(chosen.data) as folder:
        data = DataDirectory(folder)
        data.create()
        store = subprocess.Popen([sys.executable, "-m", "storage", "--data", str(data.root)])
        try:
            fill(data, chosen.calls)
            good = measured(data)
        finally:
            store.terminate()
            store.wait()
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
