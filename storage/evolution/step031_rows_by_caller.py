"""Find calls by their caller among the records, in the place of copies in timelines and lists of callers."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.customers.timeline import EntryKind
from storage.models.by_caller import ByCaller
from storage.models.root import ROOT_KEY
from storage.models.timeline import Entries
from storage.records.call_id import key_of
from storage.records.rows import decode_row, encode_row
from storage.records.sealed_rows import SealedRows


class _Kind(msgspec.Struct):
    kind: EntryKind


_kind = msgspec.json.Decoder(_Kind).decode


def run(mapping: Any) -> None:
    """Add what is not there; a month at a time leaves memory."""
    root = mapping[ROOT_KEY]
    for owner in root.records.owners.values():
        newest = owner.months.maxKey() if owner.months else ""
        for name, month in owner.months.items():
            if not hasattr(month, "callers"):
                month.callers = _found(month)
                if name < newest and not month.open_count:
                    month.seal_all()
                _let_go(root)
        if "callers" in owner.__dict__:
            del owner.callers
    for timeline in root.timelines.tenants.values():
        kept = Entries()
        for place, data in timeline.entries.items():
            if _kind(data).kind not in (EntryKind.CALL, EntryKind.MESSAGE):
                kept[place] = data
        if len(kept) < len(timeline.entries):
            timeline.entries = kept
        _let_go(root)


def _found(month: Any) -> ByCaller:
    found = ByCaller()
    for key, (data, _) in month.open.items():
        row = decode_row(data)
        found.add(row.caller, key)
    for _, segment, *_ in month.segments.values():
        rows = SealedRows(segment.block).rows()
        found.seal((row.caller, key_of(row.id, row.start_ms / 1000), encode_row(row)) for row in rows)
        segment._p_deactivate()
    return found


def _let_go(root: Any) -> None:
    if root._p_jar is not None:
        root._p_jar.transaction_manager.savepoint(optimistic=True)
