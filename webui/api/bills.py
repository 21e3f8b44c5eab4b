"""Bills, statements, invoices, tariffs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final

import msgspec

from domain.money.amounts import yuan
from domain.money.bill import Statement
from domain.money.invoice import Invoice, InvoiceKind, TooMuch
from storage.models import Root
from storage.money.bills import month_bill, months_with_bills, statement
from storage.money.finance import Wrong, invoiceable, invoices
from webui.api.access import Caller
from webui.api.asked import NoQuery, body, query
from webui.api.problems import ApiProblem, Fault
from webui.services import finance
from webui.services.tariffs import listed, written

MOST_DAYS: Final = 366
_MONTH: Final = re.compile(r"20[0-9]{2}(0[1-9]|1[0-2])", re.ASCII)


class StatementQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which days."""

    first: date
    last: date


class InvoiceWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An invoice that is wanted."""

    li: Annotated[int, msgspec.Meta(ge=1, le=10_000_000_000)]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\s\x00-\x1f]")]
    kind: InvoiceKind = InvoiceKind.ORDINARY
    tax_number: Annotated[str, msgspec.Meta(max_length=20)] = ""
    email: Annotated[str, msgspec.Meta(max_length=200)] = ""


def bills(caller: Caller) -> Mapping[str, Any]:
    """Return the bills of the last months."""
    query(caller, NoQuery)
    caller.config()

    def read(root: Root) -> list[Statement]:
        months = months_with_bills(root, caller.tenant)[: finance.MONTHS]
        return [month_bill(root, caller.tenant, month) for month in months]

    return {"items": [_statement(each) for each in caller.services.read(read)]}


def bill(caller: Caller) -> Mapping[str, Any]:
    """Return a month's bill."""
    query(caller, NoQuery)
    caller.config()
    month = caller.part("month")
    if _MONTH.fullmatch(month) is None:
        raise ApiProblem(404)
    return _statement(caller.services.read(lambda root: month_bill(root, caller.tenant, month)))


def between(caller: Caller) -> Mapping[str, Any]:
    """Return the account between two days."""
    asked = query(caller, StatementQuery)
    caller.config()
    if not 0 <= (asked.last - asked.first).days < MOST_DAYS:
        text = (
            "须不早于 first，且最多 366 天" if caller.language == "zh" else "first or later, 366 days at most"
        )
        raise ApiProblem(422, errors=(Fault("last", text),))
    first, last = (day.isoformat().replace("-", "") for day in (asked.first, asked.last))
    return _statement(caller.services.read(lambda root: statement(root, caller.tenant, first, last)))


def invoice_list(caller: Caller) -> Mapping[str, Any]:
    """Return a tenant's invoices."""
    query(caller, NoQuery)
    caller.config()
    return caller.services.read(
        lambda root: {
            "items": [_invoice(each) for each in invoices(root, caller.tenant)],
            "invoiceable_li": invoiceable(root, caller.tenant),
        }
    )


def ask_invoice(caller: Caller) -> Mapping[str, Any]:
    """Ask for an invoice."""
    query(caller, NoQuery)
    wish = body(caller, InvoiceWish)
    caller.config()
    form = {
        "kind": str(wish.kind), "amount": yuan(wish.li), "title": wish.title,
        "tax_number": wish.tax_number, "email": wish.email,
    }  # fmt: skip
    entry = caller.entry("invoice-asked", caller.tenant)
    try:
        return _invoice(finance.ask_invoice(caller.services, caller.tenant, form, entry))
    except Wrong as error:
        raise caller.wrong(error, error.field) from error
    except TooMuch as error:
        most = yuan(error.most_li)
        raise ApiProblem(409, f"最多可开票 ¥{most}", f"At most ¥{most} can be invoiced") from error


def tariffs(caller: Caller) -> Mapping[str, Any]:
    """Return the tariffs that the key may see."""
    query(caller, NoQuery)
    own = caller.known.key.tenant

    def read(root: Root) -> list[dict[str, Any]]:
        wanted = root.tenants[own].config.value.tariff if own else None
        found = [line.tariff for line in listed(root, caller.services.now())]
        return [
            {"name": each.name, "editions": [written(edition) for edition in each.editions]}
            for each in found
            if wanted in (None, each.name)
        ]

    return {"items": caller.services.read(read)}


def _statement(found: Statement) -> dict[str, Any]:
    plain = msgspec.structs.asdict(found)
    for name in ("lines", "days", "numbers"):
        plain[name] = [msgspec.structs.asdict(each) for each in plain[name]]
    del plain["tenant"]
    return {**plain, "spent_li": found.spent_li, "paid_li": found.paid_li}


def _invoice(found: Invoice) -> dict[str, Any]:
    names = ("id", "kind", "title", "tax_number", "li", "email", "asked_ms", "state", "number", "remark")
    return {name: getattr(found, name) for name in names}
