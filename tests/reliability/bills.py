"""Compare the box's records with what the carrier saw."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.crash.carrier import Seen
from tests.product.box import Box
from tests.product.waiting import wait_until

Records = dict[str, dict[str, Any]]


def one_record_each(box: Box, calls: Iterable[Seen], seconds: float = 30.0) -> Records:
    """Return the records of these calls by caller, once each has one; none may have two."""
    callers = {call.caller for call in calls}
    found: list[dict[str, Any]] = []

    def complete() -> bool:
        rows = box.json("records", "--limit", "0")
        found[:] = [row for row in rows if row["caller"] in callers]
        return callers <= {row["caller"] for row in found}

    wait_until(
        complete, "a record of every call", seconds,
        lambda: f"without: {callers - {row['caller'] for row in found}}",
    )  # fmt: skip
    by_caller = {row["caller"]: row for row in found}
    assert len(by_caller) == len(found), "a call has two records"
    return by_caller


def wrong_seconds(calls: Iterable[Seen], records: Records, slack: float = 1.0) -> list[str]:
    """Return the calls whose charged seconds are not those that the caller saw, within ``slack``."""
    wrong = []
    for call in calls:
        charged = records[call.caller]["access_ms"] / 1000
        if call.answered is None:
            lasted = 0.0
        else:
            assert call.ended is not None, f"never ended: {call}"
            lasted = call.ended - call.answered
        if abs(charged - lasted) > slack:
            wrong.append(f"{call.caller}: charged {charged:.2f} s, lasted {lasted:.2f} s")
    return wrong
