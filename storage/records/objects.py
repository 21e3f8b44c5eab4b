"""Call records as JSON shows them, on the command line and in the API."""

from __future__ import annotations

from typing import Any

import msgspec

from storage.records.query import Found
from storage.records.record import CallRecord


def row_object(found: Found) -> dict[str, Any]:
    """Return a row of a list."""
    row = found.row
    return {
        "id": row.id, "tenant": found.tenant or None, "number": row.number, "caller": row.caller,
        "anonymous": row.anonymous, "caller_class": row.caller_class, "area_code": row.area_code,
        "province": row.province, "city": row.city, "carrier": row.carrier,
        "answered_by": row.answered_by, "start": row.start_ms / 1000,
        "duration_ms": row.end_ms, "access_ms": row.access_ms, "talk_ms": row.talk_ms, "outcome": row.outcome,
        "hung_up_by": row.hung_up_by, "sip_status": row.sip_status, "recorded": row.recorded,
        "fee_li": row.fee_li,
        "queue": row.queue, "wait_ms": row.wait_ms, "job_number": row.job_number,
        "rating": row.rating or None, "keys": row.keys,
        "trunk_in": row.trunk_in or None, "trunk_out": row.trunk_out or None,
        "direction": row.direction or "inbound", "message": row.has_message,
    }  # fmt: skip


def record_object(record: CallRecord) -> dict[str, Any]:
    """Return a whole record, its parts as objects instead of arrays."""
    fields = msgspec.structs.asdict(record)
    fields["place"] = msgspec.structs.asdict(record.place)
    if record.charge is not None:
        fields["charge"] = msgspec.structs.asdict(record.charge)
    for name in ("legs", "media", "timeline", "participants"):
        fields[name] = [msgspec.structs.asdict(each) for each in fields[name]]
    return fields
