"""A call that its caller rated low becomes a ticket, so that somebody asks why (低分回访)."""

from __future__ import annotations

from collections.abc import Iterable

from domain.tickets.rules import Wanted
from domain.tickets.ticket import Asker, AskerKind, Priority, Source, SourceKind
from storage.models import Root
from storage.notices.outbox import moment
from storage.records.record import CallRecord
from storage.tickets.desk import open_ticket, settings_of

OF_CALL = "call-"
"""Begins the source of a ticket of a call's score."""


def take_low_scores(root: Root, records: Iterable[CallRecord]) -> None:
    """Open a ticket for each low score, in the transaction that stores the records; each is taken once."""
    for record in records:
        tenant, score = record.tenant, record.rating or 0
        if not score or tenant is None or tenant not in root.tenants:
            continue
        if score > settings_of(root, tenant).low_score:
            continue
        served = record.job_number or record.answered_by
        wanted = Wanted(
            tenant, tenant, Asker(AskerKind.BOX), f"低分回访：{moment(record.start)} 的通话",
            f"客户评 {score} 分，接听：{served or '—'}。", Source(SourceKind.RATING, f"{OF_CALL}{record.id}"),
            priority=Priority.HIGH,
        )  # fmt: skip
        open_ticket(root, wanted, record.end)
