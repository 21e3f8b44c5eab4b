"""Millions of call records in one store, written by the ledger's own code: size, speed, pages, bills.

    python -m bench.records [--records N] [--tenants N] [--data DIR]

Records are taken in by the ledger's own code in its groups over a real store, spread over 90 days; each call
has a caller of its own, so that each finds its place among all callers (the hardest case).
Then, by a connection that has read nothing yet: the first page of a tenant's query, filtered ones, a search
of the whole box, a month's bill, an export of 100,000 rows; each with its first time, the median of more,
and the memory of this process. Prints a table; exits 1 when a goal of the product is missed. ``--data``
keeps the store there; another run goes on where one stopped, or measures what is there.
"""

from __future__ import annotations

import argparse
import gc
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path

import msgspec
import psutil

from b2bua.ledger.ledger import GROUP_ROWS
from domain.days.calendar import BEIJING
from domain.money.tariff import Edition, Price, Tariff
from domain.places.place import Place
from storage.connection import MainDatabase, StoreDown, open_main
from storage.data_directory import DataDirectory
from storage.export.call_records import write_xlsx
from storage.models import Root, TariffDocument, Tenant, TenantConfig
from storage.money.bills import close_days, month_bill
from storage.records.call_id import day_of, ulid_text
from storage.records.intake import take_in
from storage.records.query import Filter, every, page, search
from storage.records.record import CallRecord, LegRecord, Moment

BEGIN = datetime(2026, 9, 1, tzinfo=BEIJING).timestamp()
DAYS = 90
NUMBER = "4001003721"
GOALS = {"first page": 0.050, "month's bill": 0.100}
MOST_ROW_BYTES = 80.0
LEAST_RATE = 10_000.0
SAMPLE = CallRecord(
    id="", tenant="", number=NUMBER, called=NUMBER, called_raw=f"sip:{NUMBER}@10.0.0.1;user=phone",
    caller="", caller_raw="", caller_class="mobile", caller_header="From", trunk_in="unicom",
    source="10.1.2.3:5060", trunk_out="unicom", sip_call_id="", start=0.0, answer_ms=4_100, bridge_ms=9_800,
    hung_up_by="caller", sip_status=200, recorded=True, outcome="answered",
    timeline=(Moment(0, "start", "a"), Moment(3, "step", "", "hunt"), Moment(12, "dial", "b1", "139")),
    legs=(LegRecord("b1", "13900001111", False, ("unicom",), 12, 900, 9_800, 60_000, 200, "", True),),
)  # fmt: skip


def records(count: int, tenants: int, first: int) -> Iterator[list[CallRecord]]:
    """Yield groups of records in the order of time, those before ``first`` being there already."""
    rnd = random.Random(400 + first)
    places = [Place(f"0{n}", "辽宁", "沈阳", "中国联通") for n in range(20, 30)]
    answerers = [f"139{n:08}" for n in range(20)]
    talks = [int(rnd.expovariate(1 / 90_000)) if rnd.random() < 0.8 else 0 for _ in range(4096)]
    names = [f"tenant-{n}" for n in range(tenants)]
    bits = rnd.getrandbits
    group: list[CallRecord] = []
    for n in range(first, count):
        start = BEGIN + n * DAYS * 86400.0 / count
        talk = talks[bits(12)]
        group.append(
            msgspec.structs.replace(
                SAMPLE,
                id=ulid_text(int(start * 1000).to_bytes(6, "big") + bits(80).to_bytes(10, "big")),
                tenant=names[n % tenants],
                caller=f"1{3 * 10**9 + bits(32):010d}",
                sip_call_id=f"{bits(128):032x}@10.1.2.3",
                start=start,
                place=places[bits(12) % 10],
                answered_by=answerers[bits(12) % 20] if talk else "",
                end_ms=10_000 + talk,
                access_ms=5_700 + talk,
                talk_ms=talk,
                outcome="answered" if talk else "busy",
            )
        )
        if len(group) == GROUP_ROWS:
            yield group
            group = []
    if group:
        yield group


def set_up(root: Root, tenants: int) -> None:
    """Give every tenant a tariff."""
    prices = (Price(first_seconds=6, first_li=60, step_seconds=6, step_li=60),)
    root.tariffs["standard"] = TariffDocument(Tariff("standard", (Edition(prices, included_seconds=6000),)))
    for n in range(tenants):
        root.tenants[f"tenant-{n}"] = Tenant(TenantConfig(f"tenant-{n}", f"企业 {n}", tariff="standard"))


def commit(root: Root, group: list[CallRecord]) -> None:
    """Take a group in as the ledger does, and close days; notices are taken out as who sends them does."""
    take_in(root, group)
    root.missed.outbox.clear()
    today = day_of(int(group[-1].start * 1000))
    if root.money.closed_before < today:
        close_days(root, today, int(group[-1].start * 1000))


def timed(name: str, work: Callable[[], object], times: int = 5) -> bool:
    """Print the first run, the median of more, and memory; tell whether the first reached its goal."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    median = sorted(taken)[times // 2]
    memory = psutil.Process().memory_info().rss / 2**20
    goal = GOALS.get(name)
    told = "" if goal is None else f"   goal {goal * 1000:.0f} ms"
    print(f"{name:34}{taken[0] * 1000:10.1f} ms {median * 1000:10.1f} ms {memory:8.0f} MB{told}", flush=True)
    return goal is None or taken[0] <= goal


@contextmanager
def a_store(data: DataDirectory) -> Iterator[subprocess.Popen[bytes]]:
    """Run a store's process."""
    data.create()
    store = subprocess.Popen([sys.executable, "-m", "storage", "--data", str(data.root)])
    try:
        yield store
    finally:
        store.terminate()
        store.wait(60)


def run(data: DataDirectory, count: int, tenants: int, minutes: float) -> bool:
    """Fill an empty store and measure; tell whether every goal was reached."""
    good = True
    with a_store(data) as store:
        database = _opened(data)
        there = database.read(held)
        if there < count:
            good = fill(database, store, count, tenants, minutes, there)
        database.close()
    with a_store(data):
        database = _opened(data)
        good &= _sizes(database)
        database.close()
        database = _opened(data)
        good &= _measure(database, count)
        _pack(data, database)
        database.close()
    return good


@contextmanager
def directory(kept: Path | None) -> Iterator[Path]:
    """Give the directory that somebody named, or one that goes afterwards."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
    else:
        with tempfile.TemporaryDirectory(prefix="box400-") as passing:
            yield Path(passing)


def held(root: Root) -> int:
    """Return how many records are there."""
    months = [month for owner in root.records.owners.values() for month in owner.months.values()]
    return sum(month.open_count + month.sealed_count for month in months)


def fill(
    database: MainDatabase,
    store: subprocess.Popen[bytes],
    count: int,
    tenants: int,
    minutes: float,
    there: int,
) -> bool:
    """Write the records, as many as there is time for; tell whether they were written fast enough.

    Making them up is not counted.
    """
    if not there:
        database.transact(lambda root: set_up(root, tenants))
    gc.set_threshold(20000, 50, 50)  # as the ledger process does
    writing = worked = 0.0
    done, last = 0, time.perf_counter()
    until = last + minutes * 60
    for group in records(count, tenants, there):
        began, cpu = time.perf_counter(), time.process_time()
        database.transact(lambda root, group=group: commit(root, group))  # type: ignore[misc]
        writing += time.perf_counter() - began
        worked += time.process_time() - cpu
        done += len(group)
        if time.perf_counter() - last > 30:
            last = time.perf_counter()
            print(f"  {done:,} records, {done / writing:,.0f}/s", file=sys.stderr, flush=True)
        if time.perf_counter() > until:
            break
    beside = sum(psutil.Process(store.pid).cpu_times()[:2])
    cpu_each = f"writer {worked / done * 1e6:.0f} us, store {beside / done * 1e6:.0f} us"
    print(f"{done:,} records of {tenants} tenants, CPU a record: {cpu_each}")
    print(f"{done / writing:,.0f} committed/s (goal {LEAST_RATE:,.0f})", flush=True)
    database.transact(seal_closed_months)
    return done / writing >= LEAST_RATE


def seal_closed_months(root: Root) -> None:
    """Seal what the ledger seals when months are over."""
    for owner in root.records.owners.values():
        for name in list(owner.months)[:-1]:
            owner.months[name].seal_all()


def _pack(data: DataDirectory, database: MainDatabase) -> None:
    grown, began = (data.store / "main.fs").stat().st_size, time.perf_counter()
    database.pack()
    taken, packed = time.perf_counter() - began, (data.store / "main.fs").stat().st_size
    print(
        f"main.fs {grown / 2**20:,.0f} MB, packed in {taken:,.0f} s to {packed / 2**20:,.0f} MB", flush=True
    )


def _sizes(database: MainDatabase) -> bool:
    """Print what a sealed list row takes, with its traces, and its details."""

    def measure(root: Root) -> tuple[int, int, int, int]:
        rows = held = row_bytes = detail_bytes = 0
        for owner in root.records.owners.values():
            for month in owner.months.values():
                rows += month.sealed_count
                held += month.sealed_count + month.open_count
                for _, segment, traces in month.segments.values():
                    row_bytes += len(segment.block) + len(traces)
                    detail_bytes += len(segment.details.block)
                    segment.details._p_deactivate()
                    segment._p_deactivate()
                root._p_jar.cacheGC()
        return rows, held, row_bytes, detail_bytes

    rows, held, row_bytes, detail_bytes = database.read(measure)
    each = row_bytes / max(rows, 1)
    print(
        f"{held:,} records there, {rows:,} sealed: {each:.1f} bytes a list row (goal {MOST_ROW_BYTES:.0f}), "
        f"{detail_bytes / max(rows, 1):.1f} its details",
        flush=True,
    )
    return each <= MOST_ROW_BYTES


def _measure(database: MainDatabase, count: int) -> bool:
    tenant = "tenant-0"
    caller = database.read(lambda root: next(search(root, Filter(tenant=tenant, until=BEGIN + 86400)))).row
    print(f"{'':34}{'first':>13} {'median':>13}")

    def asked(wanted: Filter) -> Callable[[], object]:
        return lambda: _pages(database, wanted)

    good = timed("first page", lambda: database.read(lambda root: page(root, Filter(tenant=tenant), 50)))
    timed("one in ten callers, unanswered", asked(Filter(tenant=tenant, area_code="024", answered=False)))
    timed("one caller's first call", asked(Filter(tenant=tenant, caller=caller.caller)))
    timed("a caller who never called", asked(Filter(tenant=tenant, caller="15900000000")))
    timed("callers 1380*, none, tenant", asked(Filter(tenant=tenant, caller="13800000*")))
    timed("one caller, whole box", asked(Filter(caller=caller.caller)), times=1)
    timed("one record by its id", lambda: database.read(lambda root: root.records.find(caller.id)))
    good &= timed("month's bill", lambda: database.read(lambda root: month_bill(root, tenant, "202610")))
    timed("open month's bill", lambda: database.read(lambda root: month_bill(root, tenant, "202611")))
    rows = min(100_000, count)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.xlsx"
        timed(
            f"export of {rows:,}",
            lambda: write_xlsx(path, islice(every(database, Filter()), rows)),
            times=1,
        )
    return good


def _pages(database: MainDatabase, wanted: Filter) -> int:
    """Read until a page is full or there are no more, as who looks for something does."""
    found, cursor = 0, ""
    while True:
        got, cursor = database.read(lambda root, cursor=cursor: page(root, wanted, 50, cursor))  # type: ignore[misc]
        found += len(got)
        if not cursor or found >= 50:
            return found


def _opened(data: DataDirectory) -> MainDatabase:
    until = time.monotonic() + 120
    while True:
        try:
            database = open_main(data)
            database.read(lambda root: root.version)
            return database
        except (StoreDown, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--tenants", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=600.0, help="stop writing then, and measure")
    parser.add_argument("--data", type=Path, help="where to keep the store")
    options = parser.parse_args()
    with directory(options.data) as place:
        good = run(DataDirectory(place), options.records, options.tenants, options.minutes)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
