"""Every call that ended in the journal has a record, or is named."""

from __future__ import annotations

import random
from pathlib import Path

from b2bua.ledger.ledger import Ledger
from b2bua.ledger.verify import calls_without_record
from domain.outcomes import Outcome
from storage.connection import open_main_in_memory
from storage.journal import JournalWriter
from storage.models import Root
from tests.unit.ledger.made_up import NOON, a_call


def test_a_call_whose_record_is_lost_is_named(tmp_path: Path) -> None:
    """Of tenants and of numbers nobody owns; calls still up and calls not yet committed are not."""
    database = open_main_in_memory()
    writer = JournalWriter(tmp_path, fsync=False)
    names = []
    for n in range(1200):
        nobody = n % 100 == 99
        lines = a_call(
            random.Random(n), NOON + n, tenant=None if nobody else f"t{n % 3}", mono=5000.0 + n,
            number=None if nobody else "4001003721",
            outcome=Outcome.NUMBER_UNKNOWN if nobody else Outcome.ANSWERED,
        )  # fmt: skip
        names.append(lines[0].call)  # type: ignore[union-attr]
        for line in lines:
            writer.append(line)
    for line in a_call(random.Random(-1), NOON + 2000)[:5]:
        writer.append(line)
    ledger = Ledger(tmp_path, database, utc=lambda: NOON)
    ledger.finish()
    assert calls_without_record(tmp_path, database) == []
    for line in a_call(random.Random(-2), NOON + 3000):
        writer.append(line)
    assert calls_without_record(tmp_path, database) == []

    def lose(root: Root) -> None:
        month = root.records.owners["t1"].months["202611"]
        month.open.clear()
        month.segments.clear()

    database.transact(lose)
    lost = calls_without_record(tmp_path, database)
    assert lost
    assert set(lost) <= set(names[1::3])
    database.transact(lambda root: root.records.owners.pop(""))
    assert set(names[99::100]) <= set(calls_without_record(tmp_path, database))
    ledger.close()
    writer.close()
