"""How quickly a customer's timeline opens: ``python -m bench.bench_timeline``.

A tenant with many customers, one of whom has 5,000 entries over three numbers, an address and himself, in a
real file storage without anything in memory: the first page, a page in the middle, and one kind only.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path

import ZODB.FileStorage
from ZODB.DB import DB

from domain.customers.customer import Customer, streams_of
from domain.customers.timeline import Entry, EntryKind, number_stream
from storage.connection import MainDatabase
from storage.customers.desk import timeline_streams
from storage.models import Root

TENANT = "acme"
WANG = Customer(
    "0123456789abcdef", "王小姐", ("13800138000", "13900139000", "01088886666"), mails=("wang@example.cn",)
)
KINDS = (EntryKind.CALL, EntryKind.CALL, EntryKind.CALL, EntryKind.SMS, EntryKind.MAIL, EntryKind.TICKET)
ROUNDS = 30


def fill(root: Root, entries: int, others: int) -> None:
    """Give Wang his entries, and other callers theirs, as they come in the order of time."""
    chance = random.Random(1)
    timeline, streams = root.timelines.of(TENANT), streams_of(WANG)
    root.customers.of(TENANT).put(WANG)
    for nth in range(entries):
        kind = chance.choice(KINDS)
        entry = Entry(
            1_790_000_000.0 + nth * 600, kind, f"e{nth}", "in", "8001", "13800138000", "4001003721",
            "已答复，客户满意。" * 4, "answered", 63.0, recorded=kind is EntryKind.CALL,
        )  # fmt: skip
        timeline.put((chance.choice(streams),), entry)
        for each in range(others // entries):
            other = number_stream(f"139{chance.randrange(10**8):08}")
            timeline.put((other,), Entry(entry.at, EntryKind.CALL, f"o{nth}-{each}", "in", "8002"))


def opened(path: Path, after: str, kinds: frozenset[EntryKind]) -> tuple[float, str]:
    """Return how long a page takes that nobody has looked at before, in ms, and the cursor of the next."""
    database = MainDatabase(lambda: DB(ZODB.FileStorage.FileStorage(str(path))))
    database.read(lambda root: root.schema)
    began = time.perf_counter()

    def work(root: Root) -> str:
        customer = root.customers.find(TENANT).get(WANG.id)
        assert customer is not None
        page = root.timelines.find(TENANT).page(timeline_streams(root, TENANT, customer), after, kinds=kinds)
        assert len(page.entries) == 30
        return page.after

    following = database.read(work)
    passed = (time.perf_counter() - began) * 1000
    database.close()
    return passed, following


def main() -> None:
    """Fill, measure, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=5000)
    parser.add_argument("--others", type=int, default=50_000, help="entries of other callers")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="b4-bench-") as folder:
        path = Path(folder) / "main.fs"
        database = MainDatabase(lambda: DB(ZODB.FileStorage.FileStorage(str(path))))
        database.evolve()
        database.transact(lambda root: fill(root, wanted.entries, wanted.others))
        database.close()
        none: frozenset[EntryKind] = frozenset()
        cursor = ""
        for _ in range(wanted.entries // 60):
            cursor = opened(path, cursor, none)[1]
        for name, after, kinds in (
            ("first page", "", none),
            ("page in the middle", cursor, none),
            ("first page of tickets", "", frozenset({EntryKind.TICKET})),
        ):
            times = sorted(opened(path, after, kinds)[0] for _ in range(ROUNDS))
            print(f"{name}: median {statistics.median(times):.1f} ms, worst {times[-1]:.1f} ms")


if __name__ == "__main__":
    main()
