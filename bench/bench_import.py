"""How long an import of customers by Excel takes: ``python -m bench.bench_import``.

The most rows that one file may have, half of them of customers who are there already, into a tenant with many
customers, in a real file storage: reading the workbook, the preview, the import, and the same file again.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import ZODB.FileStorage
from ZODB.DB import DB

from domain.customers.customer import Customer
from domain.customers.desk import DeskSettings
from storage.connection import MainDatabase
from storage.customers.desk import CustomerDesk
from storage.customers.sheets import (
    MOST_ROWS,
    NAME,
    NOTE,
    NUMBERS,
    Imported,
    take_sheet,
    titles_of,
    write_customers,
)
from storage.export.workbook_read import SheetRead, read_sheet
from storage.models import Root
from storage.models.web import AuditEntry

T = TypeVar("T")
TENANT, AT = "acme", 1_795_399_200.0
SETTINGS = DeskSettings()


def number(nth: int) -> str:
    """Return a mobile number."""
    return f"139{nth:08}"


def fill(root: Root, first: int, last: int) -> None:
    """Let the tenant have customers."""
    held = root.customers.of(TENANT)
    for nth in range(first, last):
        held.put(Customer(f"{nth:016x}", f"客户 {nth}", (number(nth),), at=AT + nth))


def rows(customers: int) -> list[dict[str, str]]:
    """Return the file's rows: the last of the customers with a note, and as many new ones."""
    begin = customers - MOST_ROWS // 2
    return [
        {NAME: f"客户 {nth}", NUMBERS: number(nth), NOTE: "本月回访"}
        for nth in range(begin, begin + MOST_ROWS)
    ]


def take(root: Root, sheet: SheetRead) -> Imported:
    """Take the rows in."""
    desk = CustomerDesk(root, TENANT, "8001", AT, AuditEntry(AT, "bench", "customers-imported"), each=False)
    return take_sheet(desk, sheet, SETTINGS, AT)


def timed(name: str, work: Callable[[], T]) -> T:
    """Do something and print how long it took."""
    began, cpu = time.perf_counter(), time.process_time()
    done = work()
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    told = (
        ""
        if not isinstance(done, Imported)
        else f"  {done.count('added')} added, {done.count('changed')} changed"
    )
    print(f"{name:12}{wall:8.2f} s{cpu:8.2f} s of CPU{told}")
    return done


def main() -> None:
    """Fill, measure, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=50_000)
    customers = parser.parse_args().customers
    with tempfile.TemporaryDirectory(prefix="b4-bench-") as folder:
        file, path = Path(folder) / "customers.xlsx", Path(folder) / "main.fs"
        empty = dict.fromkeys(titles_of(SETTINGS), "")
        write_customers(file, ({**empty, **row} for row in rows(customers)), SETTINGS)
        database = MainDatabase(lambda: DB(ZODB.FileStorage.FileStorage(str(path))))
        database.evolve()
        for first in range(0, customers, 5000):
            database.transact(partial(fill, first=first, last=min(first + 5000, customers)))
        data = file.read_bytes()
        sheet = timed("reading", lambda: read_sheet(data, MOST_ROWS))
        timed("preview", lambda: database.read(lambda root: take(root, sheet)))
        done = timed("import", lambda: database.transact(lambda root: take(root, sheet)))
        again = timed("again", lambda: database.transact(lambda root: take(root, sheet)))
        assert done.count("added") == done.count("changed") == MOST_ROWS // 2
        assert again.count("same") == MOST_ROWS
        database.close()


if __name__ == "__main__":
    main()
