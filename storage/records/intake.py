"""Take call records in, in one transaction, with everything that follows from them."""

from __future__ import annotations

from collections.abc import Sequence

from storage.models import Root
from storage.money.charging import Charging
from storage.records.record import CallRecord
from storage.tickets.low_scores import take_low_scores


def take_in(root: Root, records: Sequence[CallRecord]) -> None:
    """Add, charge and count records, and tell of them who must know; a call that is there changes nothing."""
    new: list[CallRecord] = []
    with Charging(root) as charging:

        def take(record: CallRecord, day: str) -> CallRecord:
            new.append(record)
            return charging.charge(record, day)

        root.records.add(records, take)
    root.missed.take(new)
    take_low_scores(root, new)
