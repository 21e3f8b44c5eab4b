"""Which operators see callers' numbers without their middle, and records as they see them."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from domain.calling.masking import masked
from storage.models import Root
from storage.models.web import Role
from storage.records.query import Found
from storage.records.record import CallRecord

T = TypeVar("T", bound=msgspec.Struct)


def hides(root: Root, role: Role | None) -> bool:
    """Tell whether operators of a role see callers masked; None: nobody of the operator's."""
    return role is not None and role in root.box.value.masked_roles


def without_middle(record: CallRecord) -> CallRecord:
    """Return a record as those see it who see callers masked: whatever names the caller is."""
    return msgspec.structs.replace(
        record, caller=masked(record.caller), caller_raw=masked(record.caller), caller_display=""
    )


def rows(found: list[Found]) -> list[Found]:
    """Return rows of a list as those see them."""
    return [
        msgspec.structs.replace(each, row=msgspec.structs.replace(each.row, caller=masked(each.row.caller)))
        for each in found
    ]


def callers(found: list[T]) -> list[T]:
    """Return things that have a ``caller`` as those see them."""
    return [msgspec.structs.replace(each, caller=masked(each.caller)) for each in found]  # type: ignore[attr-defined]
