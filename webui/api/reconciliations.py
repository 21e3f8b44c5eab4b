"""对账: a carrier's list compared with our records, and what was compared before."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from domain.money.reconciliation import Reconciliation
from webui.api.access import Caller
from webui.api.asked import NoQuery, named, octets, query
from webui.api.problems import ApiProblem
from webui.services import reconciliation

Title = Annotated[str, msgspec.Meta(max_length=60)]


class CompareQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is compared, and how exactly."""

    trunk: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    side: Literal["inbound", "outbound"] = "inbound"
    file: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z._-]{1,60}\Z")] = "list.csv"
    apart: Annotated[int, msgspec.Meta(ge=0, le=3600)] | None = None
    longer: Annotated[int, msgspec.Meta(ge=0, le=600)] | None = None
    caller: Title = ""
    called: Title = ""
    start: Title = ""
    seconds: Title = ""


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return what was compared, newest first."""
    query(caller, NoQuery)
    found = caller.services.read(reconciliation.desk)
    return {"items": [_sum(each) for each in found.history]}


def take(caller: Caller) -> Mapping[str, Any]:
    """Compare a file."""
    asked = query(caller, CompareQuery)
    typed = {name: str(value) for name, value in msgspec.structs.asdict(asked).items() if value is not None}
    file = io.BytesIO(octets(caller, reconciliation.MOST_BYTES))
    entry = caller.entry("reconciled", asked.trunk)
    try:
        return _sum(reconciliation.take(caller.services, typed, asked.file, file, entry))
    except reconciliation.Wrong as wrong:
        raise caller.wrong(wrong.why, wrong.field) from wrong


def show(caller: Caller) -> Mapping[str, Any]:
    """Return one with its differences; noted, since it names callers."""
    query(caller, NoQuery)
    name = named(caller, "reconciliation")
    found = caller.services.read(lambda root: reconciliation.find(root, name))
    if found is None:
        raise ApiProblem(404)
    caller.services.audit(caller.entry("reconciliation-exported", f"{found.trunk} {found.file}"))
    return {**_sum(found), "differences": found.found.differences}


def _sum(each: Reconciliation) -> dict[str, Any]:
    found = each.found
    return {
        "id": each.id, "at": each.at, "by": each.who, "trunk": each.trunk, "side": each.side,
        "file": each.file, "first": each.first, "last": each.last, "apart": each.apart,
        "longer": each.longer, "theirs": found.theirs, "ours": found.ours, "matched": found.matched,
        "their_seconds": found.their_seconds, "our_seconds": found.our_seconds, "counts": each.counts,
    }  # fmt: skip
