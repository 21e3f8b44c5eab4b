"""Balance and entries; payments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Annotated, Any

import msgspec

from domain.money.amounts import Entry
from storage.models import Root
from storage.records.call_id import BEIJING
from webui.api.access import Caller
from webui.api.asked import Limit, NoQuery, body, query
from webui.api.problems import ApiProblem
from webui.services import tenants
from webui.services.provisioning import Stale

_RECEIPT = re.compile(r"[0-9A-Za-z._-]{1,60}", re.ASCII)


class EntryQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries."""

    limit: Limit = 50
    cursor: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,19}\Z")] | None = None


class Recharge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A payment."""

    li: Annotated[int, msgspec.Meta(ge=1, le=10_000_000_000)]
    note: Annotated[str, msgspec.Meta(max_length=120)] = ""


def balance(caller: Caller) -> Mapping[str, Any]:
    """Return what the tenant has, and what this month came to."""
    query(caller, NoQuery)
    config = caller.config()
    month = datetime.fromtimestamp(caller.services.now(), BEIJING).strftime("%Y%m")

    def read(root: Root) -> dict[str, Any]:
        account = root.money.accounts.get(caller.tenant)
        use = None if account is None else account.month(month)
        return {
            "balance_li": 0 if account is None else account.balance_li,
            "month": month,
            "month_li": 0 if use is None else use.li,
            "month_calls": 0 if use is None else use.calls,
            "credit_li": config.credit_li,
        }

    return caller.services.read(read)


def entries(caller: Caller) -> Mapping[str, Any]:
    """Return a page of entries."""
    asked = query(caller, EntryQuery)
    caller.config()

    def read(root: Root) -> dict[str, Any]:
        account = root.money.accounts.get(caller.tenant)
        if account is None:
            return {"items": [], "next": ""}
        found = list(islice(account.keyed(int(asked.cursor or 0)), asked.limit + 1))
        more = len(found) > asked.limit
        return {
            "items": [_object(entry) for _, entry in found[: asked.limit]],
            "next": str(found[asked.limit - 1][0]) if more else "",
        }

    return caller.services.read(read)


def recharge(caller: Caller) -> None:
    """Store a payment; the ledger books it, once for each receipt."""
    query(caller, NoQuery)
    wish, receipt = body(caller, Recharge), caller.part("receipt")
    if _RECEIPT.fullmatch(receipt) is None:
        raise ApiProblem(404)
    caller.config()
    entry = caller.entry("recharge", caller.tenant)
    try:
        tenants.recharge(caller.services, caller.tenant, wish.li, receipt, wish.note, entry)
    except Stale as error:
        raise ApiProblem(409, "该收据已入账", "This receipt was posted already") from error


def _object(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at_ms / 1000, "cause": entry.cause, "kind": entry.kind, "li": entry.li, "note": entry.note
    }  # fmt: skip
