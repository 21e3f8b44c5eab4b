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

import msgspec
import ZODB.FileStorage
from ZODB.DB import DB

from bench.records import SAMPLE
from domain.customers.customer import Customer, streams_of
from domain.customers.timeline import Entry, EntryKind
from storage.connection import MainDatabase
from storage.customers.desk import timeline_streams
from storage.models import Root
from storage.records.call_id import ulid_text
from storage.records.record import CallRecord

TENANT = "acme"
WANG = Customer(
    "0123456789abcdef", "王小姐", ("13800138000", "13900139000", "01088886666"), mails=("wang@example.cn",)
)
KINDS = (EntryKind.CALL, EntryKind.CALL, EntryKind.CALL, EntryKind.SMS, EntryKind.MAIL, EntryKind.TICKET)
ROUNDS = 30


def fill(database: MainDatabase, entries: int, others: int) -> None:
    """Give Wang his entries, and other callers their calls, as they come in the order of time."""
    chance = random.Random(1)
    streams = streams_of(WANG)
    database.transact(lambda root: root.customers.of(TENANT).put(WANG))
    calls: list[CallRecord] = []
    texts: list[Entry] = []
    for nth in range(entries):
        at = 1_790_000_000.0 + nth * 600
        kind = chance.choice(KINDS)
        if kind is EntryKind.CALL:
            calls.append(call(chance, at, chance.choice(WANG.numbers)))
        else:
            texts.append(Entry(at, kind, f"e{nth}", "in", "8001", text="已答复，客户满意。" * 4))
        calls += (
            call(chance, at + each, f"139{chance.randrange(10**8):08}") for each in range(others // entries)
        )
    for begin in range(0, len(calls), 2000):
        database.transact(lambda root, some=calls[begin : begin + 2000]: root.records.add(some))  # type: ignore[misc]

    def put(root: Root) -> None:
        for entry in texts:
            root.timelines.of(TENANT).put((chance.choice(streams),), entry)

    database.transact(put)


def call(chance: random.Random, at: float, caller: str) -> CallRecord:
    """Return a call."""
    octets = round(at * 1000).to_bytes(6, "big") + chance.randbytes(10)
    return msgspec.structs.replace(SAMPLE, id=ulid_text(octets), tenant=TENANT, caller=caller, start=at)


def opened(path: Path, after: str, kinds: frozenset[EntryKind]) -> tuple[float, str]:
    """Return how long a page takes that nobody has looked at before, in ms, and the cursor of the next."""
    database = MainDatabase(lambda: DB(ZODB.FileStorage.FileStorage(str(path))))
    database.read(lambda root: root.schema)
    began = time.perf_counter()

    def work(root: Root) -> str:
        customer = root.customers.find(TENANT).get(WANG.id)
        assert customer is not None
        page = root.timeline(TENANT).page(timeline_streams(root, TENANT, customer), after, kinds=kinds)
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
    parser.add_argument("--others", type=int, default=50_000, help="calls of other callers")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="b4-bench-") as folder:
        path = Path(folder) / "main.fs"
        database = MainDatabase(lambda: DB(ZODB.FileStorage.FileStorage(str(path))))
        database.evolve()
        fill(database, wanted.entries, wanted.others)
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
