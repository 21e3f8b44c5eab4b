"""Millions of call records in one store, written by the ledger's own code: size, speed, pages, bills.

    python -m bench.records [--records N] [--tenants N]

Records are made and charged in groups of 500 over a real store, as the ledger does, spread over 90 days.
Then: the first page of a tenant's query, a filtered one, a month's bill, an export of 100,000 rows; each with
time and the memory of this process. Prints a table; exits 1 when a goal of the product is missed.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import psutil

from domain.calendar import BEIJING
from domain.place import Place
from domain.tariff import Edition, Price, Tariff
from storage.bills import close_days, month_bill
from storage.call_id import day_of, ulid_text
from storage.charging import Charging
from storage.connection import MainDatabase, StoreDown, open_main
from storage.data_directory import DataDirectory
from storage.export_xlsx import write_xlsx
from storage.models import Root, TariffDocument, Tenant, TenantConfig
from storage.query import Filter, page, search
from storage.records import CallRecord, LegRecord, Moment

GROUP = 500
BEGIN = datetime(2026, 9, 1, tzinfo=BEIJING).timestamp()
DAYS = 90
NUMBER = "4001003721"
GOALS = {"first page": 0.050, "month's bill": 0.100}
SAMPLE = CallRecord(
    id="", tenant="", number=NUMBER, called=NUMBER, called_raw=f"sip:{NUMBER}@10.0.0.1;user=phone",
    caller="", caller_raw="", caller_class="mobile", caller_header="From", trunk_in="unicom",
    source="10.1.2.3:5060", trunk_out="unicom", sip_call_id="", start=0.0, answer_ms=4_100, bridge_ms=9_800,
    hung_up_by="caller", sip_status=200, recorded=True, outcome="answered",
    timeline=(Moment(0, "start", "a"), Moment(3, "step", "", "hunt"), Moment(12, "dial", "b1", "139")),
    legs=(LegRecord("b1", "13900001111", False, ("unicom",), 12, 900, 9_800, 60_000, 200, "", True),),
)  # fmt: skip


def records(count: int, tenants: int) -> Iterator[list[CallRecord]]:
    """Yield groups of records in the order of time."""
    rnd = random.Random(400)
    places = [Place(f"0{n}", "辽宁", "沈阳", "中国联通") for n in range(20, 30)]
    answerers = [f"139{n:08}" for n in range(20)]
    group: list[CallRecord] = []
    for n in range(count):
        start = BEGIN + n * DAYS * 86400.0 / count
        talk = int(rnd.expovariate(1 / 90_000)) if rnd.random() < 0.8 else 0
        call = ulid_text(int(start * 1000).to_bytes(6, "big") + rnd.randbytes(10))
        group.append(
            msgspec.structs.replace(
                SAMPLE,
                id=call,
                tenant=f"tenant-{n % tenants}",
                caller=f"1{rnd.randrange(3 * 10**9, 10**10):010d}",
                sip_call_id=f"{rnd.getrandbits(128):032x}@10.1.2.3",
                start=start,
                place=rnd.choice(places),
                answered_by=rnd.choice(answerers) if talk else "",
                end_ms=10_000 + talk,
                access_ms=5_700 + talk,
                talk_ms=talk,
                outcome="answered" if talk else "busy",
            )
        )
        if len(group) == GROUP:
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
    """Add a group as the ledger does, and close days."""
    root.records.add(group, Charging(root).charge)
    today = day_of(int(group[-1].start * 1000))
    if root.money.closed_before < today:
        close_days(root, today, int(group[-1].start * 1000))


def timed(name: str, work: Callable[[], object], times: int = 5) -> bool:
    """Print the median of some runs and this process's memory; tell whether its goal was reached."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    median = sorted(taken)[times // 2]
    memory = psutil.Process().memory_info().rss / 2**20
    goal = GOALS.get(name)
    told = "" if goal is None else f"   goal {goal * 1000:.0f} ms"
    print(f"{name:24}{median * 1000:10.1f} ms {memory:8.0f} MB{told}")
    return goal is None or median <= goal


def run(data: DataDirectory, count: int, tenants: int) -> bool:
    """Fill an empty store and measure; tell whether every goal was reached."""
    data.create()
    store = subprocess.Popen([sys.executable, "-m", "storage", "--data", str(data.root)])
    try:
        database = _opened(data)
        database.transact(lambda root: set_up(root, tenants))
        began = last = time.perf_counter()
        worked = 0.0
        for n, group in enumerate(records(count, tenants), 1):
            cpu = time.process_time()
            database.transact(lambda root, group=group: commit(root, group))  # type: ignore[misc]
            worked += time.process_time() - cpu
            if time.perf_counter() - last > 15:
                last = time.perf_counter()
                print(f"  {n * GROUP:,} records, {n * GROUP / (last - began):,.0f}/s", file=sys.stderr)
        rate = count / (time.perf_counter() - began)
        database.pack()
        size = (data.store / "main.fs").stat().st_size
        each = f"{worked / count * 1e6:.0f} us of CPU and {size / count:.0f} bytes each in all"
        print(f"{count:,} records of {tenants} tenants: {rate:,.0f}/s, {each}")
        goal = _measure(database, count)
        database.close()
        return goal
    finally:
        store.terminate()
        store.wait(20)


def _measure(database: MainDatabase, count: int) -> bool:
    tenant = "tenant-0"
    all_of, some = Filter(tenant=tenant), Filter(tenant=tenant, area_code="024", answered=False)
    good = timed("first page", lambda: database.read(lambda root: page(root, all_of, 50)))
    timed("filtered page", lambda: database.read(lambda root: page(root, some, 50)))
    good &= timed("month's bill", lambda: database.read(lambda root: month_bill(root, tenant, "202610")))
    timed("open month's bill", lambda: database.read(lambda root: month_bill(root, tenant, "202611")))
    rows = min(100_000, count)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.xlsx"
        timed(
            f"export of {rows:,}",
            lambda: database.read(lambda root: write_xlsx(path, search(root, Filter(), rows))),
            times=1,
        )
    return good


def _opened(data: DataDirectory) -> MainDatabase:
    until = time.monotonic() + 30
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
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="box400-") as place:
        good = run(DataDirectory(Path(place)), options.records, options.tenants)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
